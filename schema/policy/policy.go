// Package policy reads the policy file: for every stored column the clause that allows it, its purposes, lawful
// basis, lowest consent level, retention and readers.
//
// The file is read strictly, and all that is wrong with it is told at once. A Policy is immutable. The privacy
// gate is compiled from it, and a test compares it with the live tables in both directions.
package policy

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"mayak/schema"
	"mayak/schema/event"
)

// Shrink is what a column becomes below its consent level.
type Shrink string

// The ways to shrink.
const (
	Empty   Shrink = "empty"   // the zero value
	Class   Shrink = "class"   // the class of the screen
	Primary Shrink = "primary" // the language without script and region
)

// Column is one stored column.
type Column struct {
	Clause  string   `yaml:"clause"`
	Purpose []string `yaml:"purpose"`
	Basis   string   `yaml:"basis"`
	Level   Level    `yaml:"level"`
	Below   Shrink   `yaml:"below"`
	Roles   []string `yaml:"roles"`
}

// Table is one stored table.
type Table struct {
	Retention Retention         `yaml:"retention"`
	Columns   map[string]Column `yaml:"columns"`
}

// Policy is the file.
type Policy struct {
	Version  string           `yaml:"version"`
	Operator string           `yaml:"operator"`
	Tables   map[string]Table `yaml:"tables"`
}

// Level is a consent level, in YAML by its name.
type Level event.Level

// UnmarshalYAML reads the name of a level. For UnmarshalText the library would go through the whole file for each value.
func (l *Level) UnmarshalYAML(read func(any) error) error {
	var text string
	if err := read(&text); err != nil {
		return err
	}
	level, ok := event.ParseLevel(text)
	if !ok {
		return fmt.Errorf("level %q: want one of %v", text, event.Levels())
	}
	*l = Level(level)
	return nil
}

// Retention is how long a row is kept, in YAML a number of days: 30d.
type Retention time.Duration

const day = 24 * time.Hour

// UnmarshalYAML reads "30d".
func (r *Retention) UnmarshalYAML(read func(any) error) error {
	var text string
	if err := read(&text); err != nil {
		return err
	}
	digits, ok := strings.CutSuffix(text, "d")
	days, err := strconv.Atoi(digits)
	if !ok || err != nil || days <= 0 || days > 36500 {
		return fmt.Errorf("retention %q: want a number of days, like 30d", text)
	}
	*r = Retention(time.Duration(days) * day)
	return nil
}

// Days is the retention in days.
func (r Retention) Days() int { return int(time.Duration(r) / day) }

// Default is the policy that this program was built with.
func Default() (*Policy, error) {
	p, err := Parse(schema.Policy)
	if err != nil {
		return nil, fmt.Errorf("built-in policy: %w", err)
	}
	return p, nil
}

// Load reads the policy file at path; the empty path is Default.
func Load(path string) (*Policy, error) {
	if path == "" {
		return Default()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	p, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("policy file %s: %w", path, err)
	}
	return p, nil
}

// Parse reads the text of a policy file.
func Parse(text []byte) (*Policy, error) {
	p := &Policy{}
	if err := yaml.UnmarshalWithOptions(text, p, yaml.Strict()); err != nil {
		return nil, err
	}
	if err := p.validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// Column is what the file says of one column, and whether it names it.
func (p *Policy) Column(table, column string) (Column, bool) {
	c, ok := p.Tables[table].Columns[column]
	return c, ok
}

// Level is the lowest consent level at which the column is kept whole. A column that the file does not name is never kept.
func (p *Policy) Level(table, column string) event.Level {
	c, ok := p.Column(table, column)
	if !ok {
		return event.Advertising + 1
	}
	return event.Level(c.Level)
}

// Below is what the column shrinks to under its level.
func (p *Policy) Below(table, column string) Shrink {
	c, _ := p.Column(table, column)
	return c.Below
}

var (
	versionForm = regexp.MustCompile(`^[0-9A-Za-z._-]{1,32}$`)
	clauseForm  = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)
)

func (p *Policy) validate() error {
	var problems []error
	if !versionForm.MatchString(p.Version) {
		problems = append(problems, fmt.Errorf("version %q: want 1 to 32 letters, digits, dots, dashes", p.Version))
	}
	if len(p.Tables) == 0 {
		problems = append(problems, errors.New("no tables: nothing could be stored"))
	}
	for name, table := range p.Tables {
		if table.Retention == 0 {
			problems = append(problems, fmt.Errorf("table %s: retention is missing", name))
		}
		for column, c := range table.Columns {
			if err := c.validate(); err != nil {
				problems = append(problems, fmt.Errorf("column %s.%s: %w", name, column, err))
			}
		}
	}
	return errors.Join(problems...)
}

func (c Column) validate() error {
	var problems []error
	if !clauseForm.MatchString(c.Clause) {
		problems = append(problems, fmt.Errorf("clause %q: want a number like 3.1.1", c.Clause))
	}
	if len(c.Purpose) == 0 {
		problems = append(problems, errors.New("purpose is missing: data without a purpose may not be kept"))
	}
	problems = append(problems,
		known("purpose", []string{"analytics", "diagnostics", "security", "advertising", "newsletter"}, c.Purpose...),
		known("basis", []string{"consent", "legitimate_interest", "legal_obligation"}, c.Basis),
		known("below", []string{string(Empty), string(Class), string(Primary)}, string(c.Below)),
		known("role", []string{"analyst", "ops", "security"}, c.Roles...))
	return errors.Join(problems...)
}

func known(what string, all []string, given ...string) error {
	for _, g := range given {
		if !slices.Contains(all, g) {
			return fmt.Errorf("%s %q: want one of %v", what, g, all)
		}
	}
	return nil
}
