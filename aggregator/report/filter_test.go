package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func filterDefinition() *Definition {
	return &Definition{Dimensions: []Dimension{{Name: "path", Column: "path"}, {Name: "country", Column: "country"}}}
}

func TestAFilterIsRead(t *testing.T) {
	path, country := filterDefinition().Dimensions[0], filterDefinition().Dimensions[1]
	for _, tt := range []struct {
		name, text string
		want       []Filter
	}{
		{"none", "", nil},
		{"one value", "path==/", []Filter{{Dimension: path, Values: []string{"/"}}}},
		{"an empty value is what is unknown", "country==", []Filter{{Dimension: country, Values: []string{""}}}},
		{"one of several, and another", "country==KZ|RU;path!=/a", []Filter{{Dimension: country, Values: []string{"KZ", "RU"}}, {Dimension: path, Not: true, Values: []string{"/a"}}}},
		{"a pattern", "path=~/news/*", []Filter{{Dimension: path, Pattern: true, Values: []string{"/news/%"}}}},
		{"no pattern", "path!~*.pdf|*.doc", []Filter{{Dimension: path, Not: true, Pattern: true, Values: []string{"%.pdf", "%.doc"}}}},
		{"what means something to LIKE means itself", `path=~/50%_off\*`, []Filter{{Dimension: path, Pattern: true, Values: []string{`/50\%\_off*`}}}},
		{"a star is itself in no pattern", "path==/*", []Filter{{Dimension: path, Values: []string{"/*"}}}},
		{"separators behind a backslash are text", `path==/a\;b\|c\\d`, []Filter{{Dimension: path, Values: []string{`/a;b|c\d`}}}},
		{"operators in a value are text", "path==/?a==b", []Filter{{Dimension: path, Values: []string{"/?a==b"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseFilters(tt.text, filterDefinition())
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestABadFilterIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"path":                              "has no operator",
		"path=":                             "has no operator",
		"path=/":                            `operator "=/" does not exist`,
		"path=!/":                           `operator "=!" does not exist`,
		"city==Almaty":                      `dimension "city" does not exist; there are path, country`,
		"==x":                               `dimension "" does not exist`,
		"path==/;":                          "has no operator",
		"path==" + strings.Repeat("x", 1e4): "longer than",
		"path==" + strings.Repeat("|", 200): "more than 100 values",
		strings.Repeat("path==/;", 30) + "path==/": "more than 20 conditions",
	} {
		_, err := parseFilters(text, filterDefinition())
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 600 {
			t.Errorf("%.30q: error = %v, want %q", text, err, want)
		}
	}
}

// A filter's text ends up in parameters only, whatever it is.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{"path==/", "country==KZ|RU;path!=/a", `path=~/50%_off\*`, `path==/a\;b\|c\\d`, "path!~'); DROP TABLE events; --"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filters, err := parseFilters(text, filterDefinition())
		if err != nil {
			return
		}
		for _, filter := range filters {
			s := &statement{}
			sql := filter.condition(s, "path")
			if strings.Trim(strings.NewReplacer("String", "", "Array", "", "NOT", "", "LIKE", "", "OR", "", "has", "", "path", "").Replace(sql), " (){}:,p0123456789") != "" {
				t.Errorf("%q is in the statement: %s", text, sql)
			}
		}
	})
}
