package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mayak/aggregator/retention"
	"mayak/schema"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/roles"
)

// told runs a command about the policy and gives what it prints.
func told(t *testing.T, a *aggregator, c *commands, command string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := c.runPolicy(t.Context(), command, a, &out)
	return out.String(), err
}

func TestThePolicyIsShownInEachLanguage(t *testing.T) {
	a := made(t, &Config{AdminListen: "127.0.0.1:0", DSN: "http://127.0.0.1:1/mayak"}) // nothing is asked of a database
	c := &commands{}
	for language, want := range map[string]string{"kk": "Деректерді өңдеу тізілімі", "ru": "Реестр обработки данных", "en": "Record of processing"} {
		c.Policies.Show.Lang, c.Policies.Show.JSON = language, false
		if text, err := told(t, a, c, "policy show"); err != nil || !strings.HasPrefix(text, "# "+want) {
			t.Errorf("%s: %.80q, %v", language, text, err)
		}
		c.Policies.Show.JSON = true
		text, err := told(t, a, c, "policy show")
		var record struct{ Language string }
		if err != nil || json.Unmarshal([]byte(text), &record) != nil || record.Language != language {
			t.Errorf("%s as JSON: %.80q, %v", language, text, err)
		}
	}
	c.Policies.Show.Lang = "de"
	if _, err := told(t, a, c, "policy show"); err == nil || !strings.Contains(err.Error(), "kk, ru, en") {
		t.Errorf("a language that there is not: %v", err)
	}
}

// What an operator changes in the file, the next start does: times, columns to forget early, groups, readers.
func (f *fortress) tryAnotherFile(t *testing.T) {
	start := func(changes ...string) *aggregator {
		t.Helper()
		text := string(schema.Policy)
		for i := 0; i < len(changes); i += 2 {
			was := text
			if text = strings.Replace(text, changes[i], changes[i+1], 1); text == was {
				t.Fatalf("the policy has no %q", changes[i])
			}
		}
		file := filepath.Join(t.TempDir(), "policy.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return made(t, &Config{AdminListen: "127.0.0.1:0", DSN: f.dsn(roles.Aggregator), ReportConfig: ReportConfig{Policy: file}})
	}
	c := &commands{}
	obeys := func(when string, a *aggregator, want ...string) {
		t.Helper()
		text, err := told(t, a, c, "policy check")
		if (err != nil) != (len(want) > 0) {
			t.Errorf("%s: %v: %s", when, err, text)
		}
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: not told %q: %s", when, part, text)
			}
		}
	}
	obeys("as built", f.made)

	changed := start(
		"    retention: 30d\n    collector: [insert]\n", "    retention: 7d\n    collector: [insert]\n",
		"retention: 180d", "retention: 20d",
		"smallest_group: 5", "smallest_group: 9")
	obeys("before the start", changed,
		"table network_log: the TTL of the policy is toDateTime(ts) + toIntervalDay(7)", "column events.click_id", "view analyst_pages is not what the policy makes of it")

	ago := func(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format(time.DateTime) }
	for _, days := range []int{3, 10, 20} {
		statement := fmt.Sprintf("INSERT INTO network_log (site, ts, id, address) SELECT 'a', toDateTime64('%s', 3, 'UTC'), '%d', toIPv6('::1')", ago(days), days)
		if err := f.made.conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	c.Retention.Preview.Days, c.Retention.Preview.JSON = []int{30}, true
	text, err := told(t, changed, c, "retention preview")
	var due []retention.Due
	if err != nil || json.Unmarshal([]byte(text), &due) != nil {
		t.Fatalf("preview: %v: %s", err, text)
	}
	for _, d := range due {
		if d.Table == "network_log" && d.What == "rows" && (d.Now != 2 || d.Days != 7) {
			t.Errorf("preview of network_log: %+v", d)
		}
	}
	c.Retention.Preview.JSON = false
	if text, err := told(t, changed, c, "retention preview"); err != nil || !strings.Contains(text, "network_log") || !strings.Contains(text, "IN 30 DAYS") {
		t.Errorf("preview: %v: %s", err, text)
	}

	if err := changed.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	obeys("after the start", changed)
	if err := f.made.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	obeys("with the first file again", f.made)
}

// What is not there at all is told in a line, so that whoever reads sees what is wrong.
func TestADatabaseThatWasNeverMigratedIsToldInFewLines(t *testing.T) {
	db := clickhousetest.New(t)
	a := made(t, &Config{AdminListen: "127.0.0.1:0", DSN: db.DSN})
	text, err := told(t, a, &commands{}, "policy check")
	if !errors.Is(err, errDeviates) || !strings.Contains(text, "table events stands in the policy, and does not exist") {
		t.Errorf("%v: %s", err, text)
	}
	if lines := strings.Count(text, "\n"); lines > len(a.rules.Tables)+2 {
		t.Errorf("%d lines for %d tables: %s", lines, len(a.rules.Tables), text)
	}
	if err := a.obedience.conn.Exec(t.Context(), "CREATE TABLE sites (id String) ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	if text, _ := told(t, a, &commands{}, "policy check"); !strings.Contains(text, "column sites.time_zone stands in the policy, and does not exist") || strings.Contains(text, "table sites") {
		t.Errorf("with one column of a table: %s", text)
	}
}
