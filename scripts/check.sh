#!/usr/bin/env bash
# Runs every check, or those named. Each prints one line that says what ran and how long; the log of one that fails is
# shown, the others still run, and the end is a table.
#
#   scripts/check.sh            everything: make test, and what .ci/run calls
#   scripts/check.sh lint unit  only these
set -uo pipefail
cd "$(dirname "$0")/.."

# Everything is compiled as make build compiles what is shipped, so that each package is compiled once, and again for the
# race detector only.
export CGO_ENABLED=0 GOFLAGS=-trimpath

# Every check, in order. The quick ones that read the code come first, and those that make and fetch what others need. Then
# two lanes run side by side, for most of the time a test there waits for another process.
quick=(format vet lint architecture tracker viewer build engine geoip corpora)
one_lane=(integration)
other_lane=(unit race faults crash browser)
all=("${quick[@]}" "${one_lane[@]}" "${other_lane[@]}")

# How many rounds of kill -9 the short run has; make crash has many more.
crash_rounds="${CRASH_ROUNDS:-8}"

# The packages whose tests have a check of their own below; what is left is unit, or integration if it says so.
alone='/scripts/(archtest|faults|browser|crash|soak)$'

# What the race detector is asked of: packages in which goroutines meet, if they need no engine, with the seeds of their
# fuzz targets and what compares long lists in one goroutine left to unit; and of those that need one, whose time goes by in the database, the tests of what runs at once.
goroutines='^[[:space:]]*go |\.Go\(func|t\.Parallel|synctest'
engine_races='^Test(TheCountersAddUp|ADuplicateIsKnown|StoppingDelivers|AnImportMayBeStopped|EventsWait|ASegmentWhose|AnswersAreThose)'
alone_in_one='AsOthersLabelThem|AsUapCoreNamesThem|LimiterMemoryDoesNotGrow|PeopleByTheirWeight|WrongPasswordsAreLimited'

logs="$(mktemp -d "${TMPDIR:-/tmp}/mayak-check.XXXXXX")"

packages() { go list ./... | grep -Ev "$alone"; }
# A package whose tests ask for a database needs the engine.
with_engine() { for p in $(packages); do grep -qs clickhousetest "${p#mayak/}"/*_test.go && echo "$p"; done; }
with_goroutines() { for p in $(cat); do grep -qsE "$goroutines" "${p#mayak/}"/*.go && echo "$p"; done; }
without_engine() { comm -23 <(packages | sort) <(with_engine | sort); }

# outside runs tests of programs that are not part of the test's own, of which go's cache therefore knows nothing.
outside() { gotest -count=1 "$@"; }
# gotest runs go test with all its output, and ends with a line that counts what ran.
gotest() {
  local log status
  log="$(mktemp "$logs/gotest.XXXXXX")"
  go test -v -vet=off -timeout 30m "$@" >"$log" 2>&1 # vet is a check of its own
  status=$?
  [ "$status" -eq 0 ] || failures "$log"
  grep -E '^ *--- SKIP' -B1 "$log" | grep -Ev '^ *(---|===)|^--$' | sort -u | sed 's/^ */skipped: /'
  echo "$(count '--- PASS: Test') tests passed, $(count '--- PASS: Fuzz') fuzz targets with $(count '    --- PASS: Fuzz') seeds," \
    "$(count ' *--- SKIP') skipped, $(count '--- FAIL') failed"
  return "$status"
}
count() { grep -Ec "^$1" "$log"; }

# failures prints what belongs to tests that failed or did not end, and what belongs to no test: nothing compiled, a panic.
failures() {
  awk '
    /^=== / { test = $3; next }
    /^ *--- FAIL: / { printf "%s%s\n", said[$3], $0; delete said[$3]; test = ""; next }
    /^ *--- (PASS|SKIP): / { delete said[$3]; test = ""; next }
    /^FAIL\t/ { for (name in said) { printf "%s", said[name]; delete said[name] } print; next }
    /^(ok|\?|PASS|FAIL)/ { next }
    test == "" { print; next }
    { said[test] = said[test] $0 "\n" }
  ' "$1"
}

