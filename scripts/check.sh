#!/usr/bin/env bash
# Runs every check, or those named. Each prints one line that says what ran and how long; the log of one that fails is
# shown, the others still run, and the end is a table.
#
#   scripts/check.sh            everything: make test, and what .ci/run calls
#   scripts/check.sh lint unit  only these
set -uo pipefail
cd "$(dirname "$0")/.."

# Every check, in order. The quick ones that read the code come first.
all=(format vet lint architecture tracker build engine geoip corpora unit race fuzz integration faults browser crash)

# How many rounds of kill -9 the short run has; make crash has many more.
crash_rounds="${CRASH_ROUNDS:-8}"

# The packages whose tests have a check of their own below; what is left is unit, or integration if it says so.
alone='/scripts/(archtest|faults|browser|crash)$'

logs="$(mktemp -d "${TMPDIR:-/tmp}/mayak-check.XXXXXX")"

packages() { go list ./... | grep -Ev "$alone"; }
# A package whose tests ask for a database needs the engine.
with_engine() { for p in $(packages); do grep -qs clickhousetest "${p#mayak/}"/*_test.go && echo "$p"; done; }
with_fuzz() { for p in $(packages); do grep -qs '^func Fuzz' "${p#mayak/}"/*_test.go && echo "$p"; done; }
without_engine() { comm -23 <(packages | sort) <(with_engine | sort); }

# gotest runs go test with all its output, and ends with a line that counts what ran.
gotest() {
  local log status
  log="$(mktemp "$logs/gotest.XXXXXX")"
  go test -v -timeout 15m "$@" >"$log" 2>&1
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
  (cd collector/tracker && { [ -x node_modules/.bin/tsc ] || npm ci --no-audit --no-fund --loglevel=error; } && npm run --silent check) &&
    echo "types hold; $(gzip -9 <collector/tracker/dist/m.js | wc -c | tr -d ' ') bytes gzip"
}
check_build() { make --no-print-directory build >/dev/null && echo "$(ls build | tr '\n' ' ')"; }
check_engine() { make --no-print-directory engine; }
check_geoip() { make --no-print-directory geoip; }
check_corpora() { make --no-print-directory corpora; }
check_unit() { gotest -skip '^Fuzz' $(without_engine); }
check_race() {
  if ! command -v "$(go env CC)" >/dev/null; then
    echo "skipped: the race detector needs a C compiler (apt-get install gcc)"
    [ -z "${CI:-}" ]
    return
  fi
  # The engine's own package is left out: its work is done in the library, where the detector sees nothing, and takes minutes.
  CGO_ENABLED=1 gotest -race -short $(go list ./collector/... ./schema/... ./aggregator/... | grep -v /schema/embedded)
}
check_fuzz() { gotest -run '^Fuzz' $(with_fuzz); }
check_integration() { gotest -skip '^Fuzz' $(with_engine); }
check_faults() { gotest ./scripts/faults; }
check_browser() { gotest ./scripts/browser; }
check_crash() { gotest ./scripts/crash && go run ./scripts/crash -rounds "$crash_rounds"; }

# run does one check and prints its line: the last one that the check printed says what ran.
run() {
  local name="$1" log="$logs/$1.log" start=$SECONDS status
  "check_$name" >"$log" 2>&1
  status=$?
  if [ "$status" -eq 0 ]; then
    grep '^skipped: ' "$log" | sed 's/^/               /'
    report ok "$name" $((SECONDS - start)) "$(tail -n 1 "$log")"
    passed=$((passed + 1))
    return
  fi
  sed 's/^/    /' "$log" | tail -n 200
  report FAIL "$name" $((SECONDS - start)) "$(tail -n 1 "$log")"
  failed+=("$name")
}
report() { printf '%-4s %-13s %4d s  %s\n' "$@"; }

passed=0
failed=()
[ $# -gt 0 ] && selected=("$@") || selected=("${all[@]}")
for name in "${selected[@]}"; do
  if ! declare -F "check_$name" >/dev/null; then
    echo "no check is called $name; there are: ${all[*]}" >&2
    exit 2
  fi
done
for name in "${selected[@]}"; do run "$name"; done

echo
if [ "${#failed[@]}" -gt 0 ]; then
  echo "failed: ${failed[*]} (logs in $logs)"
else
  rm -rf "$logs"
fi
echo "all of it took $SECONDS s"
echo "checks: $passed passed, ${#failed[@]} failed"
[ "${#failed[@]}" -eq 0 ]
