// Package audit writes down who touched a person's rows, so that a changed or missing entry is found.
//
//	writer a:  1 ◄─ 2 ◄─ 3 ◄─────── 4        an entry holds the hash of the one before it in its chain,
//	                ▲         ╲               and of the newest entries of other chains that it saw
//	writer b:       └── 1 ◄─ 2 ◄─ 3
//	anchors:   a1 a2 b1 a3 b2 …              a file outside the database: every entry's hash, each line hashed with the one before
//
// A writer is one run of a process, so any number write at once and none waits for another. An entry is in the database and in the
// file before what it tells of is done. Whoever can change the database alone changes no entry unseen, and removes none: not even the
// newest, or a whole chain. Entries go with their retention; that is told from removal by the time that the anchor has.
package audit

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
)

// Entry is what somebody did.
type Entry struct {
	Who    string // name of a user, a token or an account of the machine; Visitor or Aggregator
	Role   string
	Action string // a few words in lower case, as "erase confirmed"
	Ticket string // the subject request that it was done for
	Site   string
	Why    string // the ground, in the words of who acts
	Detail string // tables and numbers of rows, nothing of a person
}

// Who acts when no operator does.
const (
	Visitor    = "visitor"    // asked on the visitor's page
	Aggregator = "aggregator" // carries out what was asked, or what the policy says
)

// Options are what a Log works with.
type Options struct {
	Conn       driver.Conn
	Anchors    string // the file of anchors; its folder is made
	Now        func() time.Time
	Registerer prometheus.Registerer // may be nil
}

// Log writes entries. Safe for concurrent use.
type Log struct {
	o       Options
	anchors *anchors
	metrics *metrics

	mu       sync.Mutex
	writer   string
	sequence uint64
	previous string
}

// New makes the log of this process.
func New(o Options) *Log {
	return &Log{o: o, anchors: &anchors{path: o.Anchors}, metrics: newMetrics(o.Registerer), writer: newWriter()}
}

// newWriter is the name of a chain.
func newWriter() string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
}

// Write adds an entry. What it tells of may be done only when it returns no error.
func (l *Log) Write(ctx context.Context, e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.write(ctx, e); err != nil {
		l.writer, l.sequence, l.previous = newWriter(), 0, "" // whether the entry got there is not known: its chain ends here
		l.metrics.failed.Inc()
		return fmt.Errorf("write audit entry: %w", err)
	}
	l.metrics.written.Inc()
	return nil
}

func (l *Log) write(ctx context.Context, e Entry) error {
	seen, err := l.others(ctx)
	if err != nil {
		return err
	}
	linked := link{
		Entry: e, writer: l.writer, sequence: l.sequence + 1, at: l.o.Now().UTC().Truncate(time.Microsecond), previous: l.previous, seen: seen,
	}
	linked.hash = linked.sum()
	if err := l.insert(ctx, &linked); err != nil {
		return err
	}
	if err := l.anchors.add(&linked); err != nil {
		return err
	}
	l.sequence, l.previous = linked.sequence, linked.hash
	return nil
}

// crossings is of how many other chains an entry holds the newest.
const crossings = 8

// others are the newest entries of the chains that were written last.
func (l *Log) others(ctx context.Context) (seen []string, err error) {
	err = l.o.Conn.QueryRow(ctx, fmt.Sprintf(`SELECT groupArray(concat(writer, ':', toString(newest), ':', head)) FROM (
		SELECT writer, max(sequence) AS newest, argMax(hash, sequence) AS head FROM audit_log
		WHERE writer != '%s' AND at >= now64(6) - INTERVAL 1 DAY GROUP BY writer ORDER BY max(at) DESC, writer LIMIT %d)`, l.writer, crossings)).Scan(&seen)
	if err != nil {
		return nil, fmt.Errorf("read other chains: %w", err)
	}
	return seen, nil
}

func (l *Log) insert(ctx context.Context, e *link) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
	batch, err := l.o.Conn.PrepareBatch(ctx, "INSERT INTO audit_log (writer, sequence, at, who, role, action, ticket, site, why, detail, previous, seen, hash)")
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	err = batch.Append(e.writer, e.sequence, e.at, e.Who, e.Role, e.Action, e.Ticket, e.Site, e.Why, e.Detail, e.previous, e.seen, e.hash)
	if err != nil {
		return err
	}
	return batch.Send()
}

const longest = 500

var (
	actionForm = regexp.MustCompile(`^[a-z][a-z -]{1,40}$`)
	// What people put into a reason although it has no business there. The visitor page's random ids have 22 characters.
	personal = regexp.MustCompile(`@|\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){3,}|(?:\d[ -]?){9,}|[A-Za-z0-9_-]{22,}`)
)

func (e *Entry) check() error {
	if e.Who == "" || !actionForm.MatchString(e.Action) || len(e.Who)+len(e.Role)+len(e.Ticket)+len(e.Site)+len(e.Detail) > 4*longest {
		return errors.New("audit entry: it needs who, and an action of a few words")
	}
	return CheckReason(e.Why)
}

// ticketForm is the number of a request, which tells of nobody, though its day and a digit after it are as long as a telephone's number.
var ticketForm = regexp.MustCompile(`\b[A-Z]-\d{8}-[a-z2-7]{8}\b`)

// ErrReason is a reason that cannot be written down.
var ErrReason = errors.New("the reason cannot stand in the audit log")

// CheckReason refuses a text that would bring into the log what must not stand there.
func CheckReason(why string) error {
	if len(why) > longest {
		return fmt.Errorf("%w: want at most %d bytes", ErrReason, longest)
	}
	if personal.MatchString(ticketForm.ReplaceAllString(why, "")) {
		return fmt.Errorf("%w: it seems to hold an address, a phone number, an e-mail or an id, and is kept for years; say it without, for example by the number of the letter", ErrReason)
	}
	return nil
}
