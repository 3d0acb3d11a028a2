package diagnose

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Visit is what happened in the visit of somebody who read out a support reference: what a role may read of it, and nothing else.
type Visit struct {
	Reference string         `json:"reference"`
	Site      string         `json:"site"`
	Given     time.Time      `json:"given"` // when the page showed the reference
	Events    []VisitedEvent `json:"events"`
}

// VisitedEvent is one thing that happened.
type VisitedEvent struct {
	Here   bool              `json:"here"`   // on the page view that the reference was shown on
	Values map[string]string `json:"values"` // by column; what is empty, zero or not for the reader is left out
}

// ErrNoReference is one that is not there, or not any more.
var ErrNoReference = errors.New("nothing is known under this reference: it may be mistyped, or older than it is kept")

// ErrNotAReference is a text that can be none.
var ErrNotAReference = errors.New("a reference has eight of the characters 23456789ABCDEFGHJKLMNPQRSTUVWXYZ")

var referenceForm = regexp.MustCompile(`^[2-9A-HJ-NP-Z]{8}$`)

const (
	// visited is how far from the reference a visit is looked for, and pause what ends it.
	visited     = 12 * time.Hour
	visitsPause = 30 * time.Minute
	mostEvents  = 1000
)

// VisitColumns are those that say what happened: pages as they are stored, statuses, times and faults, and with what. Nothing in them says who
// the person is.
func VisitColumns() []string {
	return []string{
		"ts", "type", "path", "status", "protocol", "method", "duration_ms", "server_ms", "bytes", "error_kind", "error_type", "phase", "error_message",
		"error_source", "error_line", "error_column", "fingerprint", "vitals", "country", "asn", "browser", "browser_version", "os", "device", "app", "app_version",
	}
}

// Referred looks a support reference up. readable tells which columns of events the reader may read: without that of the visitor, only the page
// view itself is told of, and without that of the reference, nothing.
func (d *Diagnosis) Referred(ctx context.Context, reference string, readable func(column string) bool) (*Visit, error) {
	code := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(reference))
	if !referenceForm.MatchString(code) {
		return nil, ErrNotAReference
	}
	if !readable("reference") || !readable("page") {
		return nil, ErrNoReference
	}
	v := &Visit{Reference: code, Events: []VisitedEvent{}}
	var page string
	var visitor uint64
	err := d.o.Conn.QueryRow(ctx, "SELECT toString(site), page, if(consent IN ('analytics', 'advertising'), visitor, 0), toDateTime(ts, 'UTC') FROM counted WHERE reference = "+text(code)+" ORDER BY ts DESC LIMIT 1").
		Scan(&v.Site, &page, &visitor, &v.Given)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNoReference
	case err != nil:
		return nil, fmt.Errorf("look for a reference: %w", err)
	}
	whose := fmt.Sprintf("%s = %s", pageOf, text(page))
	if visitor != 0 && readable("visitor") { // without consent an id is that of everybody with this browser in this network
		whose = fmt.Sprintf("(%s OR visitor = %d)", whose, visitor)
	}
	if err := d.readVisit(ctx, v, page, whose, readable); err != nil {
		return nil, err
	}
	return v, nil
}

// readVisit reads what happened around a reference, without pauses that end a visit.
func (d *Diagnosis) readVisit(ctx context.Context, v *Visit, page, whose string, readable func(string) bool) error {
	columns := slices.DeleteFunc(VisitColumns(), func(name string) bool { return !readable(name) })
	values := make([]string, 0, len(columns)+1)
	for _, name := range columns {
		values = append(values, fmt.Sprintf("('%[1]s', if(empty(toString(%[1]s)) OR toString(%[1]s) IN ('0', '{}'), '', toString(%[1]s)))", name))
	}
	values = append(values, "('', '')") // so that there is one
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf("SELECT ts, %s = %s, arrayFilter(one -> one.2 != '', [%s]) FROM counted WHERE site = %s AND %s AND %s ORDER BY abs(toUnixTimestamp(ts) - %d), id LIMIT %d",
		pageOf, text(page), strings.Join(values, ", "), text(v.Site), between(Span{v.Given.Add(-visited), v.Given.Add(visited)}), whose, v.Given.Unix(), mostEvents))
	if err != nil {
		return fmt.Errorf("read the visit of a reference: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var times []time.Time
	for rows.Next() {
		var at time.Time
		var here uint8
		var told [][]any
		if err := rows.Scan(&at, &here, &told); err != nil {
			return fmt.Errorf("read the visit of a reference: %w", err)
		}
		e := VisitedEvent{Here: here == 1, Values: map[string]string{}}
		for _, one := range told {
			e.Values[fmt.Sprint(one[0])] = fmt.Sprint(one[1])
		}
		times, v.Events = append(times, at), append(v.Events, e)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the visit of a reference: %w", err)
	}
	v.Events = oneVisit(v.Given, times, v.Events)
	return nil
}

// oneVisit leaves the events that no pause divides from a moment, in the order in which they happened.
func oneVisit(given time.Time, times []time.Time, events []VisitedEvent) []VisitedEvent {
	order := make([]int, len(times))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return times[a].Compare(times[b]) })
	middle, _ := slices.BinarySearchFunc(order, given, func(i int, at time.Time) int { return times[i].Compare(at) })
	first, last := middle, middle
	for before := given; first > 0 && before.Sub(times[order[first-1]]) <= visitsPause; first-- {
		before = times[order[first-1]]
	}
	for after := given; last < len(order) && times[order[last]].Sub(after) <= visitsPause; last++ {
		after = times[order[last]]
	}
	visit := make([]VisitedEvent, 0, last-first)
	for _, i := range order[first:last] {
		visit = append(visit, events[i])
	}
	return visit
}
