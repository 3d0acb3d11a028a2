package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"mayak/schema/policy"
	"mayak/schema/settings/settingstest"
)

func TestEveryCommandThatDocumentsShowIsOneOfTheAggregator(t *testing.T) {
	settingstest.Commands(t, "..", "aggregator", func() any { return &commands{} })
}

// The analysts' page has each report, with what its rows are split by and what they measure.
func TestTheAnalystsPageHasEachReport(t *testing.T) {
	rules, err := policy.Load("")
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := describe(rules)
	if err != nil || len(definitions) == 0 {
		t.Fatalf("%d reports, %v", len(definitions), err)
	}
	text, err := os.ReadFile("../docs/analysts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range definitions {
		names := []string{}
		for _, dimension := range d.Dimensions {
			names = append(names, dimension.Name)
		}
		for _, measure := range d.Measures {
			names = append(names, measure.Name)
		}
		row := regexp.MustCompile("(?m)^\\| `" + d.Name + "`.*$").FindString(string(text))
		for _, name := range names {
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("the row of %s does not name %s: %q", d.Name, name, row)
			}
			if !regexp.MustCompile("(?m)^\\| (`\\w+`, )*`" + name + "`(, `\\w+`)* \\| ").Match(text) {
				t.Errorf("nothing says what %s is", name)
			}
		}
	}
}
