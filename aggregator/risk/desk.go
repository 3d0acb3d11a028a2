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
	Lists      string                                             // folder of the operator's lists; empty is none
	Key        func() (*visitor.Key, error)                       // of those who consented
	Blocked    func(context.Context) (map[string][]uint64, error) // visitors of each site whose data are blocked; nil is none
	Note       func(context.Context, *Tally) error                // writes into the audit log
	Read       func(context.Context, *Reading) error              // the same, before scores are read
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

	ring atomic.Pointer[ring]

	buried time.Time // tombstones up to here were seen; only Refresh uses these
	asked  time.Time // who is blocked
}

// NewDesk reads the lists and dials nothing.
func NewDesk(o Options) (*Desk, error) {
	lists, err := NewLists(o.Lists, o.Log, o.Registerer)
	if err != nil {
		return nil, err
	}
	window := NewWindow(o.Places, o.Bounds)
	d := &Desk{o: o, places: o.Places, lists: lists, window: window}
	window.called = d.called
	began := o.Now()
	d.metrics = newMetrics(o.Registerer, func() float64 { return d.lag(began).Seconds() })
	d.feed = &Feed{conn: o.Conn, window: window, metrics: d.metrics}
	d.scores = &scores{conn: o.Conn, metrics: d.metrics, barred: &window.barred}
	return d, nil
}

// lag is how old the newest reading of events is, or for how long there is none.
func (d *Desk) lag(began time.Time) time.Duration {
	if filled := d.filled.Load(); filled != 0 {
		began = time.UnixMilli(filled)
	}
	return max(0, d.o.Now().Sub(began))
}

// ring is the visitor key and what is derived of it, kept so that no question waits for the database that the key is compared with.
type ring struct {
	key       *visitor.Key
	addresses visitor.Salt
}

// keyed is the key that was good when events were last read.
func (d *Desk) keyed() (*ring, error) {
	if known := d.ring.Load(); known != nil {
		return known, nil
	}
	key, err := d.o.Key()
	if err != nil {
		return nil, err
	}
	return d.keep(key), nil
}

func (d *Desk) keep(key *visitor.Key) *ring {
	secret := key.Derive("risk: addresses")
	r := &ring{key, visitor.Salt(secret[:16])}
	d.ring.Store(r)
	return r
}

// called is a keyed hash that scores call an address by, so that those of one address can be found. Its key is not in the database.
func (d *Desk) called(site, address string) uint64 {
	known := d.ring.Load()
	if known == nil || address == "" {
		return 0
	}
	return visitor.Blind(known.addresses, []byte(site+" "+address))
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
	if err := d.bar(ctx); err != nil {
		return 0, err
	}
	rows, err := d.feed.Refresh(ctx)
	if err != nil {
		return rows, err
	}
	d.filled.Store(began.UnixMilli())
	return rows, nil
}

// Stand writes down who stands out. The scheduler calls it.
func (d *Desk) Stand(context.Context) (uint64, error) {
	now := d.o.Now()
	all := d.window.Standing(now)
	for _, s := range all {
		d.scores.add(score{Standing: s, id: newID(), at: now})
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
	Stale    bool          // that is more than should be
	Complete bool          // all that happened in the last hour was looked at
	Known    bool          // something was seen of the visitor
}

// How old the newest reading may be before answers say so, and before there are none: an answer from long ago is one about somebody else.
const (
	staleAfter  = 10 * time.Second
	silentAfter = time.Minute
)

// What is answered instead of a score.
var (
	ErrEmpty = errors.New("events of the last hour are not read yet")
	ErrStale = errors.New("no event was read for more than a minute")
)

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
	lag := max(0, now.Sub(time.UnixMilli(filled)))
	if lag > silentAfter {
		return nil, ErrStale
	}
	q, err := d.question(a)
	if err != nil {
		return nil, err
	}
	f := d.window.Facts(q, d.lists, now)
	one := asked(q, f, now)
	one.Address = d.called(a.Site, client(q.Address))
	answer := &Answer{
		Assessment: one.Assessment, ID: one.id, Location: f.Place, Lag: lag, Stale: lag > staleAfter, Complete: f.Complete, Known: f.Visitor.Events > 0,
	}
	d.scores.add(one)
	d.tallies.count(a.Caller, a.Role, a.Site, answer.Level, now)
	d.metrics.answered(answer)
	return answer, nil
}

// asked is the score of a question.
func asked(q *Question, f *Facts, now time.Time) score {
	return score{
		Standing: Standing{
			Assessment: Assess(f), Kind: scoreQuery, Site: q.Site, Visitor: f.visitor, Began: f.began,
			Network: NetworkOf(q.Address), ASN: f.Place.ASN, Country: f.Place.Country,
		},
		id: newID(), at: now, caller: q.Caller,
	}
}

// question says who is meant, if anybody in particular. A session that is not of the last hour says nothing, and is no mistake.
func (d *Desk) question(a *Asked) (*Question, error) {
	q := &Question{Site: a.Site, Address: a.Address.Unmap().WithZone(""), Page: a.Session, Declared: a.Declared, Amount: a.Amount, Caller: a.Caller}
	switch {
	case a.Visitor != "" && a.Session != "":
		return nil, mistake("visitor and session are both given: want one of them")
	case a.Visitor != "":
		var err error
		q.Visitor, err = d.byCookie(a.Site, a.Visitor)
		return q, err
	}
	return q, nil
}

func (d *Desk) byCookie(site, cookie string) (uint64, error) {
	id, ok := consent.ParseID(cookie[strings.LastIndexByte(cookie, '.')+1:])
	if !ok {
		return 0, mistake("visitor holds no id: want the value of %s, which ends with 22 letters and digits after a dot; one that says refused names nobody, leave visitor out then", consent.Name(site))
	}
	known, err := d.keyed()
	if err != nil {
		return 0, err
	}
	return known.key.Consented(site, id), nil
}
