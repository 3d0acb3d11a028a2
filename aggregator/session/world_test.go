package session_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/session"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/sites"
)

// TestMain bounds the properties: each try asks the database hundreds of times.
func TestMain(m *testing.M) {
	const tries = "3"
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		_ = f.Value.Set(tries) // a number
	}
	m.Run()
}

const sitesFile = `
sites:
%s`

const siteFile = `
  - id: %s
    hostnames: [localhost]
    time_zone: Asia/Almaty
    goals:
      - {name: booked, event: booking}
      - {name: thanked, page: /thanks, value: 500, currency: KZT}
%s`

// ways are funnels, whose steps stand among the goals of the parts.
const ways = `    funnels:
      - {name: thanks, steps: [{name: home, page: /}, {page: /a}, {goal: thanked}]}
      - {name: in a day, within: day, steps: [{page: /}, {goal: thanked}]}
`

// fataler is a test, or one try of a property.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// world is a database with sites to cut the sessions of. What readers would use stands in cover.
type world struct {
	t      *testing.T
	conn   driver.Conn
	sites  *sites.Sites
	slice  uint64
	folder *session.Folder
	site   string
	cover  map[string][]session.Window // by tier
	count  uint64
}

// newWorld makes a database with this many sites, s0 and on; each try of a property takes one of its own.
func newWorld(t *testing.T, count int, slice uint64, more ...string) *world {
	t.Helper()
	var file strings.Builder
	for i := range count {
		fmt.Fprintf(&file, siteFile, fmt.Sprintf("s%d", i), strings.Join(more, ""))
	}
	known, err := sites.Parse(fmt.Appendf(nil, sitesFile, file.String()))
	if err != nil {
		t.Fatal(err)
	}
	conn := clickhousetest.Migrated(t).Conn(t)
	if err := conn.Exec(t.Context(), "CREATE VIEW IF NOT EXISTS counted AS SELECT * FROM events FINAL"); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, conn: conn, sites: known, slice: slice, site: "s0", cover: map[string][]session.Window{}}
	w.folder = session.New(w.options())
	return w
}

// on is the same world for another site, with nothing cut.
func (w *world) on(site string) *world {
	other := *w
	other.site, other.cover = site, map[string][]session.Window{}
	return &other
}

// anew is the same world with nothing in it.
func (w *world) anew(f fataler) *world {
	f.Helper()
	for _, table := range []string{"events", "window_changes", "visit_changes", "rollup_windows", session.Name, session.OpenParts} {
		if err := w.conn.Exec(w.t.Context(), "TRUNCATE TABLE "+table); err != nil {
			f.Fatal(err)
		}
	}
	fresh := w.on(w.site)
	fresh.folder = session.New(w.options())
	return fresh
}

func (w *world) options() session.Options {
	return session.Options{Conn: w.conn, Sites: w.sites, Slice: w.slice, Registerer: prometheus.NewRegistry()}
}

