package roles

import (
	"strings"
	"testing"

	"mayak/schema/policy"
)

func TestARoleThatWasNeverMadeIsToldInOneLine(t *testing.T) {
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	o := &Options{Policy: rules, Database: "mayak"}
	for name, tt := range map[string]struct {
		live map[string]map[string]bool
		want []string
	}{
		"only the aggregator's": {map[string]map[string]bool{Aggregator: {"SELECT on *": true}}, []string{"the database has no rights of the roles collector, visitor, analyst, ops, security: see"}},
		"one right of one role": {
			map[string]map[string]bool{Visitor: {"SELECT on visitor_": true, "INSERT on events": true}},
			[]string{"role visitor: the database grants INSERT on events, the policy does not", "the database has no rights of the roles collector, analyst, ops, security: see"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			told := o.compare(tt.live)
			if len(told) != len(tt.want) {
				t.Fatalf("%d lines: %q", len(told), told)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(told[i], want) {
					t.Errorf("line %d is %q, want %q", i+1, told[i], want)
				}
			}
		})
	}
}
