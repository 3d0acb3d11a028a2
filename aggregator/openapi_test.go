package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mayak/aggregator/report/access"
)

// answers compiles the schema of answers in the description that the API serves.
func (w *world) answers(t *testing.T) *jsonschema.Schema {
	t.Helper()
	_, text := w.get(t, access.Analyst, "/api/openapi.json")
	return described(t, text, "Answer")
}

// described compiles a schema of the description.
func described(t *testing.T, text, name string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("openapi.json#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// obeys asks for a report and holds the answer to the schema.
func (w *world) obeys(t *testing.T, schema *jsonschema.Schema, role access.Role, question string) string {
	t.Helper()
	code, body := w.get(t, role, "/api/report/"+question)
	if code != http.StatusOK {
		t.Errorf("%s for %s: %d %s", question, role, code, body)
		return ""
	}
	if err := fits(schema, body); err != nil {
		t.Errorf("%s: not what the description says: %v\n%.1000s", question, err, body)
	}
	return body
}

// fits holds a body to a schema.
func fits(schema *jsonschema.Schema, body string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
