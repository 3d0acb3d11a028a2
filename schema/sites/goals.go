package sites

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The most that a site may define: each goal and step is tried on every page view or event.
const (
	maxGoals   = 50
	maxFunnels = 20
	minSteps   = 2
	maxSteps   = 12
	maxName    = 64
	maxPattern = 500
)

// Weekday is a day of the week as ISO 8601 numbers it, 1 for Monday to 7 for Sunday; in YAML its English name.
type Weekday uint8

// The days on which a week usually starts.
const (
	Monday Weekday = 1
	Sunday Weekday = 7
)

// UnmarshalYAML reads "monday". For UnmarshalText the library would go through the whole file for each value.
func (w *Weekday) UnmarshalYAML(read func(any) error) error {
	var text string
	if err := read(&text); err != nil {
		return err
	}
	for day := Monday; day <= Sunday; day++ {
		if day.String() == text {
			*w = day
			return nil
		}
	}
	return fmt.Errorf("week_start %q: want monday, tuesday, ... or sunday", text)
}

func (w Weekday) String() string { return strings.ToLower(time.Weekday(w % Sunday).String()) }

// Match tells which events count: the page views of a page, or the custom events of a name.
type Match struct {
	// Page is a path. In it * stands for any part of one segment, ** for anything.
	Page string `yaml:"page"`
	// Event is the name of a custom event.
	Event string `yaml:"event"`
	// Props are properties that the custom event must have, with these values.
	Props map[string]string `yaml:"props"`
}

// Goal is something that a site wants its visitors to do.
type Goal struct {
	Name  string `yaml:"name"`
	Match `yaml:",inline"`
	// Value is what reaching it is worth; without one a custom event's own value counts.
	Value    *float64 `yaml:"value"`
	Currency string   `yaml:"currency"`
}

// Funnel is a way through the site, step by step.
type Funnel struct {
	Name   string `yaml:"name"`
	Within Span   `yaml:"within"`
	Steps  []Step `yaml:"steps"`
}

// Step is one step of a funnel: a match of its own, or a goal of the site by its name.
type Step struct {
	Name  string `yaml:"name"` // what reports call it; that of the goal, page or event when it is not given
	Match `yaml:",inline"`
	Goal  string `yaml:"goal"`
}

// Span is in what the steps of a funnel must happen.
type Span string

// The spans. Nothing reaches further, because without consent nobody is known for longer than a day.
const (
	Visit Span = "visit"
	Day   Span = "day" // of the site
)

// Pattern is the regular expression of Page, which Go and ClickHouse read alike.
func (m *Match) Pattern() string {
	var b strings.Builder
	b.WriteString(`\A`)
	for rest := m.Page; rest != ""; {
		plain, after, found := strings.Cut(rest, "*")
		b.WriteString(regexp.QuoteMeta(plain))
		if !found {
			break
		}
		if after, found = strings.CutPrefix(after, "*"); found {
			b.WriteString(`(?s:.*)`)
		} else {
			b.WriteString(`[^/]*`)
		}
		rest = after
	}
	b.WriteString(`\z`)
	return b.String()
}

// IsPlain tells that Page is one path and no pattern.
func (m *Match) IsPlain() bool { return !strings.Contains(m.Page, "*") }

func (m *Match) check() error {
	var problems []error
	switch {
	case m.Page == "" && m.Event == "":
		problems = append(problems, errors.New("neither page nor event: nothing could reach it"))
	case m.Page != "" && m.Event != "":
		problems = append(problems, errors.New("both page and event: want one of them"))
	case m.Page != "" && !strings.HasPrefix(m.Page, "/") && !strings.HasPrefix(m.Page, "*"):
		problems = append(problems, fmt.Errorf("page %q: want a path like /prices or /doctors/*", m.Page))
	case m.Page != "" && (len(m.Page) > maxPattern || strings.ContainsAny(m.Page, "?#")):
		problems = append(problems, fmt.Errorf("page %q: want a path without query and fragment, of at most %d bytes", m.Page, maxPattern))
	case strings.Contains(m.Page, "***"):
		problems = append(problems, fmt.Errorf("page %q: * is any part of a segment, ** is anything, *** is nothing", m.Page))
	}
	if m.Event == "" && len(m.Props) > 0 {
		problems = append(problems, errors.New("props without event: only custom events have properties"))
	}
	return errors.Join(problems...)
}

