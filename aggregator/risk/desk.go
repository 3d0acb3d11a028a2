package risk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/consent"
	"mayak/schema/geoip"
	"mayak/schema/visitor"
)

// Options are what a Desk works with.
type Options struct {
	Conn       driver.Conn
	Places     *geoip.Places
	Lists      string                              // folder of the operator's lists; empty is none
	Key        func() (*visitor.Key, error)        // of those who consented
	Note       func(context.Context, *Tally) error // writes into the audit log
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
	Bounds     Bounds
}

// Desk answers the payment step. Safe for concurrent use.
type Desk struct {
	o       Options
	places  *geoip.Places
	lists   *Lists
	window  *Window
	feed    *Feed
	scores  *scores
	tallies tallies
	metrics *metrics

	filled atomic.Int64 // when the window was read last, in milliseconds; 0: never
}

// NewDesk reads the lists and dials nothing.
func NewDesk(o Options) (*Desk, error) {
	lists, err := NewLists(o.Lists, o.Log, o.Registerer)
	if err != nil {
		return nil, err
	}
	m := newMetrics(o.Registerer)
	window := NewWindow(o.Places, o.Bounds)
	return &Desk{
		o: o, places: o.Places, lists: lists, window: window, metrics: m,
		feed: &Feed{conn: o.Conn, window: window, metrics: m}, scores: &scores{conn: o.Conn, metrics: m},
	}, nil
}

const (
	flushEvery = time.Second
	noteEvery  = 10 * time.Second
	stopping   = 5 * time.Second
)

// Run watches files, and writes scores and tallies, until ctx ends; what waits then is written still.
func (d *Desk) Run(ctx context.Context) error {
	watched := make(chan error, 2)
	go func() { watched <- d.places.Run(ctx) }()
	go func() { watched <- d.lists.Run(ctx) }()
	flush, note := time.NewTicker(flushEvery), time.NewTicker(noteEvery)
	defer flush.Stop()
	defer note.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-flush.C:
			if err := d.scores.flush(ctx); err != nil && ctx.Err() == nil {
				d.o.Log.Error("risk scores not written, trying again", "err", err)
			}
		case <-note.C:
			if err := d.tallies.write(ctx, d.o.Note); err != nil && ctx.Err() == nil {
				d.o.Log.Error("questions about risk not written down, trying again", "err", err)
			}
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	err := d.scores.flush(last)
	return errors.Join(err, d.tallies.write(last, d.o.Note), <-watched, <-watched)
}

// Refresh takes in what has come since the last time. The scheduler calls it.
func (d *Desk) Refresh(ctx context.Context) (uint64, error) {
	began := d.o.Now()
	rows, err := d.feed.Refresh(ctx)
	if err != nil {
		return rows, err
	}
	if key, err := d.o.Key(); err == nil { // without a key nobody was erased
		if err := d.feed.Erased(ctx, key.Mark); err != nil {
			return rows, err
		}
	}
	d.filled.Store(began.UnixMilli())
	d.metrics.lag.Set(0)
	return rows, nil
}

// Stand writes down who stands out. The scheduler calls it.
func (d *Desk) Stand(context.Context) (uint64, error) {
	now := d.o.Now()
	all := d.window.Standing(now)
	for _, s := range all {
		kind := scoreNetwork
		if s.Visitor != 0 {
			kind = scoreVisitor
		}
		d.scores.add(score{Standing: s, id: newID(), at: now, kind: kind})
	}
	return uint64(len(all)), nil
}

// Asked is a question as the payment step puts it.
type Asked struct {
	Site     string
	Address  netip.Addr
	Visitor  string // the value of the site's cookie, or its last part
	Session  string // the id of a page view, or the support reference that the visitor was told
	Declared string
	Amount   float64
	Caller   string // who asks, and in which role
	Role     string
}

// Answer is what the payment step is told. It decides nothing.
type Answer struct {
	Assessment

	ID       string
	Location geoip.Location
	Lag      time.Duration // how old the newest reading of events is
	Known    bool          // something was seen of the visitor
}

// ErrEmpty says that the window was not read yet.
var ErrEmpty = errors.New("events of the last hour are not read yet")

// MistakeError is what is wrong with a question.
type MistakeError struct {
	Text    string
	Missing bool
}

func (e *MistakeError) Error() string { return e.Text }

func mistake(format string, values ...any) error {
	return &MistakeError{Text: fmt.Sprintf(format, values...)}
}

// Ask answers from memory.
func (d *Desk) Ask(a *Asked) (*Answer, error) {
	filled := d.filled.Load()
	if filled == 0 {
		return nil, ErrEmpty
	}
	now := d.o.Now()
	q := &Question{Site: a.Site, Address: a.Address.Unmap().WithZone(""), Declared: a.Declared, Amount: a.Amount, Caller: a.Caller}
	var err error
	if q.Visitor, err = d.visitor(a, now); err != nil {
		return nil, err
	}
	f := d.window.Facts(q, d.lists, now)
	answer := &Answer{Assessment: Assess(f), ID: newID(), Location: f.Place, Lag: now.Sub(time.UnixMilli(filled)), Known: f.Visitor.Events > 0}
	d.scores.add(score{
		Standing: Standing{Assessment: answer.Assessment, Site: a.Site, Visitor: q.Visitor, Network: NetworkOf(q.Address), ASN: f.Place.ASN, Country: f.Place.Country},
		id:       answer.ID, at: now, kind: scoreQuery, caller: a.Caller,
	})
	d.tallies.count(a.Caller, a.Role, a.Site, answer.Level, now)
	d.metrics.answers.WithLabelValues(string(answer.Level)).Inc()
	d.metrics.lag.Set(answer.Lag.Seconds())
	return answer, nil
}

// visitor is who is meant; 0 is nobody in particular. A session that is not of the last hour says nothing, and is no mistake.
func (d *Desk) visitor(a *Asked, now time.Time) (uint64, error) {
	switch {
	case a.Visitor != "" && a.Session != "":
		return 0, mistake("visitor and session are both given: want one of them")
	case a.Visitor != "":
		return d.byCookie(a.Site, a.Visitor)
	case a.Session != "":
		visitor, _ := d.window.VisitorOf(a.Site, a.Session, now)
		return visitor, nil
	}
	return 0, nil
}

func (d *Desk) byCookie(site, cookie string) (uint64, error) {
	id, ok := consent.ParseID(cookie[strings.LastIndexByte(cookie, '.')+1:])
	if !ok {
		return 0, mistake("visitor holds no id: want the value of %s, which ends with 22 letters and digits after a dot; one that says refused names nobody, leave visitor out then", consent.Name(site))
	}
	key, err := d.o.Key()
	if err != nil {
		return 0, err
	}
	return key.Consented(site, id), nil
}
