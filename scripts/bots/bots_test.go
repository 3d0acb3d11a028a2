package main

import (
	"bytes"
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/scripts/fetch/npm"
)

func TestMarksOf(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		want          []mark
	}{
		{"plain", `Googlebot\/`, []mark{{"googlebot/", "search", "Googlebot", false}}},
		{"start", `^curl`, []mark{{"curl", "search", "curl", true}}},
		{"both cases", `[wW]get`, []mark{{"wget", "search", "Wget", false}}},
		{"alternatives", `Ahrefs(Bot|SiteAudit)`, []mark{
			{"ahrefsbot", "search", "AhrefsBot", false}, {"ahrefssiteaudit", "search", "AhrefsSiteAudit", false},
		}},
		{"long enough before the part that is not literal", `AdsBot-Google([^-]|$)`, []mark{{"adsbot-google", "search", "AdsBot-Google", false}}},
		{"too short before it", `Current[\s\S]*RSS Reader`, nil},
		{"too short at all", `BW`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := marksOf(tt.pattern, "search")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, sorted(got), cmp.AllowUnexported(mark{})); diff != "" {
				t.Errorf("marksOf(%q) (-want +got):\n%s", tt.pattern, diff)
			}
		})
	}
	if _, err := marksOf("(", "search"); err == nil {
		t.Error("a broken pattern is no error")
	}
}

func TestWhatPeopleSayMarksNoRobot(t *testing.T) {
	marks := []mark{
		{text: "sonic", kind: "seo"}, {text: "okapi", kind: "seo"}, {text: "droid", kind: "seo"}, {text: "gptbot", kind: "other"}, {text: "gptbot", kind: "ai-crawler"},
	}
	kept, left := filter(marks, []string{"Mozilla/5.0 (Linux; Android 12; OKAPI 3)"})
	names := func(marks []mark) (all []string) {
		for _, m := range marks {
			all = append(all, m.text+" "+m.kind)
		}
		return all
	}
	// "droid" stands in the agent, but no word starts with it.
	if diff := cmp.Diff([]string{"droid seo", "gptbot ai-crawler"}, names(kept)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"okapi seo", "sonic seo"}, names(left)); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestTheTableIsGoAndNamesItsSourcesAndWhatIsLeftOut(t *testing.T) {
	var b bytes.Buffer
	if err := write(&b, []mark{{"a\"b", "seo", "A", true}}, []mark{{text: "sonic"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "table.go", b.Bytes(), parser.ParseComments); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"MIT License", "Unlicense", "sonic", "DO NOT EDIT"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// TestTheTableOfTheCollectorIsCurrent makes the table anew: whoever changes a list's version, a filter or the agents of
// people has to run go generate.
func TestTheTableOfTheCollectorIsCurrent(t *testing.T) {
	dir, err := cacheDir(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "receipt")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the lists are not there; `make corpora` fetches them")
		}
		t.Skip("the lists are not there; `make corpora` fetches them")
	}
	const enrich = "../../collector/enrich/"
	want, _, err := makeTable(dir, enrich+"testdata/agents.tsv")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(enrich + "table_bots_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("table_bots_gen.go is not what its lists make; run `go generate ./collector/enrich`")
	}
}

func TestCorporaOfAnotherVersionAreFetchedAnew(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no npm: fetching is an error
	dir := t.TempDir()
	client := &npm.Client{}
	if err := keepCorpora(t.Context(), dir, client); !errors.Is(err, npm.ErrNoNPM) {
		t.Errorf("nothing there: %v", err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "receipt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(receipt())
	if err := keepCorpora(t.Context(), dir, client); err != nil {
		t.Errorf("all there: %v", err)
	}
	write("user-agents@1.0.0\n")
	if err := keepCorpora(t.Context(), dir, client); !errors.Is(err, npm.ErrNoNPM) {
		t.Errorf("another version: %v", err)
	}
}
