package archtest_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"mayak/schema/settings/settingstest"
)

// documents are the pages that people read, and the tree that they speak of.
type documents struct {
	tree     fs.FS
	problems []string
}

// What documents name is there: files, headings, targets of make, settings, addresses of the APIs, units and services.
// Commands of collector and aggregator are tried beside their parsers.
func TestWhatDocumentsNameIsThere(t *testing.T) {
	d := documents{tree: os.DirFS("../..")}
	n := d.check(t)
	for _, problem := range d.problems {
		t.Error(problem)
	}
	if n < 5 {
		t.Errorf("%d documents found, they are looked for in the wrong place", n)
	}
}

// The check must be able to fail: each breach, put into a page, is told in these words.
func TestEachBreachOfADocumentIsTold(t *testing.T) {
	block := func(line string) string { return "```sh\n" + line + "\n```\n" }
	for _, tt := range []struct{ name, text, want string }{
		{"nothing wrong", "# Here\n\n[a](#here) [b](../README.md#a-readme) [c](https://a.example) `make run` `MAYAK_X` `scripts/run`\n" + block("sudo make run X=1\ncurl \"http://h/api/report/pages?site=a&var-b=c\""), ""},
		{"a target", block("make runs"), "there is no target runs"},
		{"a target in the text", "say `make runs`", "there is no target runs"},
		{"a link", "[a](nothing.md)", "there is no docs/nothing.md"},
		{"a heading of the page", "[a](#there)", "#there is no heading of docs/page.md"},
		{"a heading of another page", "[a](../README.md#there)", "#there is no heading of README.md"},
		{"a heading in a block is none", "[a](#there)\n" + block("# there"), "#there is no heading"},
		{"a setting", "say `MAYAK_Y`", "there is no setting MAYAK_Y"},
		{"a setting in a block", block("MAYAK_Y=1 a"), "there is no setting MAYAK_Y"},
		{"a file in a block", block("scripts/walk"), "there is no scripts/walk"},
		{"a file in the text", "see `scripts/walk.go`", "there is no scripts/walk.go"},
		{"a program that is not built", block("build/walk"), "nothing builds build/walk"},
		{"an address", block("curl http://h/api/repart/pages"), "no API has /api/repart/pages"},
		{"an address in the text", "ask `/api/repart`", "no API has /api/repart"},
		{"a parameter", block("curl 'http://h/api/report/pages?sitte=a'"), "/api/report/pages takes no sitte"},
		{"a unit", block("systemctl start mayak-walk"), "there is no unit mayak-walk"},
		{"a service", block("docker compose exec walk /walk"), "there is no service walk"},
		{"a profile", block("docker compose --profile walk up"), "there is no profile walk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := documents{tree: fstest.MapFS{
				"README.md": {Data: []byte("# A README\n")}, "docs/page.md": {Data: []byte(tt.text)}, "schema/README.md": {}, "scripts/run/main.go": {Data: []byte("`env:\"MAYAK_X\"`")},
				"Makefile": {Data: []byte("run: build\n\tgo build -o build/run\n")}, "docker-compose.yml": {Data: []byte("services:\n  run:\n    profiles: [one]\n")},
				"aggregator/report/api/openapi.json": {Data: []byte("{\"paths\": {\n    \"/api/report/{name}\": {\n          {\"name\": \"site\"}\n")}, "collector/beacon/openapi.json": {Data: []byte("{}")},
			}}
			d.check(t)
			if told := strings.Join(d.problems, "\n"); tt.want == "" && told != "" || !strings.Contains(told, tt.want) {
				t.Errorf("told %q, want %q", told, tt.want)
			}
		})
	}
}

