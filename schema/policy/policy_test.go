package policy_test

import (
	"strings"
	"testing"

	"mayak/schema"
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
      path: {}
`))
	if err == nil {
		t.Fatal("a policy full of mistakes was accepted")
	}
	for _, want := range []string{"version", "clause", "fun", "hope", "gone", "boss", "events.site", "subject is missing", "events.path: level is missing", "events.path: below is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %q: %v", want, err)
		}
	}
}

func TestAFileWithOneMistakeIsRefusedAndToldWhere(t *testing.T) {
	for _, tt := range []struct{ name, was, is, want string }{
		{"unknown key", "operator:", "colour: red\noperator:", "colour"},
		{"unknown level", "level: advertising", "level: total", `level "total"`},
		{"no version", `version: "2026-11"`, `version: ""`, "version"},
		{"a group of nobody", "smallest_group: 5", "smallest_group: 0", "smallest_group"},
		{"a spool for ever", "spool: {waiting: 30d, aside: 30d}", "spool: {waiting: 30d}", "spool"},
		{"no languages", "languages: [kk, ru, en]", "languages: []", "languages"},
		{"a language that nothing is said in", "languages: [kk, ru, en]", "languages: [kk, ru, en, de]", "levels: essential: it says nothing in the language de"},
		{"a level without words", "  refused:\n    name:", "  denied:\n    name:", "levels: refused is missing"},
		{"a text in no language of the list", `more:     {kk: "Толығырақ", `, `more:     {de: "Mehr", kk: "Толығырақ", `, `texts: more: language "de"`},
		{"a clause that is not explained", `"3.2.1":`, `"3.2.9":`, "column events.consent: clause"},
		{"no retention", "    retention: 30d\n    collector: [insert]\n", "", "table network_log: retention is missing"},
		{"retention without a unit", "retention: 30d", "retention: 30", "retention"},
		{"a tier kept longer than the table", "tiers: {5m: 5d}", "tiers: {5m: 500d}", "table session_parts: tiers: 5m"},
		{"a value kept longer than its row", "retention: 180d", "retention: 500d", "column events.click_id: retention"},
		{"age by no column", "    age: day\n", "    age: days\n", `table salts: age "days"`},
		{"a subject that cannot be found", "subject: event\n", "subject: receipt\n", "table network_log: subject receipt"},
		{"a subject by chance", "subject: event\n", "subject: luck\n", "table network_log: subject"},
		{"a right that there is not", "collector: [insert, select, drop]", "collector: [all]", "table salts: collector"},
		{"data of no kind", "data: click", "data: clicks", "column events.click_id: data"},
		{"a name that SQL would read otherwise", "      country:         {", "      \"a`b\":         {", "want a name of letters"},
		{"a level that is missing, which is not refused", "level: essential, below: empty, roles: [analyst, ops, security], data: visitor", "below: empty, roles: [analyst, ops, security], data: visitor", "column events.visitor: level is missing"},
		{"a level that is empty", "level: advertising,", "level: ,", "column events.click_id: level is missing"},
		{"a level without a word", "level: advertising,", `level: "",`, `level ""`},
		{"nothing said of lower levels", "level: advertising, below: empty,", "level: advertising,", "column events.click_id: below is missing"},
		{"no basis", "basis: consent, level: advertising", "level: advertising", "column events.click_id: basis is missing"},
		{"no subject", "    subject: event\n", "", "table network_log: subject is missing"},
		{"visitors that nobody finds", "    subject: visitor\n", "    subject: none\n", "table events: subject none: the column visitor"},
		{"addresses that nobody finds", "    subject: event\n", "    subject: none\n", "table network_log: subject none: the column address"},
		{"consent that nobody gave", "basis: consent, level: analytics", "basis: consent, level: essential", "column events.region: level essential: its basis is consent"},
		{"consent of who refused", "basis: consent, level: analytics", "basis: consent, level: refused", "column events.region: level refused: its basis is consent"},
		{"advertising without consent to it", "level: advertising", "level: analytics", "column events.click_id: level analytics: its only purpose is advertising"},
		{"a contact of several lines", "smallest_group: 5", "smallest_group: 5\ncontact: \"a\\nb\"", "contact: want one line"},
		{"a contact that says nothing to some", "smallest_group: 5", "smallest_group: 5\ncontact: {kk: a, ru: b}", "contact: it says nothing in the language en"},
		{"a contact of no form", "smallest_group: 5", "smallest_group: 5\ncontact: [a]", "contact: want a line"},
		{"a purpose that there is not", "purpose: [advertising]", "purpose: [fun]", `column events.click_id: purpose "fun"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(string(schema.Policy), tt.was, tt.is, 1)
			if text == string(schema.Policy) {
				t.Fatal("the test changes nothing")
			}
			if _, err := policy.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one about %q", err, tt.want)
			}
		})
	}
}

func TestVisitorsAreToldInTheirLanguage(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	for wanted, want := range map[string]string{"kk": "Бас тарту", "ru": "Отказ", "en": "Nothing kept", "de": "Бас тарту", "": "Бас тарту"} {
		if got := p.Levels["refused"].Name[p.Language(wanted)]; got != want {
			t.Errorf("to a reader of %q: %q, want %q", wanted, got, want)
		}
	}
}

func TestAPersonsRowsAreFoundInEveryTableThatHasAny(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range p.Tables {
		if _, personal := table.Columns["visitor"]; personal && table.Subject == policy.Nobody {
			t.Errorf("%s has visitors, and nobody is to be found in it", name)
		}
	}
	if got := p.Tables["network_log"].Subject; got != policy.ByEvent {
		t.Errorf("network_log: subject %q", got)
	}
}
