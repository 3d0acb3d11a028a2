package sites

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPageGroupsAreReadInTheOrderOfTheFile(t *testing.T) {
	s, err := Parse([]byte("sites: [{id: a, hostnames: [a.test], page_groups: {results: [/results/**, /tests/*], doctors: /doctors/*, all: /**}}]"))
	if err != nil {
		t.Fatal(err)
	}
	groups := s.Find("a").PageGroups
	want := PageGroups{{"results", []string{"/results/**", "/tests/*"}}, {"doctors", []string{"/doctors/*"}}, {"all", []string{"/**"}}}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	for path, name := range map[string]string{
		"/results": "results", "/Results/9/a": "results", "/tests/x/": "results", "/tests": "all", "//doctors//ivanov": "doctors", "/doctors": "all", "/doctors/a/b": "all", "/": "all",
	} {
		got := ""
		for i := range groups {
			if got == "" && regexp.MustCompile(groups[i].Pattern()).MatchString(path) {
				got = groups[i].Name
			}
		}
		if got != name {
			t.Errorf("%s is of the group %q, want %q", path, got, name)
		}
	}
}

func TestPageGroupsThatCannotBeAreRefused(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"no path":                        {"{a: 7}", "want a path"},
		"nothing":                        {"{a: []}", "want a path like /doctors/*"},
		"a star in a word":               {"{a: /x*}", "whole segment"},
		"a query":                        {"{a: /x?y}", "without a query"},
		"a name like a path's beginning": {"{/a: /x}", "without /"},
	} {
		_, err := Parse([]byte("sites: [{id: a, hostnames: [a.test], page_groups: " + tt.file + "}]"))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// The database finds the same pages as a rule for paths does.
func TestAPatternMatchesWhatItsPathDoes(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "B", "a.b", "*", "(", "", "é"})
	rapid.Check(t, func(rt *rapid.T) {
		path := "/" + strings.Join(rapid.SliceOfN(segment, 0, 3).Draw(rt, "path"), "/")
		if rapid.Bool().Draw(rt, "deep") {
			path += "/**"
		}
		page := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "a.b", "axb", "(", "", "É", "x\ny"}), 0, 4).Draw(rt, "page"), "/")
		rule, group := PathRule{Path: path, As: "/"}, PageGroup{Paths: []string{path}}
		if err := rule.prepare(); err != nil {
			rt.Fatal(err)
		}
		if got, want := regexp.MustCompile(group.Pattern()).MatchString(page), rule.matches(page); got != want {
			rt.Errorf("%q: the pattern of %s says %t, the path %t", page, path, got, want)
		}
	})
}
