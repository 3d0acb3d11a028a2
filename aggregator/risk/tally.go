package risk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Tally is how often somebody asked, for the audit log: a line for each question would make the log slower than the questions. Each answer
// has its own row in risk_scores.
type Tally struct {
	Caller, Role, Site string
	Asked, Medium, Hi  int
	Since, Until       time.Time
}

// Detail is the tally in words.
func (t *Tally) Detail() string {
	return fmt.Sprintf("questions %d, medium %d, high %d, from %s to %s", t.Asked, t.Medium, t.Hi, t.Since.UTC().Format(time.TimeOnly), t.Until.UTC().Format(time.TimeOnly))
}

type tallyKey struct{ caller, role, site string }

type tallies struct {
	mu sync.Mutex
	of map[tallyKey]*Tally
}

func (t *tallies) count(caller, role, site string, level Level, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[tallyKey]*Tally{}
	}
	one := t.of[tallyKey{caller, role, site}]
	if one == nil {
		one = &Tally{Caller: caller, Role: role, Site: site, Since: now}
		t.of[tallyKey{caller, role, site}] = one
	}
	one.Asked++
	one.Until = now
	switch level {
	case Medium:
		one.Medium++
	case High:
		one.Hi++
	case Low:
	}
}

// write hands all of them on. What could not be written is counted on.
func (t *tallies) write(ctx context.Context, note func(context.Context, *Tally) error) error {
	t.mu.Lock()
	taken := t.of
	t.of = nil
	t.mu.Unlock()
	var problems []error
	for key, one := range taken {
		if err := note(ctx, one); err != nil {
			problems = append(problems, err)
			t.back(key, one)
		}
	}
	return errors.Join(problems...)
}

func (t *tallies) back(key tallyKey, one *Tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[tallyKey]*Tally{}
	}
	if newer := t.of[key]; newer != nil {
		one.Asked, one.Medium, one.Hi, one.Until = one.Asked+newer.Asked, one.Medium+newer.Medium, one.Hi+newer.Hi, newer.Until
	}
	t.of[key] = one
}
