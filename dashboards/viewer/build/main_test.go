package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommittedBundleIsWhatTheSourcesBuildTo(t *testing.T) {
	needInstalled(t)
	want, err := build("..")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("../dist")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, entry := range entries {
		have = append(have, entry.Name())
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), have); diff != "" {
		t.Errorf("files of dist (-built +committed):\n%s", diff)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join("..", "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, content) {
			t.Errorf("dist/%s is not what the sources give: run go generate ./dashboards/viewer", name)
		}
	}
}

func TestSourcesPassTheTypeCheck(t *testing.T) {
	needInstalled(t)
	check := exec.Command("../node_modules/.bin/tsc", "--noEmit", "--project", "..")
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("tsc: %v\n%s", err, output)
	}
}

// needInstalled skips the test where what the sources need is not installed, and fails it on CI.
func needInstalled(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("../node_modules/typescript"); err == nil {
		return
	}
	const how = "not installed here: run npm ci --prefix dashboards/viewer"
	if os.Getenv("CI") != "" {
		t.Fatal(how)
	}
	t.Skip(how)
}

func TestTheMapHasTheCountriesAndNothingRunsAcrossIt(t *testing.T) {
	text, err := os.ReadFile("../dist/map.json")
	if err != nil {
		t.Fatal(err)
	}
	var made world
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"KZ", "RU", "UZ", "KG", "US", "DE", "XK", "FJ"} {
		if made.Shapes[code] == "" {
			t.Errorf("%s has no shape", code)
		}
	}
	for _, code := range []string{"SG", "MT", "BH"} {
		if made.Points[code] == [2]int{} {
			t.Errorf("%s has no middle", code)
		}
	}
	if n := len(made.Shapes) + len(made.Points); n < 230 {
		t.Errorf("%d countries, want 230 at least", n)
	}
	// What is cut at the edge of the map must not be drawn from one side of it to the other.
	for code, shape := range made.Shapes {
		for _, step := range regexp.MustCompile(`[ l](-?\d+) -?\d+ `).FindAllStringSubmatch(shape, -1) {
			if len(strings.TrimPrefix(step[1], "-")) > 3 {
				t.Errorf("%s has a step of %s", code, step[1])
			}
		}
	}
}

func TestMessages(t *testing.T) {
	whole := `{"a.b": {"en": "{n} of it", "kk": "{n} оның", "ru": "{n} из"}}`
	for _, tt := range []struct{ name, messages, source, want string }{
		{"complete", whole, `t('a.b', {n: 1})`, ""},
		{"a language is missing", `{"a.b": {"en": "x", "ru": "x"}}`, `t('a.b')`, "there are [en ru]"},
		{"a language is empty", `{"a.b": {"en": "x", "kk": " ", "ru": "x"}}`, `t('a.b')`, "kk is missing"},
		{"a placeholder is missing", `{"a.b": {"en": "{n}", "kk": "x", "ru": "{n}"}}`, `t('a.b')`, "kk has the placeholders []"},
		{"a key is not in the catalogue", whole, `t('a.b'); t('c')`, "c is missing"},
		{"nobody says it", whole, ``, "a.b: no source says it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"messages.json": tt.messages, "x.ts": tt.source} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := checkMessages(dir)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("checkMessages() = %v, want %q", err, tt.want)
			}
		})
	}
}

// The live view calls a channel what the dashboards call it.
func TestChannelsAreCalledTheSame(t *testing.T) {
	catalogue := func(path string) (words map[string]map[string]string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &words); err != nil {
			t.Fatal(err)
		}
		return words
	}
	dashboards, viewer := catalogue("../../messages.json"), catalogue("../src/messages.json")
	overview, err := os.ReadFile("../../overview.json")
	if err != nil {
		t.Fatal(err)
	}
	mapping := regexp.MustCompile(`(?s)"options": (\{\s*"direct": \{.*?\}\s*\})`).FindSubmatch(overview)
	if mapping == nil {
		t.Fatal("overview.json maps no channels")
	}
	var channels map[string]struct{ Text string }
	if err := json.Unmarshal(mapping[1], &channels); err != nil {
		t.Fatal(err)
	}
	if len(channels) < 9 {
		t.Errorf("%d channels", len(channels))
	}
	for name, shown := range channels {
		words := map[string]string{"en": shown.Text, "ru": dashboards[shown.Text]["ru"], "kk": dashboards[shown.Text]["kk"]}
		if diff := cmp.Diff(words, viewer["channel."+strings.ReplaceAll(name, " ", "_")]); diff != "" {
			t.Errorf("%s (-dashboards +viewer):\n%s", name, diff)
		}
	}
}
