package dashboards

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// published is where npm puts Grafana's schema and the compiler: among what the viewer is built from.
const published = "viewer/node_modules"

// TestGrafanaTakesTheFiles holds the files to the types that Grafana publishes of its dashboards, and these types to refuse what is wrong.
// All are compiled in one go, each as a literal of TypeScript, of which the compiler knows every key.
func TestGrafanaTakesTheFiles(t *testing.T) {
	dir := needPublished(t)
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	add := func(name string, text []byte) {
		literal := fmt.Sprintf("import type { Dashboard } from 'grafana';\nexport const dashboard: Dashboard = %s;\n", text)
		if err := os.WriteFile(filepath.Join(dir, name+".ts"), []byte(literal), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name+".ts")
	}
	for _, d := range set.All() {
		text, err := os.ReadFile(d.Name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		add(d.Name, text)
	}
	example, err := os.ReadFile("testdata/example.json")
	if err != nil {
		t.Fatal(err)
	}
	add("example", example)
	for i, tt := range misfits() {
		if !strings.Contains(string(example), tt.old) {
			t.Fatalf("%s: the example has no %s", tt.name, tt.old)
		}
		add(fmt.Sprintf("misfit%d", i), []byte(strings.Replace(string(example), tt.old, tt.other, 1)))
	}
	complaints := compile(t, dir, names)
	for _, name := range names {
		if !strings.HasPrefix(name, "misfit") && complaints[name] != "" {
			t.Errorf("%s: Grafana's schema has it otherwise:\n%.2000s", name, complaints[name])
		}
	}
	for i, tt := range misfits() {
		if found := complaints[fmt.Sprintf("misfit%d.ts", i)]; !strings.Contains(found, tt.want) {
			t.Errorf("%s: %q, want a complaint with %s", tt.name, found, tt.want)
		}
	}
}

// misfits are changes of the example that Grafana does not take, or takes for something else.
func misfits() []struct{ name, old, other, want string } {
	return []struct{ name, old, other, want string }{
		{"a field that no dashboard has", `"graphTooltip": 1`, `"graphTooltips": 1`, "graphTooltips"},
		{"a number that no enum has", `"graphTooltip": 1`, `"graphTooltip": 7`, "Type '7'"},
		{"tags that are no list", `"tags": ["mayak"]`, `"tags": "mayak"`, "string[]"},
		{"another version of the schema", `"schemaVersion": 41`, `"schemaVersion": 27`, "Type '27'"},
		{"a kind of panel that there is not", `"type": "stat"`, `"type": "singlestat"`, "singlestat"},
		{"a place without a height", `"x": 0, "y": 0, "w": 12, "h": 4`, `"x": 0, "y": 0, "w": 12`, "'h' is missing"},
		{"an option of another kind of panel", `"graphMode": "none"`, `"showUnfilled": true`, "showUnfilled"},
		{"an option's value that there is not", `"textMode": "auto"`, `"textMode": "big"`, `"big"`},
		{"an option of the wrong type", `"values": false`, `"values": "no"`, "boolean"},
		{"a colour mode that there is not", `"mode": "palette-classic"`, `"mode": "classic"`, `"classic"`},
		{"thresholds without a mode", `"mode": "absolute", "steps"`, `"steps"`, "'mode' is missing"},
		{"a threshold that is a text", `"value": 5`, `"value": "5"`, "number"},
		{"decimals as a text", `"decimals": 1`, `"decimals": "1"`, "number"},
		{"a key of custom that there is not", `"fillOpacity": 10`, `"fill": 10`, "fill"},
		{"a value of custom that there is not", `"drawStyle": "line"`, `"drawStyle": "lines"`, `"lines"`},
		{"an override of what no field has", `"id": "displayName"`, `"id": "displayname"`, "displayname"},
		{"an override's value of the wrong type", `"value": "Visitors"`, `"value": 3`, "number"},
		{"a cell that no table draws", `"type": "color-text"`, `"type": "coloured"`, "coloured"},
		{"a mapping's kind that there is not", `"type": "value"`, `"type": "values"`, `"values"`},
		{"a transformation that is misspelt", `"excludeByName"`, `"excludeByNames"`, "excludeByNames"},
		{"a query of another editor", `"editorType": "sql"`, `"editorType": "builder"`, "builder"},
		{"a query type that the plugin has not", `"queryType": "timeseries"`, `"queryType": "timeSeries"`, "timeSeries"},
		{"a data source that is not provisioned", `"uid": "mayak-metrics"`, `"uid": "prometheus"`, `"prometheus"`},
		{"a variable's kind that there is not", `"type": "textbox"`, `"type": "text"`, `"text"`},
		{"a way of hiding that there is not", `"hide": 2`, `"hide": 9`, "Type '9'"},
		{"a row without panels", `"collapsed": false, "panels": []`, `"collapsed": false`, "'panels' is missing"},
		{"a text panel's mode", `"mode": "markdown"`, `"mode": "md"`, `"md"`},
		{"a map's gazetteer at the wrong place", `"mode": "lookup"`, `"mode": "search"`, `"search"`},
	}
}

// needPublished is a folder with a configuration of the compiler that finds the types.
func needPublished(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(published + "/@grafana/schema"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("Grafana's schema is not installed")
		}
		t.Skip("Grafana's schema is not installed: cd dashboards/viewer && npm ci")
	}
	absolute := func(name string) string {
		whole, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		return whole
	}
	types := absolute(published + "/@grafana/schema/dist/types")
	paths := map[string][]string{
		"grafana":                       {absolute("testdata/grafana.ts")},
		"@grafana/schema":               {types + "/index.d.ts"},
		"@grafana/schema/raw/dashboard": {types + "/raw/dashboard/x/dashboard_types.gen.d.ts"},
	}
	kinds, err := filepath.Glob(types + "/raw/composable/*/panelcfg/x/*.d.ts")
	if err != nil || len(kinds) < 11 {
		t.Fatal(kinds, err)
	}
	for _, kind := range kinds {
		paths["@grafana/schema/raw/"+filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(kind))))] = []string{kind}
	}
	dir := t.TempDir()
	text, err := json.Marshal(map[string]any{"compilerOptions": map[string]any{
		"strict": true, "noEmit": true, "target": "ES2022", "module": "ESNext", "moduleResolution": "Bundler", "types": []string{}, "skipLibCheck": true, "paths": paths,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tsconfig.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// compile tells by file what the compiler complains of.
func compile(t *testing.T, dir string, names []string) map[string]string {
	t.Helper()
	tsc, err := filepath.Abs(published + "/typescript/bin/tsc")
	if err != nil {
		t.Fatal(err)
	}
	compiler := exec.CommandContext(t.Context(), "node", tsc, "--project", dir, "--pretty", "false")
	compiler.Dir = dir
	output, err := compiler.CombinedOutput()
	if err == nil {
		t.Fatal("the compiler has nothing to complain of")
	}
	complaints, file := map[string]string{}, ""
	start := regexp.MustCompile(`^(\S+)\(\d+,\d+\): error `)
	for line := range strings.Lines(string(output)) {
		if found := start.FindStringSubmatch(line); found != nil {
			file = found[1]
		}
		complaints[file] += line
	}
	for file, text := range complaints {
		if !strings.HasSuffix(file, ".ts") || strings.Contains(file, "/") {
			t.Fatalf("%s: %.3000s", file, text)
		}
	}
	return complaints
}

// The schema is that of the Grafana that docker-compose.yml starts.
func TestTheSchemaIsThatOfTheGrafanaThatIsStarted(t *testing.T) {
	version := func(file, pattern string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s names no version", file)
		}
		return string(found[1])
	}
	if have, want := version("viewer/package.json", `"@grafana/schema": "([\d.]+)"`), version("../docker-compose.yml", `grafana/grafana:([\d.]+)`); have != want {
		t.Errorf("the schema is of %s, Grafana of %s", have, want)
	}
}
