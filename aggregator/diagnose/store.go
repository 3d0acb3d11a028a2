package diagnose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	columns   = "incident, writer, claimed, site, zone, signal, state, started, opened, closed, value, usual, ratio, score, count, minutes, causes, text, reason"
	stateLost = "lost"
)

// line is an incident as it is stored.
type line struct {
	Incident

	writer  string
	claimed uint64
}

// write writes the line's state as the newest, by the clock of the database, which all aggregators share.
func (d *Diagnosis) write(ctx context.Context, l *line) error {
	causes, err := json.Marshal(l.Causes)
	if err != nil {
		return fmt.Errorf("write incident %s: %w", l.ID, err)
	}
	claimed := "toUnixTimestamp64Micro(now64(6))"
	if l.claimed > 0 {
		claimed = strconv.FormatUint(l.claimed, 10)
	}
	closed := int64(0)
	if !l.Closed.IsZero() {
		closed = l.Closed.Unix()
	}
	err = d.o.Conn.Exec(ctx, fmt.Sprintf(`INSERT INTO incidents (%s, version)
		SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, toDateTime(%d, 'UTC'), %g, %g, %g, %g, %g, %d, %s, %s, %s, toUnixTimestamp64Micro(now64(6))`,
		columns, text(l.ID), text(l.writer), claimed, text(l.Site), text(l.Zone), text(l.Signal), text(l.State), moment(l.Started), moment(l.Opened), closed,
		l.Value, l.Usual, l.Ratio, l.Score, l.Count, l.Minutes, text(string(causes)), text(l.Text), text(l.Reason)))
	if err != nil {
		return fmt.Errorf("write incident %s: %w", l.ID, err)
	}
	return nil
}

// lines reads incidents, the newest first; of one that several found, the line that was claimed first.
func (d *Diagnosis) lines(ctx context.Context, where string, limit int) ([]*line, error) {
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf(`SELECT * FROM (SELECT %s FROM incidents FINAL WHERE state != '%s' ORDER BY claimed, writer LIMIT 1 BY incident)
		WHERE %s ORDER BY opened DESC, incident LIMIT %d`, columns, stateLost, where, limit))
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var all []*line
	for rows.Next() {
		l := &line{}
		var causes string
		var minutes uint16
		err := rows.Scan(&l.ID, &l.writer, &l.claimed, &l.Site, &l.Zone, &l.Signal, &l.State, &l.Started, &l.Opened, &l.Closed, &l.Value, &l.Usual, &l.Ratio,
			&l.Score, &l.Count, &minutes, &causes, &l.Text, &l.Reason)
		if err != nil {
			return nil, fmt.Errorf("read incidents: %w", err)
		}
		l.Minutes = int(minutes)
		if l.Closed.Unix() == 0 {
			l.Closed = time.Time{}
		}
		if err := json.Unmarshal([]byte(causes), &l.Causes); err != nil {
			return nil, fmt.Errorf("read causes of incident %s: %w", l.ID, err)
		}
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	return all, nil
}

// Question selects incidents.
type Question struct {
	Site  string   // every site when empty
	Sites []string // of these only, unless there are none
	State string   // open, closed or all; empty is all
	Limit int      // 0 is 100
}

const (
	usualLimit = 100
	mostLimit  = 1000
)

// States are what may be asked for.
func States() []string { return []string{"all", StateOpen, StateClosed} }

// Check tells what is wrong with a question.
func (q *Question) Check() error {
	switch {
	case q.State != "" && !slices.Contains(States(), q.State):
		return fmt.Errorf("state %.40q does not exist; there are %s", q.State, strings.Join(States(), ", "))
	case q.Limit < 0 || q.Limit > mostLimit:
		return fmt.Errorf("limit %d: want a number from 1 to %d", q.Limit, mostLimit)
	}
	return nil
}

// List tells the incidents that a question selects, the newest first.
func (d *Diagnosis) List(ctx context.Context, q Question) ([]Incident, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	conditions := []string{"true"}
	if q.Site != "" {
		conditions = append(conditions, "site = "+text(q.Site))
	}
	if len(q.Sites) > 0 {
		quoted := make([]string, len(q.Sites))
		for i, site := range q.Sites {
			quoted[i] = text(site)
		}
		conditions = append(conditions, "site IN ("+strings.Join(quoted, ", ")+")")
	}
	if q.State != "" && q.State != "all" {
		conditions = append(conditions, "state = "+text(q.State))
	}
	if q.Limit == 0 {
		q.Limit = usualLimit
	}
	lines, err := d.lines(ctx, strings.Join(conditions, " AND "), q.Limit)
	if err != nil {
		return nil, err
	}
	all := make([]Incident, 0, len(lines))
	for _, l := range lines {
		all = append(all, l.Incident)
	}
	return all, nil
}

// overlap is how much later than another aggregator one may see the same.
const overlap = 10 * time.Minute

// same are the lines of a signal of a site that are open, or were when another one was seen: what comes again after it was over is another.
func same(i *Incident) string {
	return fmt.Sprintf("site = %s AND signal = %s AND opened <= %s AND (state = '%s' OR closed >= %s)",
		text(i.Site), text(i.Signal), moment(i.Opened.Add(overlap)), StateOpen, moment(i.Opened))
}

// claim writes an incident unless somebody has it already. Of two who do so at the same moment, the first one keeps it: settle tells.
func (d *Diagnosis) claim(ctx context.Context, i *Incident) (claimed *line, err error) {
	others, err := d.lines(ctx, same(i), usualLimit)
	if err != nil || len(others) > 0 {
		return nil, err
	}
	l := &line{Incident: *i, writer: d.name}
	if err := d.write(ctx, l); err != nil {
		return nil, err
	}
	return l, nil
}

// settle waits once for what others have written at the same moment to be seen, and gives up the claims that they were first with.
func (d *Diagnosis) settle(ctx context.Context, claims []*line) (won uint64, err error) {
	if len(claims) == 0 {
		return 0, nil
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(d.o.Settle):
	}
	var problems []error
	for _, l := range claims {
		kept, err := d.keep(ctx, l)
		problems = append(problems, err)
		if kept {
			won++
			d.metrics.opened.WithLabelValues(l.Signal).Inc()
			d.o.Log.Info("incident opened", "site", l.Site, "signal", l.Signal, "incident", l.ID)
		}
	}
	return won, errors.Join(problems...)
}

// keep tells whether a claim was the first one; any other is marked as lost.
func (d *Diagnosis) keep(ctx context.Context, l *line) (first bool, err error) {
	all, err := d.lines(ctx, same(&l.Incident), usualLimit)
	if err != nil {
		return false, err
	}
	if slices.MinFunc(append(all, l), earlier).writer == d.name {
		return true, nil
	}
	if mine := slices.IndexFunc(all, func(o *line) bool { return o.writer == d.name }); mine >= 0 {
		all[mine].State = stateLost
		return false, d.write(ctx, all[mine])
	}
	return false, nil
}

// earlier orders lines by who was first. One whose claim has not been read is behind all others.
func earlier(a, b *line) int {
	switch {
	case a.claimed != b.claimed && (a.claimed == 0 || b.claimed != 0 && a.claimed > b.claimed):
		return 1
	case a.claimed != b.claimed:
		return -1
	}
	return strings.Compare(a.writer, b.writer)
}
