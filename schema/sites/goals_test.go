package sites_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/sites"
)

const goalsFile = `
sites:
  - id: clinic
    hostnames: [clinic.example]
    week_start: sunday
    goals:
      - name: booking
        event: booking
        props: {branch: almaty}
      - name: prices seen
        page: /prices/**
        value: 500
        currency: KZT
    funnels:
      - name: to a doctor
        steps:
          - page: /doctors/*
          - name: time chosen
            page: /booking/time
          - goal: booking
      - name: over the day
        within: day
        steps: [{page: /}, {event: call}]
  - id: plain
    hostnames: [plain.example]
`

func TestGoalsFunnelsAndWeekAreAsTheFileSays(t *testing.T) {
	s, err := sites.Parse([]byte(goalsFile))
	if err != nil {
		t.Fatal(err)
	}
	worth := 500.0
	booking := sites.Match{Event: "booking", Props: map[string]string{"branch": "almaty"}}
	clinic := s.Find("clinic")
	if diff := cmp.Diff([]sites.Goal{
		{Name: "booking", Match: booking},
		{Name: "prices seen", Match: sites.Match{Page: "/prices/**"}, Value: &worth, Currency: "KZT"},
	}, clinic.Goals); diff != "" {
		t.Errorf("goals: %s", diff)
	}
	if diff := cmp.Diff([]sites.Funnel{
		{Name: "to a doctor", Within: sites.Visit, Steps: []sites.Step{
			{Name: "/doctors/*", Match: sites.Match{Page: "/doctors/*"}},
			{Name: "time chosen", Match: sites.Match{Page: "/booking/time"}},
			{Name: "booking", Goal: "booking", Match: booking},
		}},
		{Name: "over the day", Within: sites.Day, Steps: []sites.Step{
			{Name: "/", Match: sites.Match{Page: "/"}}, {Name: "call", Match: sites.Match{Event: "call"}},
		}},
	}, clinic.Funnels); diff != "" {
		t.Errorf("funnels: %s", diff)
	}
	if clinic.WeekStart != sites.Sunday || s.Find("plain").WeekStart != sites.Monday {
		t.Errorf("weeks start on %v and %v, want sunday and monday", clinic.WeekStart, s.Find("plain").WeekStart)
	}
}

func TestAPagePatternMeansWholePaths(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"/prices", "/prices", true},
		{"/prices", "/prices/2", false},
		{"/prices", "/old/prices", false},
		{"/doctors/*", "/doctors/ivanov", true},
		{"/doctors/*", "/doctors/", true},
		{"/doctors/*", "/doctors/ivanov/reviews", false},
		{"/doctors/*/reviews", "/doctors/ivanov/reviews", true},
		{"/blog/**", "/blog/2026/11/22", true},
		{"/blog/**", "/blog", false},
		{"**/thanks", "/ru/order/thanks", true},
		{"/a.b", "/aXb", false},
		{"/a(b|c)", "/ab", false},
		{"/**", "/line\nbreak", true},
		{"/*.pdf", "/x.pdf", true},
	} {
		match := sites.Match{Page: tt.pattern}
		if got := regexp.MustCompile(match.Pattern()).MatchString(tt.path); got != tt.want {
			t.Errorf("%s matches %q: %v, want %v", tt.pattern, tt.path, got, tt.want)
		}
		if match.IsPlain() && (tt.pattern == tt.path) != tt.want {
			t.Errorf("%s is plain, yet it is not itself that it matches", tt.pattern)
		}
	}
}

func TestEachMistakeInGoalsAndFunnelsIsTold(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no name", "goals: [{page: /a}]", "name \"\""},
		{"a name that no URL could hold", "goals: [{name: 'a#b', page: /a}]", `name "a#b"`},
		{"nothing to reach", "goals: [{name: a}]", "neither page nor event"},
		{"both", "goals: [{name: a, page: /a, event: b}]", "both page and event"},
		{"not a path", "goals: [{name: a, page: prices}]", "want a path like"},
		{"a query", "goals: [{name: a, page: '/a?b=c'}]", "without query"},
		{"three stars", "goals: [{name: a, page: '/***'}]", "*** is nothing"},
		{"props of a page", "goals: [{name: a, page: /a, props: {b: c}}]", "props without event"},
		{"twice", "goals: [{name: a, page: /a}, {name: a, page: /b}]", "stands twice"},
		{"currency alone", "goals: [{name: a, page: /a, currency: KZT}]", "currency without value"},
		{"no currency", "goals: [{name: a, page: /a, value: 1, currency: tenge}]", "ISO 4217"},
		{"less than nothing", "goals: [{name: a, page: /a, value: -1}]", "want a number from 0"},
		{"not a number", "goals: [{name: a, page: /a, value: .nan}]", "want a number from 0"},
		{"unknown key", "goals: [{name: a, page: /a, path: /b}]", "path"},
		{"one step", "funnels: [{name: f, steps: [{page: /}]}]", "1 steps: want 2 to 12"},
		{"unknown goal", "goals: [{name: a, page: /a}, {name: b, page: /b}]\n    funnels: [{name: f, steps: [{page: /}, {goal: c}]}]", `goal "c" is not one of the site's: there are a, b`},
		{"no goals at all", "funnels: [{name: f, steps: [{page: /}, {goal: c}]}]", "it has no goals"},
		{"goal and page", "goals: [{name: a, page: /a}]\n    funnels: [{name: f, steps: [{page: /}, {goal: a, page: /b}]}]", "want one of them"},
		{"an empty step", "funnels: [{name: f, steps: [{page: /}, {name: x}]}]", "step 2: neither page nor event"},
		{"unknown span", "funnels: [{name: f, within: month, steps: [{page: /}, {page: /a}]}]", `within "month"`},
		{"funnel twice", "funnels: [{name: f, steps: [{page: /}, {page: /a}]}, {name: f, steps: [{page: /}, {page: /a}]}]", "stands twice"},
		{"no weekday", "week_start: Monday", `week_start "Monday"`},
		{"too many goals", "goals: [" + strings.Repeat("{name: a, page: /a},", 51) + "]", "51 goals: want at most 50"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sites.Parse([]byte("sites:\n  - id: a\n    hostnames: [a.example]\n    " + tt.text + "\n"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