func (w *world) insert(f fataler, events ...happening) {
	f.Helper()
	if len(events) == 0 {
		return
	}
	batch, err := w.conn.PrepareBatch(w.t.Context(), `INSERT INTO events (site, ts, received, type, id, visitor, consent, path, channel,
		utm_source, utm_medium, utm_campaign, bot, engaged_ms, name, value, currency)`)
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range events {
		if err := batch.Append(w.site, e.At, e.At, e.Type, e.ID, e.Visitor, e.Consent, e.Path, e.Channel,
			e.Source, e.Medium, e.Name, e.Bot, e.EngagedMS, e.Event, float64(e.Value), e.Currency); err != nil {
			f.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		f.Fatal(err)
	}
}

func (w *world) erase(f fataler, visitor uint64) {
	f.Helper()
	err := w.conn.Exec(w.t.Context(), fmt.Sprintf("DELETE FROM events WHERE site = '%s' AND visitor = %d", w.site, visitor))
	if err != nil {
		f.Fatal(err)
	}
}

// windows are those of a length that hold the moments, in order and each once.
func windows(length time.Duration, moments ...time.Time) []session.Window {
	var all []session.Window
	for _, at := range moments {
		from := at.Truncate(length)
		all = append(all, session.Window{From: from, To: from.Add(length)})
	}
	slices.SortFunc(all, func(a, b session.Window) int { return a.From.Compare(b.From) })
	return slices.CompactFunc(all, func(a, b session.Window) bool { return a.From.Equal(b.From) })
}

// stretch is every window of a length between two moments.
func stretch(length time.Duration, from, to time.Time) []session.Window {
	var all []session.Window
	for at := from.Truncate(length); at.Before(to); at = at.Add(length) {
		all = append(all, session.Window{From: at, To: at.Add(length)})
	}
	return all
}

// cut folds windows and switches over to them. It returns what was written.
func (w *world) cut(f fataler, tier string, dirty ...session.Window) []session.Window {
	f.Helper()
	w.count++
	for i := range dirty {
		dirty[i].Tier = tier
	}
	written, err := w.folder.Cut(w.t.Context(), session.Cut{Site: w.site, Generation: w.count, Dirty: dirty, Cover: w.cover[tier]})
	if err != nil {
		f.Fatal(err)
	}
	w.cover[tier] = overlay(w.cover[tier], written)
	return written
}

func (w *world) merge(f fataler, tier string, length time.Duration, below string) {
	f.Helper()
	w.count++
	parts := map[time.Time][]session.Window{}
	for _, window := range w.cover[below] {
		parts[window.From.Truncate(length)] = append(parts[window.From.Truncate(length)], window)
	}
	w.cover[tier] = nil
	for _, into := range stretch(length, w.cover[below][0].From, w.cover[below][len(w.cover[below])-1].To) {
		into.Tier, into.Generation = tier, w.count
		written, err := w.folder.Merge(w.t.Context(), session.Merge{
			Site: w.site, Into: into, Cover: w.cover[tier], Below: parts[into.From],
		})
		if err != nil {
			f.Fatal(err)
		}
		w.cover[tier] = append(w.cover[tier], written)
	}
}

func overlay(cover, written []session.Window) []session.Window {
	byStart := map[time.Time]session.Window{}
	for _, window := range append(slices.Clone(cover), written...) {
		byStart[window.From] = window
	}
	var all []session.Window
	for _, window := range byStart {
		all = append(all, window)
	}
	slices.SortFunc(all, func(a, b session.Window) int { return a.From.Compare(b.From) })
	return all
}

// sessions are the parts of a tier, put together by the plainest means.
func (w *world) sessions(f fataler, tier string) []visit {
	f.Helper()
	var pairs []string
	for _, window := range w.cover[tier] {
		pairs = append(pairs, fmt.Sprintf("(%d, %d)", window.From.Unix(), window.Generation))
	}
	rows, err := w.conn.Query(w.t.Context(), fmt.Sprintf(`SELECT visitor, start, window, last, views, actions, engaged_ms, toString(consent), entered, toString(entry), toString(exit), toString(channel),
		toString(utm_source), toString(utm_medium), toString(utm_campaign), revenue.currency, arrayMap(a -> toInt64(a), revenue.amount),
		goals.name, goals.at, arrayMap(v -> toInt64(v), goals.value), goals.currency
		FROM session_parts WHERE site = '%s' AND tier = '%s' AND (toUnixTimestamp(window), generation) IN (%s) AND start < '2199-01-01' ORDER BY visitor, start, window`,
		w.site, tier, strings.Join(append(pairs, "(0, 0)"), ", ")))
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []visit
	for rows.Next() {
		var p part
		if err := rows.Scan(&p.Visitor, &p.Start, &p.window, &p.Last, &p.Views, &p.Actions, &p.engaged, &p.Consent, &p.entered, &p.Entry, &p.Exit, &p.Channel,
			&p.Source, &p.Medium, &p.Name, &p.currencies, &p.amounts, &p.goals, &p.at, &p.values, &p.units); err != nil {
			f.Fatal(err)
		}
		if len(all) > 0 && all[len(all)-1].Visitor == p.Visitor && all[len(all)-1].Start.Equal(p.Start) {
			all[len(all)-1] = all[len(all)-1].plus(f, &p)
		} else {
			all = append(all, visit{Visitor: p.Visitor, Start: p.Start, Consent: "advertising"}.plus(f, &p))
		}
	}
	if err := rows.Err(); err != nil {
		f.Fatal(err)
	}
	return all
}

// part is a row of the table.
type part struct {
	visit

	window            time.Time
	entered           uint8
	engaged           *uint32
	currencies, goals []string
	amounts, values   []int64
	at                []time.Time
	units             []string
}

// plus is the visit and one more part of it.
func (v visit) plus(f fataler, p *part) visit {
	f.Helper()
	v.Last = p.Last
	v.Views, v.Actions = v.Views+p.Views, v.Actions+p.Actions
	v.Consent = lowest(v.Consent, p.Consent)
	if p.engaged != nil {
		sum := uint64(*p.engaged)
		if v.Engaged != nil {
			sum += *v.Engaged
		}
		v.Engaged = &sum
	}
	if p.entered == 1 {
		if v.Entry != "" {
			f.Fatal("a session was entered twice")
		}
		v.Entry, v.Channel, v.Source, v.Medium, v.Name = p.Entry, p.Channel, p.Source, p.Medium, p.Name
	}
	if p.Views > 0 {
		v.Exit = p.Exit
	}
	return v.worth(p)
}

// worth is the visit with the money and the goals of the part.
func (v visit) worth(p *part) visit {
	for i, currency := range p.currencies {
		if v.Revenue == nil {
			v.Revenue = map[string]int64{}
		}
		v.Revenue[currency] += p.amounts[i]
	}
	for i, goal := range p.goals {
		v.Goals = append(v.Goals, reachedGoal{goal, p.at[i], p.values[i], p.units[i]})
	}
	return v
}

// stir are events of some visitors, some of whom consented, over a time up to now; so many in a few hours of each day that visits of all kinds come about.
func stir(now time.Time, span time.Duration, count int) []happening {
	chance := rand.New(rand.NewPCG(1, 2))
	one := func(of ...string) string { return of[chance.IntN(len(of))] }
	all := make([]happening, count)
	for i := range all {
		e := happening{
			ID: fmt.Sprintf("stirred %d", i), At: now.Add(-time.Duration(chance.Int64N(int64(span)))).Truncate(time.Millisecond), Visitor: 1 + chance.Uint64N(9),
			Type: one("pageview", "pageview", "event", "engage"), Consent: "essential",
		}
		if e.Visitor > 4 { // at one of some hours
			e.At = e.At.Truncate(6 * time.Hour).Add(time.Duration(chance.Int64N(int64(90 * time.Minute)))).Truncate(time.Millisecond)
			e.Consent = one("analytics", "advertising")
		}
		switch e.Type {
		case "pageview":
			e.Path, e.Channel, e.Source = one("/", "/a", "/thanks"), one("direct", "internal", "social"), one("", "", "sms")
		case "event":
			e.Event, e.Value, e.Currency = one("booking", "call"), chance.Int64N(3), one("", "KZT", "USD")
		case "engage":
			e.EngagedMS = uint32(chance.IntN(9000))
		}
		all[i] = e
	}
	return all
}
