package dashboards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

func TestWhatGrafanaIsGivenFitsTogether(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = set.Provision(Provision{
		Folder: dir, Mounted: "/srv/grafana", Language: "kk", Zone: "Asia/Almaty", Host: "db.example", Native: true, Secure: true,
		Passwords: "/srv/passwords", Prometheus: "http://metrics.example:9090",
	})
	if err != nil {
		t.Fatal(err)
	}
	var sources struct {
		Datasources []struct {
			UID, Type, URL string
			JSONData       struct {
				Host, Protocol, Username string
				Port                     int
				Secure                   bool
			} `yaml:"jsonData"`
			SecureJSONData struct{ Password string } `yaml:"secureJsonData"`
		}
	}
	read(t, filepath.Join(dir, "provisioning", "datasources", "mayak.yaml"), &sources)
	made := map[string]string{}
	for _, s := range sources.Datasources {
		made[s.UID] = s.Type
		if s.Type == databaseType && (s.JSONData.Protocol != "native" || s.JSONData.Port != 9440 || !s.JSONData.Secure || s.JSONData.Host != "db.example" ||
			s.SecureJSONData.Password != "$__file{/srv/passwords/"+s.JSONData.Username+"-password}") {
			t.Errorf("data source %s: %+v", s.UID, s)
		}
	}
	var providers struct {
		Providers []struct{ Options struct{ Path string } }
	}
	read(t, filepath.Join(dir, "provisioning", "dashboards", "mayak.yaml"), &providers)
	written := map[string]bool{}
	for _, p := range providers.Providers {
		folder := strings.Replace(p.Options.Path, "/srv/grafana", dir, 1)
		files, err := os.ReadDir(folder)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", p.Options.Path, len(files), err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(file.Name(), ".json")
			written[name] = true
			text, err := os.ReadFile(filepath.Join(folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			d, err := Parse(name, text) // translated, it is what it was
			if err != nil {
				t.Fatal(err)
			}
			var zone struct{ Timezone string }
			if err := json.Unmarshal(text, &zone); err != nil || zone.Timezone != "Asia/Almaty" || d.Title != set.Text(set.Find(name).Title, "kk") {
				t.Errorf("%s: zone %q, title %q, %v", name, zone.Timezone, d.Title, err)
			}
			for _, p := range d.Panels {
				if p.Source != nil && made[p.Source.UID] != p.Source.Type {
					t.Errorf("%s: panel %q reads from %s, which is not provisioned", name, p.Title, p.Source.UID)
				}
			}
		}
	}
	if len(written) != len(set.All()) {
		t.Errorf("%d of %d dashboards are written", len(written), len(set.All()))
	}
}

// TestARoleIsGivenWhatItMaySee writes Grafana's files for each role, and looks for what others alone may see.
func TestARoleIsGivenWhatItMaySee(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	shared := t.TempDir()
	everybody := Provision{Folder: shared, Mounted: "/srv/grafana", Language: "en", Host: "db", Passwords: "/p", Prometheus: "http://p"}
	if err := set.Provision(everybody); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if left, err := filepath.Glob(filepath.Join(shared, "provisioning", "*", "mayak.yaml")); len(left) > 0 || err != nil {
			t.Errorf("what was for everybody is still there: %v, %v", left, err)
		}
	}()
	for i, tt := range []struct {
		role       string
		sources    []string
		dashboards []string
		alerts     bool
		other      []string // what no file of the role names
	}{
		{"analyst", []string{AnalystSource}, []string{"audience", "overview", "pages", "privacy", "sources"}, false, []string{"mayak-ops", "mayak-security", "mayak-metrics", "ops_", "ops-password", "security"}},
		{"ops", []string{AnalystSource, OpsSource, MetricsSource}, []string{"audience", "collector", "diagnostics", "overview", "pages", "privacy", "sources"}, true, []string{"mayak-security", "security_", "security-password", "mayak-risk"}},
		{"security", []string{AnalystSource, SecuritySource}, []string{"audience", "overview", "pages", "privacy", "risk", "sources"}, false, []string{"mayak-ops", "mayak-metrics", "ops_", "ops-password", "mayak-diagnostics"}},
	} {
		t.Run(tt.role, func(t *testing.T) {
			p := Provision{Folder: shared, Mounted: "/srv/grafana", Role: tt.role, Org: i + 1, Language: "ru", Host: "db", Passwords: "/p", Prometheus: "http://p"}
			if err := set.Provision(p); err != nil {
				t.Fatal(err)
			}
			var sources sourcesFile
			readStrictly(t, filepath.Join(shared, "provisioning", "datasources", "mayak-"+tt.role+".yaml"), &sources)
			var uids []string
			for _, s := range sources.Datasources {
				uids = append(uids, s.UID)
				if s.Org != i+1 {
					t.Errorf("source %s is of organisation %d", s.UID, s.Org)
				}
			}
			var providers providersFile
			readStrictly(t, filepath.Join(shared, "provisioning", "dashboards", "mayak-"+tt.role+".yaml"), &providers)
			if one := providers.Providers; len(one) != 1 || one[0].Org != i+1 || one[0].Options.Path != "/srv/grafana/dashboards/"+tt.role {
				t.Errorf("providers %+v", one)
			}
			if diff := cmp.Diff(tt.sources, uids); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
			alerts := filepath.Join(shared, "provisioning", "alerting", "mayak-"+tt.role+".yaml")
			if _, err := os.Stat(alerts); (err == nil) != tt.alerts {
				t.Errorf("alert rules: %v", err)
			} else if tt.alerts {
				var file alertsFile
				readStrictly(t, alerts, &file)
				if len(file.Groups) != 1 || file.Groups[0].Org != i+1 || len(file.Groups[0].Rules) < 6 {
					t.Errorf("alert rules %+v", file)
				}
			}
			if diff := cmp.Diff(tt.dashboards, dashboardsOf(t, set, shared, tt.role)); diff != "" {
				t.Errorf("dashboards (-want +got):\n%s", diff)
			}
			err := filepath.WalkDir(shared, func(name string, entry os.DirEntry, err error) error {
				if err != nil || entry.IsDir() || !strings.Contains(name, tt.role) {
					return err
				}
				text, err := os.ReadFile(name)
				said := regexp.MustCompile(`(?m)^#.*`).ReplaceAllString(string(text), "")
				for _, other := range tt.other {
					if strings.Contains(said, other) {
						t.Errorf("%s names %s", name, other)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// dashboardsOf reads the role's dashboards, as Grafana would: whole, with links that lead to one of them.
func dashboardsOf(t *testing.T, set *Set, folder, role string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "dashboards", role, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	mine := &Set{messages: set.messages}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse(strings.TrimSuffix(filepath.Base(file), ".json"), text)
		if err != nil {
			t.Fatal(err)
		}
		names, mine.dashboards = append(names, d.Name), append(mine.dashboards, d)
	}
	for _, d := range mine.dashboards {
		for _, l := range d.links() {
			if err := mine.checkLink(d, l); err != nil {
				t.Errorf("%s: %v", d.Name, err)
			}
		}
	}
	return names
}

func readStrictly(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestAlertRulesNameWhatThereIs(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var alerts alertsFile
	readStrictly(t, "provisioning/alerting/mayak.yaml", &alerts)
	seen := map[string]bool{}
	for _, g := range alerts.Groups {
		for _, r := range g.Rules {
			if seen[r.UID] || r.Title == "" || r.Annotations["summary"] == "" || r.Condition != r.Data[len(r.Data)-1].RefID || r.Data[0].SourceUID != MetricsSource {
				t.Errorf("rule %+v", r)
			}
			seen[r.UID] = true
			if set.Find(strings.TrimPrefix(r.Annotations["dashboard"], "/d/")) == nil {
				t.Errorf("rule %s: no dashboard %s", r.UID, r.Annotations["dashboard"])
			}
		}
	}
	if len(seen) < 6 {
		t.Errorf("%d rules", len(seen))
	}
}

// What Grafana's provisioning reads, and refuses to start with: names of states and of comparisons, lengths of time, uids.
func TestAlertRulesAreOfTheFormThatGrafanaReads(t *testing.T) {
	var alerts alertsFile
	readStrictly(t, "provisioning/alerting/mayak.yaml", &alerts)
	lasts := regexp.MustCompile(`^\d+[smhd]$`).MatchString
	for _, g := range alerts.Groups {
		if g.Name == "" || g.Folder == "" || !lasts(g.Interval) {
			t.Errorf("group %q of %q, every %q", g.Name, g.Folder, g.Interval)
		}
		for _, r := range g.Rules {
			if !slices.Contains([]string{"OK", "NoData", "Alerting", "KeepLast"}, r.NoDataState) || !slices.Contains([]string{"OK", "Error", "Alerting", "KeepLast"}, r.ExecErrState) {
				t.Errorf("rule %s: states %q and %q", r.UID, r.NoDataState, r.ExecErrState)
			}
			if !lasts(r.For) || !regexp.MustCompile(`^[\w-]{1,40}$`).MatchString(r.UID) {
				t.Errorf("rule %q for %q", r.UID, r.For)
			}
			for _, q := range r.Data {
				if q.RefID == "" || q.Model.RefID != q.RefID || q.SourceUID == MetricsSource && (q.Model.Expr == "" || q.Range == nil || q.Range.From <= q.Range.To) {
					t.Errorf("rule %s: query %+v", r.UID, q)
				}
				if q.SourceUID != expressionUID {
					continue
				}
				known := slices.Contains([]string{"gt", "lt", "within_range", "outside_range"}, q.Model.Conditions[0].Evaluator.Type)
				if q.Model.Type != "threshold" || !known || q.Model.Expression != r.Data[0].RefID || len(q.Model.Conditions[0].Evaluator.Params) == 0 {
					t.Errorf("rule %s: threshold %+v", r.UID, q.Model)
				}
			}
		}
	}
}

func TestAProvisionThatCannotBeIsRefused(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	good := Provision{Folder: t.TempDir(), Mounted: "/a", Language: "en", Host: "h", Passwords: "/p", Prometheus: "http://p"}
	for name, change := range map[string]func(*Provision){
		"language": func(p *Provision) { p.Language = "de" },
		"host":     func(p *Provision) { p.Host = "a\nb: c" },
		"port":     func(p *Provision) { p.Port = 70000 },
		"nothing":  func(p *Provision) { p.Prometheus = "" },
		"role":     func(p *Provision) { p.Role = "collector" },
		"org":      func(p *Provision) { p.Org = -1 },
	} {
		p := good
		change(&p)
		if set.Provision(p) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
