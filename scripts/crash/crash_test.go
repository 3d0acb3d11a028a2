package main

import (
	"strings"
	"testing"

	"mayak/scripts/load"
)

func TestTheVerdictNamesWhatIsLostAndWhatStandsTwice(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answered []string
		merged   map[string]int
		refusals map[string]int64
		want     string
		good     bool
	}{
		{"all there", []string{"a", "b"}, map[string]int{"a": 1, "b": 1}, nil, "crash: 3 rounds, 2 answered, lost 0, twice 0", true},
		{"stored but never answered is no loss", []string{"a"}, map[string]int{"a": 1, "b": 1}, nil, "crash: 3 rounds, 1 answered, lost 0, twice 0", true},
		{"an answered one is missing", []string{"a", "b"}, map[string]int{"a": 1}, nil, "crash: 3 rounds, 2 answered, lost 1, twice 0", false},
		{"one stands twice, though never answered", []string{"a"}, map[string]int{"a": 1, "b": 2}, nil, "crash: 3 rounds, 1 answered, lost 0, twice 1", false},
		{"good traffic was refused", []string{"a"}, map[string]int{"a": 1}, map[string]int64{"400 ": 1}, "crash: 3 rounds, 1 answered, lost 0, twice 0", false},
		{"nothing was answered, so nothing is proven", nil, nil, nil, "crash: 3 rounds, 0 answered, lost 0, twice 0", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := judge(3, tt.answered, &found{merged: tt.merged})
			v.refusals = tt.refusals
			var out strings.Builder
			v.print(&out)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if last := lines[len(lines)-1]; last != tt.want || v.good() != tt.good {
				t.Errorf("last line %q, good %v; want %q, %v", last, v.good(), tt.want, tt.good)
			}
		})
	}
}

func TestOnlyWhatTheCollectorAsksForIsRepeated(t *testing.T) {
	for _, tt := range []struct {
		answer load.Answer
		want   bool
	}{
		{load.Answer{Status: 503}, true},
		{load.Answer{Status: 429}, true},
		{load.Answer{Status: 500}, true},
		{load.Answer{Status: 200, Outcome: "dropped; reason=overloaded"}, true},
		{load.Answer{Status: 202, Outcome: "dropped; reason=bad_url"}, false},
		{load.Answer{Status: 400, Outcome: "dropped; reason=malformed"}, false},
		{load.Answer{Status: 404, Outcome: "dropped; reason=unknown_site"}, false},
	} {
		if got := worthRepeating(tt.answer); got != tt.want {
			t.Errorf("worthRepeating(%+v) = %v", tt.answer, got)
		}
	}
}