// Each alert is a heading of the handbook, and each dashboard a line of the analysts' page.
func TestTheHandbookHasEachAlertAndThePageEachDashboard(t *testing.T) {
	d := documents{tree: os.DirFS("../..")}
	rules := d.read(t, "dashboards/provisioning/alerting/mayak.yaml")
	alerts := regexp.MustCompile(`(?m)^        title: (.*)$`).FindAllStringSubmatch(rules, -1)
	handbook := d.read(t, "docs/operations.md")
	for _, alert := range alerts {
		if !strings.Contains(handbook, "\n### "+alert[1]+"\n") {
			t.Errorf("docs/operations.md does not say what to do when %q comes", alert[1])
		}
		if heading := anchors("### " + alert[1])[0]; !strings.Contains(rules, "\n          handbook: docs/operations.md#"+heading+"\n") {
			t.Errorf("the rule %q does not name its heading of the handbook, docs/operations.md#%s", alert[1], heading)
		}
	}
	boards, err := fs.Glob(d.tree, "dashboards/*.json")
	if err != nil || len(boards) < 5 || len(alerts) < 5 {
		t.Fatalf("%d dashboards and %d alerts, %v", len(boards), len(alerts), err)
	}
	page := d.read(t, "docs/analysts.md")
	for _, board := range boards {
		title := regexp.MustCompile(`(?m)^  "title": "(.*)",$`).FindStringSubmatch(d.read(t, board))
		if len(title) == 2 && !strings.Contains(page, "\n| "+title[1]+" | ") {
			t.Errorf("docs/analysts.md does not say what %q is for", title[1])
		}
	}
}

func (d *documents) read(t *testing.T, file string) string {
	t.Helper()
	text, err := fs.ReadFile(d.tree, file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (d *documents) tell(file, format string, args ...any) {
	d.problems = append(d.problems, file+": "+fmt.Sprintf(format, args...))
}

// check looks at every page, and says how many there are.
func (d *documents) check(t *testing.T) int {
	t.Helper()
	pages, err := fs.Glob(d.tree, "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, "README.md", "schema/README.md")
	for _, page := range []string{"ARCHITECTURE.md", "CHANGELOG.md", "collector/enrich/README.md", "collector/tracker/README.md", "dashboards/viewer/README.md"} {
		if _, err := fs.Stat(d.tree, page); err == nil {
			pages = append(pages, page)
		}
	}
	settings, apis := d.settings(t), d.apis(t)
	for _, page := range pages {
		text := d.read(t, page)
		blocks, prose := settingstest.Blocks(text)
		d.links(t, page, prose)
		for _, name := range regexp.MustCompile(`\bMAYAK_[A-Z_]*[A-Z]\b…?`).FindAllString(text, -1) {
			if beginning, all := strings.CutSuffix(name, "…"); !all && !settings[name] || all && !slices.ContainsFunc(slices.Collect(maps.Keys(settings)), func(s string) bool { return strings.HasPrefix(s, beginning) }) {
				d.tell(page, "there is no setting %s", name)
			}
		}
		for _, code := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(prose, -1) {
			d.mention(t, page, code[1], apis)
		}
		for _, block := range blocks {
			for _, words := range settingstest.Split(block) {
				d.command(t, page, words, apis)
			}
		}
	}
	return len(pages)
}

// links leads each link of the page to a file, and to a heading in it.
func (d *documents) links(t *testing.T, page, prose string) {
	t.Helper()
	for _, found := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose, -1) {
		target, anchor, anchored := strings.Cut(found[1], "#")
		if strings.Contains(target, "://") {
			continue
		}
		file := page
		if target != "" {
			file = path.Join(path.Dir(page), target)
		}
		if _, err := fs.Stat(d.tree, file); err != nil {
			d.tell(page, "there is no %s", file)
			continue
		}
		if anchored && !slices.Contains(anchors(d.read(t, file)), anchor) {
			d.tell(page, "#%s is no heading of %s", anchor, file)
		}
	}
}

// anchors are the headings as addresses name them.
func anchors(text string) []string {
	var all []string
	_, prose := settingstest.Blocks(text)
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose, -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}

// settings are all variables that some program reads.
func (d *documents) settings(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{"MAYAK_DATA": true, "MAYAK_CLICKHOUSE_HOST": true} // of every program; of Grafana's environment
	err := fs.WalkDir(d.tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir() && (name == ".git" || name == "build" || entry.Name() == "node_modules"):
			return fs.SkipDir
		case path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text := d.read(t, name)
		if !strings.Contains(text, "env:\"MAYAK_") {
			return nil
		}
		for _, found := range regexp.MustCompile("(settings\\.Secret +`)?env:\"(MAYAK_[A-Z_]+)\"").FindAllStringSubmatch(text, -1) {
			known[found[2]] = true
			known[found[2]+"_FILE"] = found[1] != ""
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}
