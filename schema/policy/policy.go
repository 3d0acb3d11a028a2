// Package policy reads the policy file: for every stored column the clause that allows it, its purposes, lawful
// basis, lowest consent level, retention and readers; for every table how a person's rows are found; and the words for
// all of that in the visitors' languages.
//
// The file is read strictly, and all that is wrong with it is told at once. A Policy is immutable. The privacy
// gate is compiled from it, and a test compares it with the live tables in both directions.
package policy

import (
	"fmt"
	"os"
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

// Subject is how one person's rows are found in a table.
type Subject string

// The ways to find a person's rows.
const (
	ByVisitor Subject = "visitor" // the column visitor
	ByEvent   Subject = "event"   // the column id is that of an event of the visitor
	ByReceipt Subject = "receipt" // the column receipt
	Nobody    Subject = "none"    // only sums and bookkeeping
)

// Column is one stored column.
type Column struct {
	Clause    string    `yaml:"clause"`
	Purpose   []string  `yaml:"purpose"`
	Basis     string    `yaml:"basis"`
	Level     Level     `yaml:"level"`
	Below     Shrink    `yaml:"below"`
	Roles     []string  `yaml:"roles"`
	Retention Retention `yaml:"retention"` // 0: as long as the row
	Data      string    `yaml:"data"`      // a key of Policy.Data
}

// Table is one stored table.
type Table struct {
	Subject   Subject              `yaml:"subject"`
	Age       string               `yaml:"age"` // the column that tells how old a row is
	Retention Retention            `yaml:"retention"`
	Tiers     map[string]Retention `yaml:"tiers"`     // by the value of the column tier; others are kept for Retention
	Collector []string             `yaml:"collector"` // what the collector may do with the table
	Columns   map[string]Column    `yaml:"columns"`
}

// Spool is how long the collectors' folders may hold events.
type Spool struct {
	Waiting Retention `yaml:"waiting"` // for the database; after that somebody is told
	Aside   Retention `yaml:"aside"`   // refused or damaged; after that it is removed
}

// Policy is the file.
type Policy struct {
	Version       string           `yaml:"version"`
	Operator      string           `yaml:"operator"`
	Contact       Contact          `yaml:"contact"`
	SmallestGroup int              `yaml:"smallest_group"`
	Spool         Spool            `yaml:"spool"`
	Languages     []string         `yaml:"languages"` // the first one is for who reads none of them
	Levels        map[string]Words `yaml:"levels"`    // by the level's name, as event.Level.String says it
	Purposes      map[string]Words `yaml:"purposes"`
	Bases         map[string]Text  `yaml:"bases"`
	Roles         map[string]Text  `yaml:"roles"`
	Texts         map[string]Text  `yaml:"texts"`
	Clauses       map[string]Text  `yaml:"clauses"`
	Data          map[string]Text  `yaml:"data"`
	Tables        map[string]Table `yaml:"tables"`
}

// Level is a consent level, in YAML by its name. The zero Level is one that is not stated, which is not to be taken for refused.
type Level struct {
	event.Level
	stated bool
}

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
	*l = Level{Level: level, stated: true}
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
	return c.Level.Level
}

// Below is what the column shrinks to under its level.
func (p *Policy) Below(table, column string) Shrink {
	c, _ := p.Column(table, column)
	return c.Below
}
