package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"mayak/dashboards"
	"mayak/dashboards/viewer"
)

// recordedFolder holds what the API answered to each shipped dashboard over the demo's history, once. Files of it are made anew by
// go test ./scripts/browser -run TestThePicturesOfTheReadme -pictures -record.
const recordedFolder = "testdata/viewer/recorded"

// recorded is one dashboard's answers at one time.
type recorded struct {
	From        int64              `json:"from"`
	To          int64              `json:"to"`
	Panels      map[string][]frame `json:"panels"`
	Annotations json.RawMessage    `json:"annotations"`
}

// most is how many rows of a table are kept: more than a picture shows.
const mostRecordedRows = 14

// roleFor is whose view of a dashboard is recorded.
func roleFor(d *dashboards.Dashboard) string {
	if d.MaySee("ops") {
		return "ops"
	}
	return "security"
}

// record keeps what the API answers to the person in the tab.
func record(t *testing.T, tab *Tab, role string) {
	t.Helper()
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range set.All() {
		if roleFor(d) != role {
			continue
		}
		made := recordBoard(tab, d)
		text, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(recordedFolder, d.Name+".json")
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d panels", file, len(text), len(made.Panels))
	}
}

// recordBoard asks for every panel in the range that the dashboard begins with, for sixty points of a series. Metrics are as old as the
// demo's processes: a quarter of an hour.
func recordBoard(tab *Tab, d *dashboards.Dashboard) recorded {
	to := time.Now().Truncate(5 * time.Minute).Add(5 * time.Minute)
	length := map[string]time.Duration{"now-6h": 15 * time.Minute, "now-24h": 24 * time.Hour, "now-7d": 7 * 24 * time.Hour, "now-30d": 30 * 24 * time.Hour}[d.Time.From]
	made := recorded{From: to.Add(-length).UnixMilli(), To: to.UnixMilli(), Panels: map[string][]frame{}}
	query := fmt.Sprintf("?lang=en&from=%d&to=%d", made.From, made.To)
	if d.Variable("site") != nil {
		query += "&var-site=demo"
	}
	ask := func(what string) string {
		return fmt.Sprintf(`fetch('/api/dashboards/%s/%s').then(answer => answer.json())`, d.Name, what)
	}
	for _, p := range d.Panels {
		if p.Type == "row" || p.Type == "text" || !p.MaySee(roleFor(d)) {
			continue
		}
		answer := Eval[struct{ Frames []frame }](tab, ask(fmt.Sprintf("panels/%d%s&interval=%d", p.ID, query, int(length.Seconds()/60))))
		for i := range answer.Frames {
			shorten(&answer.Frames[i])
		}
		made.Panels[strconv.Itoa(p.ID)] = answer.Frames
	}
	made.Annotations = Eval[struct{ Annotations json.RawMessage }](tab, ask("annotations"+query)).Annotations
	return made
}

// shorten cuts a table, which has no time to begin with.
func shorten(f *frame) {
	if len(f.Fields) == 0 || f.Fields[0].Type == "time" {
		return
	}
	for i := range f.Fields {
		f.Fields[i].Values = f.Fields[i].Values[:min(len(f.Fields[i].Values), mostRecordedRows)]
	}
}

// recordedAPI answers as the aggregator did when the answers were recorded; dashboards are those of now.
func recordedAPI(t *testing.T) (server *httptest.Server, known map[string]recorded) {
	t.Helper()
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	known = map[string]recorded{}
	list := []map[string]any{}
	for _, d := range set.All() {
		var one recorded
		text, err := os.ReadFile(filepath.Join(recordedFolder, d.Name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatalf("%s: %v", d.Name, err)
		}
		known[d.Name] = one
		list = append(list, map[string]any{"uid": d.Name, "title": d.Title, "description": d.Description})
	}
	pages, err := viewer.Handler()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	for path, answer := range map[string]func(r *http.Request, d *dashboards.Dashboard) any{
		"/api/session": func(*http.Request, *dashboards.Dashboard) any {
			return map[string]string{"name": "aigerim", "role": "ops", "check": "c"}
		},
		"/api/dashboards": func(*http.Request, *dashboards.Dashboard) any {
			return map[string]any{"dashboards": list, "sites": []map[string]string{{"id": "demo", "time_zone": "Asia/Almaty"}}, "languages": dashboards.Languages()}
		},
		"/api/dashboards/{uid}": func(_ *http.Request, d *dashboards.Dashboard) any { return shown(set, d) },
		"/api/dashboards/{uid}/variables/{name}": func(r *http.Request, _ *dashboards.Dashboard) any {
			values := map[string][]map[string]string{"site": {{"text": "demo", "value": "demo"}}, "zone": {{"text": "Asia/Almaty", "value": "Asia/Almaty"}}}
			return map[string]any{"options": values[r.PathValue("name")]}
		},
		"/api/dashboards/{uid}/panels/{id}": func(r *http.Request, d *dashboards.Dashboard) any {
			return map[string]any{"frames": known[d.Name].Panels[r.PathValue("id")]}
		},
		"/api/dashboards/{uid}/annotations": func(_ *http.Request, d *dashboards.Dashboard) any {
			return map[string]any{"annotations": known[d.Name].Annotations}
		},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { reply(w, answer(r, set.Find(r.PathValue("uid")))) })
	}
	server = httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, known
}

// shown is the dashboard as those get it whose view of it is recorded.
func shown(set *dashboards.Set, d *dashboards.Dashboard) json.RawMessage {
	text, err := set.Shown(d, dashboards.Languages()[0], roleFor(d))
	if err != nil {
		return nil // which no page draws
	}
	return text
}
