package enrich

import (
	"bufio"
	"encoding/json"
	"os"
	"sort"
	"strings"
	"testing"

	"mayak/collector/hit"
	"mayak/schema/event"
)

// example is an agent and what is true of it.
type example struct {
	want event.Agent // Bot holds only the kind
	key  agentKey
}

// examples reads testdata/agents.tsv: agents usual in Kazakhstan, and what a person says that they are.
func examples(tb testing.TB) []example {
	tb.Helper()
	f, err := os.Open("testdata/agents.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	var all []example
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 7 {
			tb.Fatalf("%d fields: %q", len(fields), lines.Text())
		}
		e := example{
			want: event.Agent{Browser: fields[0], OS: fields[1], Device: fields[2], Brand: fields[3], App: fields[4]},
			key:  agentKey{agent: fields[5]},
		}
		if e.want.Device == bot {
			e.want.App, e.want.Bot = "", fields[4]
		}
		if fields[6] != "" {
			e.key.hints, e.key.touch = hintsFrom(tb, fields[6])
		}
		all = append(all, e)
	}
	return all
}

func hintsFrom(tb testing.TB, text string) (hit.Hints, bool) {
	tb.Helper()
	var sent struct {
		Brands, Mobile, Platform, PlatformVersion, Model, RequestedWith string
		Touch                                                           int
	}
	if err := json.Unmarshal([]byte(text), &sent); err != nil {
		tb.Fatal(err)
	}
	return hit.Hints{
		Brands: sent.Brands, Mobile: sent.Mobile, Platform: sent.Platform, PlatformVersion: sent.PlatformVersion,
		Model: sent.Model, RequestedWith: sent.RequestedWith,
	}, sent.Touch > 1
}

// score counts how many of a field are right, and shows what is wrong.
type score struct {
	right, all map[string]float64
	wrong      []string
}

func newScore() *score { return &score{right: map[string]float64{}, all: map[string]float64{}} }

func (s *score) add(field, want, got, agent string, weight float64) {
	s.all[field] += weight
	if want == got {
		s.right[field] += weight
		return
	}
	s.wrong = append(s.wrong, field+": want "+want+", got "+got+": "+agent)
}

// report prints the share of right answers, and fails under the floors.
func (s *score) report(t *testing.T, floors map[string]float64) {
	t.Helper()
	fields := make([]string, 0, len(s.all))
	for field := range s.all {
		fields = append(fields, field)
	}
	sort.Strings(fields)
	failed := false
	for _, field := range fields {
		share := 100 * s.right[field] / s.all[field]
		t.Logf("%s: %.2f %% right, floor %v", field, share, floors[field])
		failed = failed || share < floors[field]
	}
	for _, wrong := range s.wrong[:min(len(s.wrong), 40)] {
		t.Log(wrong)
	}
	if failed {
		t.Error("a score is under its floor")
	}
}

func TestAgentsUsualInKazakhstan(t *testing.T) {
	all := examples(t)
	if len(all) < 300 {
		t.Errorf("%d agents, want at least 300", len(all))
	}
	robots := newBotIndex()
	scores := newScore()
	for _, e := range all {
		got := parse(&e.key, robots)
		if e.want.Device == bot {
			kind, _, _ := strings.Cut(got.Bot, ":")
			scores.add("bot", e.want.Bot, kind, e.key.agent, 1)
			continue
		}
		scores.add("no bot", "", got.Bot, e.key.agent, 1)
		scores.add("browser", e.want.Browser, got.Browser, e.key.agent, 1)
		scores.add("os", e.want.OS, got.OS, e.key.agent, 1)
		scores.add("device", e.want.Device, got.Device, e.key.agent, 1)
		scores.add("brand", e.want.Brand, got.Brand, e.key.agent, 1)
		scores.add("app", e.want.App, got.App, e.key.agent, 1)
	}
	scores.report(t, map[string]float64{"browser": 99, "os": 99, "device": 99, "brand": 98, "app": 99, "bot": 98, "no bot": 100})
}