check_format() {
  local found
  found="$("$(scripts/tool gofumpt)" -l aggregator collector dashboards schema scripts 2>&1 | grep -v 'no such file')"
  [ -z "$found" ] && echo "gofumpt has nothing to change" && return
  echo "make fmt would change:"
  echo "$found"
  return 1
}
check_vet() { go vet ./... && echo "$(go list ./... | wc -l | tr -d ' ') packages"; }
check_lint() { "$(scripts/tool golangci-lint)" run ./...; }
check_architecture() { gotest ./scripts/archtest; }
# That dist is what go generate makes of the sources is a test of the package; here the types are checked.
check_tracker() {
  (cd collector/tracker && { [ -x node_modules/.bin/tsc ] && [ -d node_modules/web-vitals ] || npm ci --no-audit --no-fund --loglevel=error; } && npm run --silent check) &&
    echo "types hold; $(gzip -9 <collector/tracker/dist/m.js | wc -c | tr -d ' ') bytes gzip"
}
check_viewer() {
  (cd dashboards/viewer && { [ -x node_modules/.bin/tsc ] && [ -d node_modules/uplot ] && [ -d node_modules/@grafana ] || npm ci --no-audit --no-fund --loglevel=error; } && npm run --silent check) &&
    echo "types hold; $(cat dashboards/viewer/dist/*.gz | wc -c | tr -d ' ') bytes gzip"
}
check_build() { make --no-print-directory build >/dev/null && echo "$(ls build | tr '\n' ' ')"; }
check_engine() { make --no-print-directory engine; }
check_geoip() { make --no-print-directory geoip; }
check_corpora() { make --no-print-directory corpora; }
check_unit() { gotest $(without_engine); }
check_race() {
  if ! command -v "$(go env CC)" >/dev/null; then
    echo "skipped: the race detector needs a C compiler (apt-get install gcc)"
    [ -z "${CI:-}" ]
    return
  fi
  local first
  local -x CGO_ENABLED=1
  first="$(gotest -race -short -skip "^Fuzz|$alone_in_one" $(without_engine | grep -v /scripts/ | with_goroutines) ./schema/visitor ./aggregator/schedule)" || {
    echo "$first"
    return 1
  }
  gotest -race -short -run "$engine_races" ./collector ./collector/deliver ./aggregator/report || return
  echo "${first##*$'\n'} where no engine is needed"
}
check_integration() { gotest $(with_engine); }
check_faults() { outside ./scripts/faults ./scripts/soak; }
check_browser() { outside ./scripts/browser; }
check_crash() { gotest ./scripts/crash && go run ./scripts/crash -rounds "$crash_rounds"; }

# run does one check and prints its line, in one piece: the last one that the check printed says what ran.
run() {
  local name="$1" log="$logs/$1.log" start=$SECONDS result=ok
  "check_$name" >"$log" 2>&1 || result=FAIL
  {
    if [ "$result" = ok ]; then
      grep '^skipped: ' "$log" | sed 's/^/               /'
    else
      sed 's/^/    /' "$log" | tail -n 200
    fi
    printf '%-4s %-13s %4d s  %s\n' "$result" "$name" $((SECONDS - start)) "$(tail -n 1 "$log")"
  } >"$logs/$name.$result"
  cat "$logs/$name.$result"
}

# lane runs those of its checks that were selected, one after the other.
lane() {
  local name
  for name in "$@"; do
    case " ${selected[*]} " in *" $name "*) run "$name" ;; esac
  done
}

[ $# -gt 0 ] && selected=("$@") || selected=("${all[@]}")
for name in "${selected[@]}"; do
  case " ${all[*]} " in *" $name "*) ;; *)
    echo "no check is called $name; there are: ${all[*]}" >&2
    exit 2
    ;;
  esac
done
lane "${quick[@]}"
# What was just built is what the tests start; those that run alone build for themselves.
[ ! -e "$logs/build.ok" ] || export MAYAK_TEST_PROGRAMS="$PWD/build" MAYAK_TEST_ENGINE="$PWD/build/engine"
lane "${one_lane[@]}" &
lane "${other_lane[@]}"
wait

passed=$(find "$logs" -name '*.ok' | wc -l | tr -d ' ')
failed=$((${#selected[@]} - passed)) # one that was interrupted has not passed
echo
if [ "$failed" -gt 0 ]; then
  echo "failed:" $(cd "$logs" && find . -name '*.FAIL' | sed 's,^./,,; s,.FAIL$,,' | sort) "(logs in $logs)"
else
  rm -rf "$logs"
fi
echo "all of it took $SECONDS s"
echo "checks: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
