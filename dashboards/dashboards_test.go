package dashboards

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheShippedDashboardsAreWhole(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(set.All()) != len(order()) {
		t.Errorf("%d dashboards, %d have a place", len(set.All()), len(order()))
	}
}

// broken is the shipped overview with another text in some place.
func broken(t *testing.T, old, other string) error {
	t.Helper()
	text, err := os.ReadFile("overview.json")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("the file has no %s", old)
	}
	_, err = Parse("overview", []byte(strings.Replace(string(text), old, other, 1)))
	return err
}

func TestWhatNoReaderUnderstandsIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, old, other, want string }{
		{"an unknown key", `"graphTooltip"`, `"graphTooltips"`, "graphTooltips"},
		{"an unknown panel", `"type": "stat"`, `"type": "dial"`, `type "dial" is not known; there are stat`},
		{"a panel without a description", `"description": "Visitors with a page view`, `"description": "", "interval": "Visitors with a page view`, "want a title, and a description"},
		{"an id that stands twice", `"id": 2,`, `"id": 1,`, "stands twice"},
		{"another uid", `"uid": "mayak-overview"`, `"uid": "mayak-other"`, "want mayak-overview"},
		{"panels on each other", `"x": 5,`, `"x": 4,`, "stands on panel 1"},
		{"a panel without a unit", `"unit": "short"`, `"unit": ""`, "a unit is missing"},
		{"a table", "FROM analyst_now(", "FROM events AS analyst_now(", "it reads from events"},
		{"another role's view", "FROM analyst_now(", "FROM ops_now(", "it reads from ops_now"},
		{"settings", "zone = ${zone:singlequote})\"", "zone = ${zone:singlequote}) SETTINGS readonly = 0\"", "has no place"},
		{"a form of a variable without quotes", "zone = ${zone:singlequote})\"", "zone = ${zone})\"", "no form that is known"},
		{"a moment in the server's zone", "since = toTimeZone($__fromTime, 'UTC')", "since = $__fromTime", "no form that is known"},
		{"an unknown argument", "zone = ${zone:singlequote})\"", "zones = ${zone:singlequote})\"", "no argument zones; there are grain"},
		{"a literal with a variable", "SELECT visitors, views FROM", "SELECT visitors, '${site}' AS views FROM", "only stands outside of quotes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := broken(t, tt.old, tt.other); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "overview.json") {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWhatDoesNotFitTogetherIsRefused(t *testing.T) {
	text, err := os.ReadFile("risk.json")
	if err != nil {
		t.Fatal(err)
	}
	messages, err := os.ReadFile(messagesFile)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(messages, &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "Fraud and risk")
	fewer, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, risk, messages, want string }{
		{"a text without a translation", string(text), string(fewer), `"Fraud and risk" has no text in kk`},
		{"a translation without a text", string(text), string(messages), `"Overview" stands in no dashboard`},
		{"a link to nowhere", strings.Replace(string(text), `"links": [`, `"links": [{"title": "Where", "url": "/d/mayak-nowhere"},`, 1), string(messages), "there is no dashboard mayak-nowhere"},
		{"a link with a variable that is not there", strings.Replace(string(text), `"links": [`, `"links": [{"title": "Where", "url": "/d/mayak-risk?var-colour=red"},`, 1), string(messages), "has no variable colour; there are site, zone, kind"},
		{"a link elsewhere", strings.Replace(string(text), `"links": [`, `"links": [{"title": "Where", "url": "https://example.org/"},`, 1), string(messages), "is not of the form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(fstest.MapFS{"risk.json": {Data: []byte(tt.risk)}, messagesFile: {Data: []byte(tt.messages)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %.800v, want %q", err, tt.want)
			}
		})
	}
}

func TestABrowserGetsNoQuery(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range set.All() {
		for _, role := range []string{"analyst", "ops", "security"} {
			text, err := set.Shown(d, "ru", role)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"rawSql", `"expr"`, "SELECT ", "mayak_collector"} {
				if strings.Contains(string(text), secret) {
					t.Errorf("%s for %s holds %s", d.Name, role, secret)
				}
			}
			var shown struct {
				Panels []struct {
					Datasource *Source
				}
			}
			if err := json.Unmarshal(text, &shown); err != nil {
				t.Fatal(err)
			}
			for _, p := range shown.Panels {
				if p.Datasource != nil && !(&Panel{Source: p.Datasource}).MaySee(role) {
					t.Errorf("%s for %s holds a panel of %s", d.Name, role, p.Datasource.UID)
				}
			}
		}
	}
}
