package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// givenUp is how old an incident may be for a webhook still to be told of it.
	givenUp = 24 * time.Hour
	// orphaned is how long an aggregator has for telling of what it found, before another one does.
	orphaned = 5 * time.Minute
	// firstPause is how long after a failure it is tried again; each further pause is twice as long, up to longestPause.
	firstPause   = 5 * time.Second
	longestPause = 15 * time.Minute
	// postsAtOnce is how many messages to one webhook are under way at once.
	postsAtOnce = 4
	// mostWaiting is how many incidents a webhook is told of in one round.
	mostWaiting = 1000

	outcomeSent    = "sent"
	outcomeFailed  = "failed"
	outcomeTrying  = "trying"
	outcomeGivenUp = "given_up"
)

// Tellers tell one webhook each what it does not know yet: run by itself, none waits for another. A hook may hear the same twice after an
// aggregator was killed, and never nothing.
func (d *Diagnosis) Tellers() []func(context.Context) (uint64, error) {
	all := make([]func(context.Context) (uint64, error), len(d.o.Hooks))
	for i := range d.o.Hooks {
		all[i] = func(ctx context.Context) (uint64, error) { return d.tell(ctx, i) }
	}
	return all
}

// post is what a webhook was told of one state of an incident.
type post struct {
	of      *line
	outcome string
	tries   uint16
	again   time.Time
}

// tell posts what is due to one webhook, several messages at once.
func (d *Diagnosis) tell(ctx context.Context, hook int) (uint64, error) {
	due, err := d.due(ctx, &d.o.Hooks[hook])
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var done uint64
	var problems []error
	var sending errgroup.Group
	sending.SetLimit(postsAtOnce)
	for i := range due {
		sending.Go(func() error {
			err := d.send(ctx, &d.o.Hooks[hook], &due[i])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				problems = append(problems, fmt.Errorf("webhook %d (%s), incident %s: %w", hook+1, d.o.Hooks[hook].Kind, due[i].of.ID, err))
			} else if due[i].outcome == outcomeSent {
				done++
			}
			return nil
		})
	}
	_ = sending.Wait() // problems tell
	return done, errors.Join(problems...)
}

// due are the messages to a webhook that are to be tried now, or given up.
func (d *Diagnosis) due(ctx context.Context, h *Hook) ([]post, error) {
	now := d.o.Now()
	since := moment(now.Add(-givenUp))
	waiting, err := d.lines(ctx, fmt.Sprintf("(opened >= %s OR state = '%s' AND closed >= %s)", since, StateClosed, since), mostWaiting)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	known, err := d.posts(ctx, h, waiting)
	if err != nil {
		return nil, err
	}
	var due []post
	for _, l := range waiting {
		p := known[[2]string{l.ID, l.State}]
		opening := known[[2]string{l.ID, StateOpen}]
		p.of = l
		last := l.Opened
		if l.State == StateClosed {
			last = l.Closed
		}
		switch {
		case p.outcome == outcomeSent || p.outcome == outcomeGivenUp || now.Before(p.again):
		case p.tries == 0 && l.writer != d.name && now.Sub(last) < orphaned: // whoever found it tells
		case now.Sub(l.Opened) > givenUp && opening.outcome != outcomeSent: // who was not told that it opened need not hear that it closed
		default:
			due = append(due, p)
		}
	}
	return due, nil
}

// send tries a message. That it is tried is written down first, so that neither another aggregator nor this one after a restart tries
// it sooner than it should.
func (d *Diagnosis) send(ctx context.Context, h *Hook, p *post) error {
	now := d.o.Now()
	p.tries++
	p.outcome, p.again = outcomeTrying, now.Add(postTimeout+pause(p.tries)) // nobody else tries while this one may still be answered
	if err := d.notePost(ctx, h, p); err != nil {
		return err
	}
	failed := d.post(ctx, h, &p.of.Incident)
	if failed == nil {
		p.outcome = outcomeSent
		d.metrics.posts.WithLabelValues(h.Kind, outcomeSent).Inc()
		return d.notePost(ctx, h, p)
	}
	d.metrics.posts.WithLabelValues(h.Kind, outcomeFailed).Inc()
	last := p.of.Opened
	if p.of.State == StateClosed {
		last = p.of.Closed
	}
	if p.again = d.o.Now().Add(pause(p.tries)); p.again.Sub(last) > givenUp {
		p.outcome = outcomeGivenUp
		d.metrics.posts.WithLabelValues(h.Kind, outcomeGivenUp).Inc()
	}
	return errors.Join(failed, d.notePost(ctx, h, p))
}

// pause is how long after so many tries the next one is.
func pause(tries uint16) time.Duration {
	return min(longestPause, firstPause<<min(tries-1, 16))
}

// posts reads what a webhook was told of some incidents, by incident and state.
func (d *Diagnosis) posts(ctx context.Context, h *Hook, of []*line) (map[[2]string]post, error) {
	ids := make([]string, 0, len(of))
	for _, l := range of {
		ids = append(ids, text(l.ID))
	}
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf("SELECT incident, toString(state), toString(outcome), tries, again FROM incident_posts FINAL WHERE hook = %s AND incident IN (%s)",
		text(h.fingerprint()), strings.Join(ids, ", ")))
	if err != nil {
		return nil, fmt.Errorf("read what webhooks know: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	known := map[[2]string]post{}
	for rows.Next() {
		var key [2]string
		var p post
		if err := rows.Scan(&key[0], &key[1], &p.outcome, &p.tries, &p.again); err != nil {
			return nil, fmt.Errorf("read what webhooks know: %w", err)
		}
		known[key] = p
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what webhooks know: %w", err)
	}
	return known, nil
}

// notePost writes down what a webhook was told.
func (d *Diagnosis) notePost(ctx context.Context, h *Hook, p *post) error {
	err := d.o.Conn.Exec(ctx, fmt.Sprintf(`INSERT INTO incident_posts (incident, hook, state, outcome, tries, again, posted, version)
		SELECT %s, %s, %s, %s, %d, %s, %s, toUnixTimestamp64Micro(now64(6))`,
		text(p.of.ID), text(h.fingerprint()), text(p.of.State), text(p.outcome), p.tries, moment(p.again), moment(d.o.Now())))
	if err != nil {
		return fmt.Errorf("note what a webhook knows: %w", err)
	}
	return nil
}
