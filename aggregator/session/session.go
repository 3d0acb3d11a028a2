// Package session cuts visits out of events: a fold in the order of time, exact and without caps.
//
//	events of a window ─┐
//	                    ├─► parts: one row a session that the window saw ─► sessions: parts by visitor and start
//	carried from before ┘        │
//	        ▲                    │ start, last, campaign in force, viewed
//	        └────────────────────┘ of the half hour before a window are what it is folded with
//
// A session begins with an activity (page view, custom event) after more than 30 minutes without any event of the visitor,
// or at a page view whose campaign is not the one in force. All events of the moment in which it begins are its own. What
// only prolongs (engage, vitals, error) begins none. Bots, refused visitors and opened e-mails have no sessions.
//
// A window is folded once it is closed, and again when its events changed or when what it was folded with came out
// differently: each part remembers a hash of that. Nothing that readers use is ever changed; they are switched over by
// whoever calls Cut. A changed carry is looked for behind each window that was cut, so two programs that cut the same
// windows at once heal what they did to each other.
package session

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"hash/fnv"
	"sync"
	"text/template"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/clickhouse"
	"mayak/schema/cluster"
	"mayak/schema/sites"
)

// Name is the name of the fold, and of the table that holds its parts.
const Name = "session_parts"

// pause is the longest time without an event within a session.
const pause = 30 * time.Minute

// never is when what is of no session began: after all ranges that anybody asks for.
func never() time.Time { return time.Date(2200, time.January, 1, 0, 0, 0, 0, time.UTC) }

// worth is the value of an event as money. The sum of floats would depend on how a session is cut into parts. No value
// that the gate lets through is as large as the bounds.
const worth = "toDecimal64(if(isFinite(value), greatest(least(value, 1e13), -1e13), 0), 4)"

// source is the table or view that sessions are cut from.
const source = "counted"

// usualSlice is how many events one statement folds, at some 300 bytes of the database's memory each.
const usualSlice = 500_000

var (
	//go:embed sql/fold.sql.tmpl
	foldText string
	//go:embed sql/events.sql.tmpl
	eventsText string
	//go:embed sql/carry.sql.tmpl
	carryText string
	//go:embed sql/insert.sql.tmpl
	insertText string
	//go:embed sql/merge.sql.tmpl
	mergeText string
	//go:embed sql/stale.sql.tmpl
	staleText string
	//go:embed sql/sessions.sql.tmpl
	sessionsText string
)

// Options are what a Folder works with.
type Options struct {
	Conn    driver.Conn
	Cluster cluster.Name
	Sites   *sites.Sites
	Slice   uint64        // most events that one statement folds; zero is half a million
	Fresh   time.Duration // how old visits may be that no window holds yet, when they are asked for; zero puts them together each time
	Views   time.Duration // and how old they may become in views while something happens; zero reads them each time that ReadOpen is called

	Registerer prometheus.Registerer
}

// Folder cuts sessions. Safe for concurrent use.
type Folder struct {
	o         Options
	templates *template.Template
	metrics   *metrics
	readings  readings

	mu       sync.Mutex
	quiet    map[string]time.Time // by site: up to where everything was cut and told of
	survey   map[string]time.Time // by site: when all of its history was looked at without need
	surveyed map[string]time.Time // and when at all, by the database's clock
	paused   time.Time            // until when no open parts are read
}

// New makes a Folder.
func New(o Options) *Folder {
	if o.Slice == 0 {
		o.Slice = usualSlice
	}
	f := &Folder{o: o, metrics: newMetrics(o.Registerer), quiet: map[string]time.Time{}, survey: map[string]time.Time{}, surveyed: map[string]time.Time{}}
	f.templates = template.New(Name).Funcs(template.FuncMap{
		"before": func(array string) string {
			return fmt.Sprintf("arrayPushFront(arrayPopBack(%s), %s[1])", array, array)
		},
		"carryHash": func(of string) string {
			return fmt.Sprintf("cityHash64(%[1]sstart, %[1]slast, %[1]scampaign, %[1]sviewed)", of)
		},
	})
	for name, text := range map[string]string{
		"fold": foldText, "events": eventsText, "carry": carryText, "insert": insertText, "merge": mergeText, "stale": staleText, "sessions": sessionsText,
	} {
		template.Must(f.templates.New(name).Parse(text)) // of this program, and tried by any test
	}
	return f
}

// Name is that of the fold.
func (*Folder) Name() string { return Name }

// Definition changes when the sessions of the site would come out differently from the same events: with its goals and
// funnels, and with this program's statements.
func (f *Folder) Definition(site string) uint64 {
	sum := fnv.New64a()
	_, _ = fmt.Fprint(sum, foldText, eventsText, insertText, f.reached(site)) // it never fails
	return sum.Sum64()
}

// statement is what the texts are filled with: pieces of SQL.
type statement struct {
	PauseMS                                     int64
	Never, Worth                                string
	Source, Site, From, To, Slice, Goals, Cover string
	Events, Carry, Parts                        string
	Into, Tier, Window, Generation              string
	Starts, Within                              string // of several windows that are folded at once: their starts, and what is in none of them
	Live                                        bool   // with what happened since the newest window, cut as it is asked for
	Open                                        string // or as it was cut a moment ago: a condition for open_parts
	Below, Since, Until, Facts, Reached, Whole  string
}

func (f *Folder) text(name string, s *statement) string {
	s.PauseMS, s.Never, s.Worth = pause.Milliseconds(), moment(never()), worth
	var b bytes.Buffer
	if err := f.templates.ExecuteTemplate(&b, name, s); err != nil {
		panic(err) // a text of this program does not fit to its own struct; tried by any test
	}
	return b.String()
}

// parts is the query of the parts of one stretch.
func (f *Folder) parts(s *statement) string {
	s.Source = source
	s.Events, s.Carry = f.text("events", s), f.text("carry", s)
	return f.text("fold", s)
}

// reached is an expression for the goals and steps that an event reaches at the site: an array of (name, value, currency).
func (f *Folder) reached(site string) string {
	known := f.o.Sites.Find(site)
	if known == nil {
		return ""
	}
	return reached(known)
}

// count is the answer of a query for one number.
func (f *Folder) count(ctx context.Context, query string) (n uint64, err error) {
	err = f.o.Conn.QueryRow(ctx, query).Scan(&n)
	return n, err
}

func literal(text string) string { return clickhouse.Text(text) }

// moment makes a literal of a time.
func moment(t time.Time) string {
	return fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", t.UnixMilli())
}
