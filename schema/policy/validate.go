package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"mayak/schema/event"
)

var (
	versionForm  = regexp.MustCompile(`^[0-9A-Za-z._-]{1,32}$`)
	clauseForm   = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)
	languageForm = regexp.MustCompile(`^[a-z]{2,3}$`)
	nameForm     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]{0,127}$`) // no quoting is ever needed
)

// The words that the file may use. Programs follow them, so another one would have no effect.
func purposes() []string {
	return []string{"analytics", "diagnostics", "security", "advertising", "newsletter"}
}
func bases() []string { return []string{"consent", "legitimate_interest", "legal_obligation"} }

// Readers are the roles of people who read the database.
func Readers() []string { return []string{"analyst", "ops", "security"} }

func (p *Policy) validate() error {
	var problems []error
	if !versionForm.MatchString(p.Version) {
		problems = append(problems, fmt.Errorf("version %q: want 1 to 32 letters, digits, dots, dashes", p.Version))
	}
	if p.SmallestGroup < 1 {
		problems = append(problems, fmt.Errorf("smallest_group %d: want 1 or more; 1 shows every group", p.SmallestGroup))
	}
	if p.Spool.Waiting == 0 || p.Spool.Aside == 0 {
		problems = append(problems, errors.New("spool: want both waiting and aside, like {waiting: 30d, aside: 30d}"))
	}
	if len(p.Tables) == 0 {
		problems = append(problems, errors.New("no tables: nothing could be stored"))
	}
	problems = append(problems, p.validateContact())
	problems = append(problems, p.validateWords()...)
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		table := p.Tables[name]
		problems = append(problems, told("table "+name, table.validate(name)...))
		for _, column := range slices.Sorted(maps.Keys(table.Columns)) {
			problems = append(problems, told("column "+name+"."+column, p.validateColumn(&table, column)...))
		}
	}
	return errors.Join(problems...)
}

// told says of each problem where it is.
func told(where string, problems ...error) error {
	var all []error
	for _, problem := range problems {
		if problem != nil {
			all = append(all, fmt.Errorf("%s: %w", where, problem))
		}
	}
	return errors.Join(all...)
}

func (t *Table) validate(name string) []error {
	problems := []error{
		stated("subject", []string{string(ByVisitor), string(ByEvent), string(ByReceipt), string(Nobody)}, string(t.Subject)),
		t.tellsPeopleApart(),
		oneOf("collector", []string{"insert", "select", "drop"}, t.Collector...),
	}
	if !nameForm.MatchString(name) {
		problems = append(problems, errors.New("want a name of letters, digits and underscores"))
	}
	if t.Retention == 0 {
		problems = append(problems, errors.New("retention is missing"))
	}
	if _, ok := t.Columns[t.Age]; !ok {
		problems = append(problems, fmt.Errorf("age %q: want one of its columns", t.Age))
	}
	for tier, kept := range t.Tiers {
		if _, ok := t.Columns["tier"]; !ok || kept >= t.Retention || !nameForm.MatchString("_"+tier) {
			problems = append(problems, fmt.Errorf("tiers: %s: want a value of the column tier that is kept for less than the retention", tier))
		}
	}
	key := map[Subject]string{ByVisitor: "visitor", ByEvent: "id", ByReceipt: "receipt"}[t.Subject]
	if _, ok := t.Columns[key]; key != "" && !ok {
		problems = append(problems, fmt.Errorf("subject %s: it has no column %s", t.Subject, key))
	}
	return problems
}

// tellsPeopleApart wants people's rows to be found where there are any: else nobody could have them exported or erased.
func (t *Table) tellsPeopleApart() error {
	for _, column := range []string{"visitor", "address"} {
		if _, ok := t.Columns[column]; ok && t.Subject == Nobody {
			return fmt.Errorf("subject none: the column %s is of one person, so it has to be said how their rows are found", column)
		}
	}
	return nil
}

func (p *Policy) validateColumn(t *Table, name string) []error {
	c := t.Columns[name]
	var problems []error
	if !nameForm.MatchString(name) {
		problems = append(problems, errors.New("want a name of letters, digits and underscores"))
	}
	if !clauseForm.MatchString(c.Clause) {
		problems = append(problems, fmt.Errorf("clause %q: want a number like 3.1.1", c.Clause))
	} else if p.Clauses[c.Clause] == nil {
		problems = append(problems, fmt.Errorf("clause %q: the section clauses does not say what it allows", c.Clause))
	}
	if len(c.Purpose) == 0 {
		problems = append(problems, errors.New("purpose is missing: data without a purpose may not be kept"))
	}
	if c.Retention > t.Retention {
		problems = append(problems, errors.New("retention is longer than that of the row"))
	}
	if p.Data[c.Data] == nil {
		problems = append(problems, fmt.Errorf("data %q: want one of the section data: %v", c.Data, slices.Sorted(maps.Keys(p.Data))))
	}
	return append(problems,
		oneOf("purpose", purposes(), c.Purpose...),
		stated("basis", bases(), c.Basis),
		c.validateLevel(),
		stated("below", []string{string(Empty), string(Class), string(Primary)}, string(c.Below)),
		oneOf("role", Readers(), c.Roles...))
}

// validateLevel wants the level that the basis and the purpose need. What nobody stated is no level: as refused, it would be kept of everybody.
func (c *Column) validateLevel() error {
	onlyAdvertising := len(c.Purpose) > 0 && !slices.ContainsFunc(c.Purpose, func(purpose string) bool { return purpose != "advertising" })
	switch {
	case !c.Level.stated:
		return fmt.Errorf("level is missing: want one of %v", event.Levels())
	case onlyAdvertising && c.Level.Level != event.Advertising:
		return fmt.Errorf("level %s: its only purpose is advertising, so it wants the level advertising", c.Level)
	case c.Basis == "consent" && !c.Level.Consents():
		return fmt.Errorf("level %s: its basis is consent, so it wants the level analytics or advertising", c.Level)
	}
	return nil
}

// stated is oneOf for what may not be left out.
func stated(what string, all []string, given string) error {
	if given == "" {
		return fmt.Errorf("%s is missing: want one of %v", what, all)
	}
	return oneOf(what, all, given)
}

func oneOf(what string, all []string, given ...string) error {
	for _, g := range given {
		if !slices.Contains(all, g) {
			return fmt.Errorf("%s %q: want one of %v", what, g, all)
		}
	}
	return nil
}
