package dashboards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
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
	var alerts struct {
		Groups []struct {
			Rules []struct {
				UID, Title, Condition string
				Annotations           map[string]string
				Data                  []struct {
					RefID         string `yaml:"refId"`
					DatasourceUID string `yaml:"datasourceUid"`
				}
			}
		}
	}
	read(t, "provisioning/alerting/mayak.yaml", &alerts)
	seen := map[string]bool{}
	for _, g := range alerts.Groups {
		for _, r := range g.Rules {
			if seen[r.UID] || r.Title == "" || r.Annotations["summary"] == "" || r.Condition != r.Data[len(r.Data)-1].RefID || r.Data[0].DatasourceUID != MetricsSource {
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
	} {
		p := good
		change(&p)
		if set.Provision(p) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
