package policy_test

import (
	"strings"
	"testing"

	"mayak/schema/event"
	"mayak/schema/policy"
)

func TestTheBuiltInPolicyIsValid(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		column string
		level  event.Level
		below  policy.Shrink
	}{
		{"country", event.Essential, policy.Empty},
		{"city", event.Analytics, policy.Empty},
		{"screen_width", event.Analytics, policy.Class},
		{"language", event.Analytics, policy.Primary},
		{"click_id", event.Advertising, policy.Empty},
		{"site", event.Refused, policy.Empty},
	} {
		if got := p.Level("events", tt.column); got != tt.level {
			t.Errorf("Level(%s) = %v, want %v", tt.column, got, tt.level)
		}
		if got := p.Below("events", tt.column); got != tt.below {
			t.Errorf("Below(%s) = %v, want %v", tt.column, got, tt.below)
		}
	}
	if got := p.Tables["network_log"].Retention.Days(); got != 30 {
		t.Errorf("network_log is kept %d days, want 30", got)
	}
}

func TestAColumnThatThePolicyDoesNotNameIsNeverKept(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Level("events", "shoe_size"); got <= event.Advertising {
		t.Errorf("Level of an unnamed column = %v, want above every level", got)
	}
}

func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	_, err := policy.Parse([]byte(`
version: "a b"
tables:
  events:
    retention: 30d
    columns:
      site: {clause: "x", purpose: [fun], basis: hope, level: essential, below: gone, roles: [boss]}
`))
	if err == nil {
		t.Fatal("a policy full of mistakes was accepted")
	}
	for _, want := range []string{"version", "clause", "fun", "hope", "gone", "boss", "events.site"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %q: %v", want, err)
		}
	}
}

func TestUnknownKeysAndLevelsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"unknown key":   "version: \"1\"\ncolour: red\ntables: {}\n",
		"unknown level": "version: \"1\"\ntables: {t: {retention: 1d, columns: {c: {clause: \"1\", purpose: [analytics], basis: consent, level: total, below: empty}}}}\n",
		"no retention":  "version: \"1\"\ntables: {t: {columns: {}}}\n",
		"bad retention": "version: \"1\"\ntables: {t: {retention: 30, columns: {}}}\n",
		"no tables":     "version: \"1\"\n",
	} {
		if _, err := policy.Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