// checkName refuses what could not be told apart in a report or a URL.
func checkName(name string) error {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" ._-/", r)
	}
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.ContainsFunc(name, odd) {
		return fmt.Errorf("name %q: want 1 to %d letters, digits, spaces and . _ - /", name, maxName)
	}
	return nil
}

func (s *Site) prepareGoals() error {
	var problems []error
	if len(s.Goals) > maxGoals {
		problems = append(problems, fmt.Errorf("%d goals: want at most %d", len(s.Goals), maxGoals))
	}
	for i := range s.Goals {
		goal := &s.Goals[i]
		if err := errors.Join(checkName(goal.Name), goal.check(), goal.checkWorth()); err != nil {
			problems = append(problems, fmt.Errorf("goal %d (%q): %w", i+1, goal.Name, err))
		}
		if slices.ContainsFunc(s.Goals[:i], func(other Goal) bool { return other.Name == goal.Name }) {
			problems = append(problems, fmt.Errorf("goal %d: name %q stands twice", i+1, goal.Name))
		}
	}
	return errors.Join(problems...)
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func (g *Goal) checkWorth() error {
	switch {
	case g.Value == nil && g.Currency != "":
		return errors.New("currency without value: a custom event's own value has its own currency")
	case g.Currency != "" && !currencyForm.MatchString(g.Currency):
		return fmt.Errorf("currency %q: want an ISO 4217 code like KZT", g.Currency)
	case g.Value != nil && !(*g.Value >= 0 && *g.Value <= 1e12): // nor NaN
		return fmt.Errorf("value %v: want a number from 0 to 1e12", *g.Value)
	}
	return nil
}

func (s *Site) prepareFunnels() error {
	var problems []error
	if len(s.Funnels) > maxFunnels {
		problems = append(problems, fmt.Errorf("%d funnels: want at most %d", len(s.Funnels), maxFunnels))
	}
	for i := range s.Funnels {
		funnel := &s.Funnels[i]
		if funnel.Within == "" {
			funnel.Within = Visit
		}
		if err := s.checkFunnel(funnel); err != nil {
			problems = append(problems, fmt.Errorf("funnel %d (%q): %w", i+1, funnel.Name, err))
		}
		if slices.ContainsFunc(s.Funnels[:i], func(other Funnel) bool { return other.Name == funnel.Name }) {
			problems = append(problems, fmt.Errorf("funnel %d: name %q stands twice", i+1, funnel.Name))
		}
	}
	return errors.Join(problems...)
}

func (s *Site) checkFunnel(f *Funnel) error {
	problems := []error{checkName(f.Name)}
	if f.Within != Visit && f.Within != Day {
		problems = append(problems, fmt.Errorf("within %q: want visit or day", f.Within))
	}
	if len(f.Steps) < minSteps || len(f.Steps) > maxSteps {
		problems = append(problems, fmt.Errorf("%d steps: want %d to %d", len(f.Steps), minSteps, maxSteps))
	}
	for i := range f.Steps {
		if err := s.prepareStep(&f.Steps[i]); err != nil {
			problems = append(problems, fmt.Errorf("step %d: %w", i+1, err))
		}
	}
	return errors.Join(problems...)
}

// prepareStep puts the goal's match into a step that names one, and gives the step a name.
func (s *Site) prepareStep(step *Step) error {
	if step.Goal != "" {
		if step.Page != "" || step.Event != "" || len(step.Props) > 0 {
			return fmt.Errorf("goal %q and a page or an event: want one of them", step.Goal)
		}
		i := slices.IndexFunc(s.Goals, func(g Goal) bool { return g.Name == step.Goal })
		if i < 0 {
			return fmt.Errorf("goal %q is not one of the site's: %s", step.Goal, s.goalNames())
		}
		step.Match = s.Goals[i].Match
	}
	if step.Name == "" {
		step.Name = cmp.Or(step.Goal, step.Page, step.Event)
	} else if err := checkName(step.Name); err != nil {
		return err
	}
	return step.check()
}

func (s *Site) goalNames() string {
	if len(s.Goals) == 0 {
		return "it has no goals"
	}
	names := make([]string, len(s.Goals))
	for i := range s.Goals {
		names[i] = s.Goals[i].Name
	}
	return "there are " + strings.Join(names, ", ")
}
