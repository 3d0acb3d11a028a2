package sites_test

import (
	"strings"
	"testing"

	"mayak/schema/event"
	"mayak/schema/sites"
)

func TestThePathRuleThatMatchesFirstSaysWhatIsKept(t *testing.T) {
	s, err := sites.Parse([]byte(`
sites:
  - id: clinic
    hostnames: [clinic.example]
    paths:
      - {path: /results/*, as: /results/:id}
      - {path: /doctors/*/reviews/**, as: "/doctors/:id/reviews", keep_title: true}
      - {path: /қабылдау/*, as: /қабылдау/:id}
      - {path: "/app#/results/*", as: "/app#/results/:id"}
      - {path: /services/**, as: /services, below: analytics}
      - {path: /**, as: /other, below: analytics}
`))
	if err != nil {
		t.Fatal(err)
	}
	site := s.Find("clinic")
	for _, tt := range []struct{ path, essential, analytics string }{
		{"/results/123", "/results/:id", "/results/:id"},
		{"/results/123/", "/results/:id", "/results/:id"},
		{"//Results//hiv", "/results/:id", "/results/:id"},
		{"/results", "/other", ""},
		{"/results/123/print", "/other", ""},
		{"/doctors/sadykova/reviews", "/doctors/:id/reviews", "/doctors/:id/reviews"},
		{"/doctors/sadykova/reviews/7/edit", "/doctors/:id/reviews", "/doctors/:id/reviews"},
		{"/Қабылдау/дәрігер", "/қабылдау/:id", "/қабылдау/:id"},
		{"/app#/results/77", "/app#/results/:id", "/app#/results/:id"},
		{"/services", "/services", ""},
		{"/services/hiv-test", "/services", ""},
		{"/", "/other", ""},
	} {
		for level, want := range map[event.Level]string{event.Essential: tt.essential, event.Analytics: tt.analytics, event.Advertising: tt.analytics} {
			got := ""
			if rule, matched := site.Collapse(tt.path, level); matched {
				got = rule.As
			}
			if got != want {
				t.Errorf("%s at %v: %q, want %q", tt.path, level, got, want)
			}
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { site.Collapse("/doctors/sadykova/reviews/7", event.Essential) }); allocs > 0 {
		t.Errorf("Collapse allocates %v times", allocs)
	}
}

func TestWrongScrubbingIsToldAtOnce(t *testing.T) {
	_, err := sites.Parse([]byte(`
sites:
  - id: clinic
    hostnames: [clinic.example]
    titles: perhaps
    search_terms: no
    paths:
      - {path: results, as: /results}
      - {path: /a/**/b, as: /a}
      - {path: /a/x*, as: /a}
      - {path: /a?b, as: "/b c"}
      - {path: /a, as: /b, below: essential}
`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`titles "perhaps"`, `search_terms "no"`, `paths: 1: path "results"`, "** must be the last", "* stands for a whole segment", `path "/a?b"`, `as "/b c"`, `below "essential"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell %q: %v", want, err)
		}
	}
}
