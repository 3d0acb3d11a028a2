package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// explained runs `collector explain` over the lines and returns its answers.
func explained(t *testing.T, lines ...string) []map[string]any {
	t.Helper()
	sites := filepath.Join(t.TempDir(), "sites.yaml")
	text := "sites: [{id: clinic, hostnames: [clinic.example], time_zone: Asia/Almaty, allowed_query: [tab], paths: [{path: /results/*, as: /results/:id}, " +
		"{path: /services/**, as: /services, below: analytics}]}]"
	if err := os.WriteFile(sites, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAYAK_COLLECTOR_SITES", sites)
	t.Setenv("MAYAK_GEOIP", t.TempDir())
	var out, errors bytes.Buffer
	if err := run(t.Context(), []string{"explain"}, strings.NewReader(strings.Join(lines, "\n")), &out, &errors); err != nil {
		t.Fatalf("%v\n%s", err, errors.String())
	}
	var answers []map[string]any
	for line := range strings.Lines(out.String()) {
		var answer map[string]any
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	if len(answers) != len(lines) {
		t.Fatalf("%d answers to %d lines", len(answers), len(lines))
	}
	return answers
}

const phone = "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 YaBrowser/24.10.0.120 Mobile Safari/537.36"

func TestExplainPrintsTheEventAsItWouldBeStored(t *testing.T) {
	got := explained(t,
		`{"ip":"2.132.0.1","user_agent":"`+phone+`","url":"https://clinic.example/doctors?tab=2&q=диабет","referrer":"https://yandex.kz/search/?text=диабет","title":"Запись ivan@mail.ru","screen":"412x915","lang":"kk-KZ","props":{"phone":"+7 701 123 45 67"}}`,
		`{"consent":"analytics","ip":"2.132.0.1","user_agent":"`+phone+`","url":"https://clinic.example/doctors","screen":"412x915","lang":"kk-KZ"}`,
	)
	for name, want := range map[string]any{
		"outcome": "stored", "site": "clinic", "hostname": "clinic.example", "path": "/doctors", "query": "tab=2",
		"referrer_host": "yandex.kz", "channel": "organic search", "title": "Запись [email]", "network": "2.132.0.0/24",
		"browser": "Yandex Browser", "browser_version": "", "os": "Android", "os_version": "", "device": "mobile",
		"consent": "essential", "language": "kk",
	} {
		if got[0][name] != want {
			t.Errorf("%s = %v, want %v", name, got[0][name], want)
		}
	}
	for name, want := range map[string]any{
		"consent": "analytics", "os_version": "14", "language": "kk-KZ", "screen_width": 412.0, "screen_height": 915.0,
	} {
		if got[1][name] != want {
			t.Errorf("with consent %s = %v, want %v", name, got[1][name], want)
		}
	}
	if props, _ := got[0]["props"].(map[string]any); props["phone"] != "[phone]" {
		t.Errorf("props = %v", got[0]["props"])
	}
	if notes, _ := got[0]["notes"].([]any); len(notes) < 5 {
		t.Errorf("only %d notes: %v", len(notes), notes)
	}
}

func TestExplainTellsWhatEachLevelKeepsAndWhatTheSiteScrubs(t *testing.T) {
	got := explained(t,
		`{"consent":"each","url":"https://clinic.example/services/hiv-test","title":"HIV test","lang":"kk-KZ","tz":"Asia/Almaty"}`,
		`{"url":"https://clinic.example/results/4711","title":"Result of Ivan"}`,
		`{"url":"https://clinic.example/","headers":{"Cookie":"__Host-mayak-clinic=1.refused.x.`+time.Now().UTC().Format(time.DateOnly)+`"}}`,
	)
	for level, want := range map[string][3]any{
		"refused": {"", "", ""}, "essential": {"/services", "", "kk"}, "analytics": {"/services/hiv-test", "HIV test", "kk-KZ"}, "advertising": {"/services/hiv-test", "HIV test", "kk-KZ"},
	} {
		kept, _ := got[0][level].(map[string]any)
		if diff := cmp.Diff(want, [3]any{kept["path"], kept["title"], kept["language"]}); diff != "" || kept["consent"] != level {
			t.Errorf("%s (-want +got):\n%s", level, diff)
		}
	}
	told := fmt.Sprint(got[1]["notes"])
	for _, want := range []string{"the sites file: /results/:id stands for /results/*", "a title tells what its path does"} {
		if got[1]["path"] != "/results/:id" || got[1]["title"] != "" || !strings.Contains(told, want) {
			t.Errorf("path %v, title %v, notes %s", got[1]["path"], got[1]["title"], told)
		}
	}
	if got[2]["consent"] != "refused" {
		t.Errorf("with the cookie of who refused: %v", got[2])
	}
}

func TestExplainTellsWhyAHitIsDropped(t *testing.T) {
	got := explained(t,
		`{"site":"clinic","url":"https://evil.test/"}`,
		`{"site":"nobody","url":"https://clinic.example/"}`,
		`{"url":"ftp://clinic.example/"}`,
		`{"type":"click"}`,
		`not json`,
		`{"ip":"nowhere"}`,
		`{"screen":7}`,
	)
	for i, want := range []string{"unknown_host", "unknown_site", "bad_url", "malformed", "malformed", "malformed", "malformed"} {
		if outcome := got[i]["outcome"]; outcome != "dropped; reason="+want {
			t.Errorf("line %d: outcome %v, want %s (%v)", i+1, outcome, want, got[i]["error"])
		}
	}
}

func TestExplainAnswersALineThatIsTooLongAndThoseBehindIt(t *testing.T) {
	long := `{"title":"` + strings.Repeat("x", 3*maxLine) + `"}`
	got := explained(t, `{}`, long, `{}`, long)
	for i, want := range []string{"stored", "dropped; reason=malformed", "stored", "dropped; reason=malformed"} {
		if got[i]["outcome"] != want {
			t.Errorf("line %d: outcome %v, want %s", i+1, got[i]["outcome"], want)
		}
	}
}

func TestExplainKeepsFewGatesHoweverManyHostsAreNamed(t *testing.T) {
	e, err := newExplainer(&Config{GeoIP: t.TempDir()}, &explainCommand{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * mostGates {
		if _, err := e.line(fmt.Appendf(nil, `{"url":"https://h%d.example/"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.gates) > mostGates {
		t.Errorf("%d gates are kept, want at most %d", len(e.gates), mostGates)
	}
}

func TestExplainTakesAPageOfAnySiteWhenNoneIsNamed(t *testing.T) {
	got := explained(t, `{"url":"https://elsewhere.example/x"}`, `{"user_agent":"`+phone+`"}`, `{"url":"https://clinic.example/"}`)
	if got[0]["hostname"] != "elsewhere.example" || got[1]["hostname"] != "clinic.example" || got[2]["site"] != "clinic" {
		t.Errorf("hosts %v, %v, site %v", got[0]["hostname"], got[1]["hostname"], got[2]["site"])
	}
	for i, want := range []bool{true, false, false} {
		text, err := json.Marshal(got[i]["notes"])
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(string(text), "a collector would answer unknown_host"); told != want {
			t.Errorf("line %d: that a collector would drop it is told: %v, want %v", i+1, told, want)
		}
	}
}

func TestExplainReadsHintsFromHeadersAndFromTheScript(t *testing.T) {
	const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
	got := explained(t,
		`{"consent":"analytics","user_agent":"`+windows+`","headers":{"Sec-CH-UA-Platform":"\"Windows\"","Sec-CH-UA-Platform-Version":"\"15.0.0\""}}`,
		`{"consent":"analytics","user_agent":"`+windows+`","hints":{"Sec-CH-UA-Platform":"\"Windows\"","Sec-CH-UA-Platform-Version":"\"15.0.0\""}}`,
		`{"consent":"analytics","user_agent":"`+windows+`","hints":{"platform":"Windows","platformVersion":"15.0.0","fullVersionList":[{"brand":"Brave","version":"130.0.1.2"}]}}`,
		`{"consent":"analytics","user_agent":"`+windows+`"}`,
	)
	for i, want := range []string{"11", "11", "11"} {
		if got[i]["os_version"] != want {
			t.Errorf("line %d: os_version %v, want %s", i+1, got[i]["os_version"], want)
		}
	}
	if got[2]["browser"] != "Brave" || got[3]["browser"] != "Chrome" {
		t.Errorf("browsers %v, %v", got[2]["browser"], got[3]["browser"])
	}
}
