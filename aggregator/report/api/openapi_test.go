package api

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"mayak/aggregator/report"
	"mayak/dashboards"
)

// described is what a test needs of the description.
type described struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		Parameters []struct {
			Name string `json:"name"`
			In   string `json:"in"`
			Ref  string `json:"$ref"`
		} `json:"parameters"`
		Responses map[string]any `json:"responses"`
	} `json:"paths"`
}

func description(t *testing.T) described {
	t.Helper()
	var d described
	if err := json.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// obeys holds a body to a schema of the description. OpenAPI 3.1's schemas are JSON Schema's of 2020-12.
func obeys(t *testing.T, schema, body string) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("openapi.json#/components/schemas/" + schema)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("not a %s: %v\n%.2000s", schema, err, body)
	}
}

func TestTheDescriptionNamesEveryParameter(t *testing.T) {
	want := map[string][]string{
		"/api/report/{name}":  append(report.Parameters(), "format", "name"),
		"/api/reports":        nil,
		"/api/export/{table}": {"site", "range", "format", "columns", "table"},
		"/api/openapi.json":   nil,
		"/api/incidents":      {"site", "state", "limit"},

		"/api/reference/{code}": {"code"}, "/api/deployments": nil,

		"/api/login": nil, "/api/session": nil, "/api/logout": nil, "/api/audit": {"ticket", "limit"}, "/api/audit/verify": nil, "/api/risk": nil, "/api/risk/feedback": nil, "/api/risk/scores": nil,
		"/api/dashboards": {"lang"}, "/api/dashboards/{uid}": {"lang", "uid"}, "/api/dashboards/{uid}/panels/{id}": {"from", "id", "interval", "to", "uid", "values"},
		"/api/dashboards/{uid}/variables/{name}": {"from", "interval", "lang", "name", "to", "uid", "values"},
		"/api/dashboards/{uid}/annotations":      {"from", "interval", "to", "uid", "values"}, "/api/live": {"site"},
		"/api/persons/find": nil, "/api/persons/requests": {"all"}, "/api/persons/requests/{ticket}": {"ticket"}, "/api/persons/requests/{ticket}/{step}": nil,
	}
	got := map[string][]string{}
	d := description(t)
	for path, methods := range d.Paths {
		var names []string
		for _, p := range methods["get"].Parameters {
			name := p.Name
			if p.Ref != "" {
				name = strings.TrimPrefix(p.Ref, "#/components/parameters/")
			}
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Sort(want[path])
		got[path] = names
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestEveryPathOfTheDescriptionIsAnswered(t *testing.T) {
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, func(o *Options) { o.Boards.Set = set })
	for path, methods := range description(t).Paths {
		address := strings.NewReplacer("{uid}", "overview", "{id}", "99", "{name}", "nope", "{table}", "nope", "{ticket}", "nope", "{step}", "nope", "{code}", "K7QF9D2M").Replace(path)
		for method, described := range methods {
			code, _, body := f.ask(t, "analyst", strings.ToUpper(method), address, `{}`)
			if strings.Contains(body, "nothing is here") || code == http.StatusMethodNotAllowed {
				t.Errorf("%s is not there", address)
			}
			if _, ok := described.Responses[strconv.Itoa(code)]; !ok {
				t.Errorf("%s %s answers %d, which is not described", method, address, code)
			}
		}
	}
}

// Every route that is made stands in the description. A mux does not tell its routes, so they are read where they are made.
func TestEveryRouteIsDescribed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	d, seen := description(t), 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			method, path, routed := strings.Cut(text, " ")
			if err != nil || !routed || method != strings.ToUpper(method) || !strings.HasPrefix(path, "/api/") {
				return true
			}
			seen++
			if _, described := d.Paths[path][strings.ToLower(method)]; !described {
				t.Errorf("%s is answered in %s and not described", text, file)
			}
			return true
		})
	}
	described := 0
	for _, methods := range d.Paths {
		described += len(methods)
	}
	if seen != described {
		t.Errorf("%d routes are made, %d are described", seen, described)
	}
}

func TestErrorsAndTheCatalogueObeyTheDescription(t *testing.T) {
	f := newFixture(t, nil)
	for _, name := range []string{"analyst", "ops", "security", "bound"} {
		_, _, body := f.get(t, name, "/api/reports")
		obeys(t, "Catalogue", body)
	}
	for _, path := range []string{"/", "/api/report/nope?site=demo", "/api/report/pages", "/api/export/nope"} {
		_, _, body := f.get(t, "analyst", path)
		obeys(t, "Error", body)
	}
	_, _, body := f.get(t, "", "/api/reports")
	obeys(t, "Error", body)
}
