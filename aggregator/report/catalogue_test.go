package report

import (
	"slices"
	"strings"
	"testing"

	"mayak/aggregator/rollup"
	"mayak/schema/policy"
)

func definitions(t *testing.T) []Definition {
	t.Helper()
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	rollups, err := rollup.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	all, err := Definitions(rollups, rules)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryRollupIsAReportAndEveryColumnIsExplained(t *testing.T) {
	all := definitions(t)
	if _, err := New(Options{Definitions: all}); err != nil {
		t.Fatal(err)
	}
	rollups, err := rollup.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rollups {
		if !slices.ContainsFunc(all, func(d Definition) bool { return d.View == r.View }) {
			t.Errorf("no report shows the rollup %s", r.Name)
		}
	}
	for _, d := range all {
		if d.Help == "" || strings.Contains(d.Help, "--") {
			t.Errorf("report %s: help %q", d.Name, d.Help)
		}
		for _, dimension := range d.Dimensions {
			if dimension.Help == "" {
				t.Errorf("report %s: dimension %s is not explained", d.Name, dimension.Name)
			}
		}
		for _, m := range d.Measures {
			if m.Help == "" {
				t.Errorf("report %s: measure %s is not explained", d.Name, m.Name)
			}
		}
	}
}

func TestThePolicySaysWhoMayReadAReport(t *testing.T) {
	r, err := New(Options{Definitions: definitions(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		role     string
		sees     []string
		seesNot  []string
		measures string // of pages, that this role does not see
	}{
		{"analyst", []string{"pages", "sources", "referrers", "cities", "screens", "visits", "campaigns", "goals", "opens"}, []string{"networks"}, ""},
		{"ops", []string{"pages", "countries", "browsers", "networks", "bots", "consent"}, []string{"sources", "referrers", "screens", "custom_events", "visits", "goals"}, "engaged_seconds"},
		{"security", []string{"countries", "networks", "clients", "bots"}, []string{"sources", "visits"}, "engaged_seconds"},
		{"nobody knows this role", nil, []string{"pages", "networks"}, ""},
	} {
		var names []string
		for _, d := range r.Catalogue(Reader{Role: tt.role}) {
			names = append(names, d.Name)
			if d.Name == "pages" && tt.measures != "" && d.measure(tt.measures) >= 0 {
				t.Errorf("%s sees %s of pages", tt.role, tt.measures)
			}
		}
		for _, name := range tt.sees {
			if !slices.Contains(names, name) {
				t.Errorf("%s does not see %s, but %v", tt.role, name, names)
			}
		}
		for _, name := range tt.seesNot {
			if slices.Contains(names, name) {
				t.Errorf("%s sees %s", tt.role, name)
			}
		}
	}
}

func TestAColumnThatThePolicyGivesToNobodyIsSeenByNobody(t *testing.T) {
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	c := rules.Tables["events"].Columns["path"]
	c.Roles = nil
	rules.Tables["events"].Columns["path"] = c
	rollups, err := rollup.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	all, err := Definitions(rollups, rules)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{Definitions: all})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Catalogue(Reader{Role: "analyst"}) {
		if d.Name == "pages" {
			t.Error("an analyst sees pages by path, which the policy gives to nobody")
		}
	}
}

func TestARollupThatNobodyExplainedIsAnError(t *testing.T) {
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	strange := []rollup.Rollup{
		{Name: "strange", View: "strange"},
		{Name: "traffic", View: "traffic", Measures: []rollup.Column{{Name: "sneezes"}}},
		{Name: "consent", View: "consent", Dimensions: []rollup.Column{{Name: "mood"}}, Measures: []rollup.Column{{Name: "events"}}},
	}
	_, err = Definitions(strange, rules)
	for _, want := range []string{"how the rollup strange is shown", "what kind of number sneezes", "which columns the dimension mood"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not tell %q", err, want)
		}
	}
}
