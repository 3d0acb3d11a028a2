package risk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/consent"
	"mayak/schema/geoip"
	"mayak/schema/visitor"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("mayak/schema/clickhouse/clickhousetest.(*Process).wait"))
}

// shop is a desk on a database.
type shop struct {
	*Desk

	t     *testing.T
	conn  driver.Conn
	key   *visitor.Key
	notes []Tally
	reads []Reading

	clock   time.Duration       // how far it is set forward
	stopped time.Time           // where it stands, if it does
	blocked map[string][]uint64 // visitors
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, conn: clickhousetest.Migrated(t).Conn(t)}
	places, err := geoip.New(geoip.Options{Directory: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if s.key, err = visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key")); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "bad.txt"), "203.0.113.66\n")
	s.Desk, err = NewDesk(Options{
		Conn: s.conn, Places: places, Lists: folder, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
		Now: func() time.Time {
			if !s.stopped.IsZero() {
				return s.stopped.Add(s.clock)
			}
			return time.Now().Add(s.clock)
		},
		Key: func() (*visitor.Key, error) { return s.key, nil },
		Read: func(_ context.Context, r *Reading) error {
			s.reads = append(s.reads, *r)
			return nil
		},
		Blocked: func(context.Context) (map[string][]uint64, error) { return s.blocked, nil },
		Note: func(_ context.Context, t *Tally) error {
			s.notes = append(s.notes, *t)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shop) exec(format string, values ...any) {
	s.t.Helper()
	if err := s.conn.Exec(s.t.Context(), fmt.Sprintf(format, values...)); err != nil {
		s.t.Fatal(err)
	}
}

// came stores page views of so many visitors from one address, as collectors do.
func (s *shop) came(first, visitors int, address, more string) {
	s.t.Helper()
	s.exec(`INSERT INTO events (site, ts, received, type, id, visitor, consent, network, browser, os, device, language, origin) SELECT 'demo', now64(3) - 20, now() - 20,
		'pageview', concat('id', toString(number + %[1]d)), number + %[1]d, 'essential', '203.0.113.0/24', 'Chrome', 'Windows', 'desktop', 'ru', 'script'
		FROM numbers(%[2]d) %[3]s`, first, visitors, more)
	s.exec("INSERT INTO network_log (site, ts, id, address, user_agent) SELECT 'demo', now64(3) - 20, concat('id', toString(number + %d)), toIPv6('%s'), 'Mozilla/5.0 (Windows NT 10.0)' FROM numbers(%d)",
		first, address, visitors)
}

func (s *shop) refresh() uint64 {
	s.t.Helper()
	rows, err := s.Refresh(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

func (s *shop) asks(a *Asked) *Answer {
	s.t.Helper()
	a.Site, a.Caller, a.Role = "demo", "token till", "risk"
	answer, err := s.Ask(a)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

func (a *Answer) has(name string) bool {
	return strings.Contains(" "+fmt.Sprint(a.Signals), "{"+name+" ")
}

func (s *shop) count(query string) (n uint64) {
	s.t.Helper()
	if err := s.conn.QueryRow(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestWhatIsStoredIsAnsweredFrom(t *testing.T) {
	s := newShop(t)
	address := netip.MustParseAddr("203.0.113.5")
	if _, err := s.Ask(&Asked{Site: "demo", Address: address}); !errors.Is(err, ErrEmpty) {
		t.Errorf("before anything was read: error = %v", err)
	}
	s.came(1, 1, "203.0.113.5", "")
	if got := s.refresh(); got != 1 {
		t.Errorf("%d events read, want 1", got)
	}
	if a := s.asks(&Asked{Address: address, Session: "id1"}); a.has("cookie_churn") || a.Level == High || !a.Known {
		t.Errorf("one visitor: %+v", a)
	}
	s.came(100, 80, "203.0.113.5", "")
	if got := s.refresh(); got != 80 {
		t.Errorf("%d events read later, want 80: what was read before counts once", got)
	}
	churn := s.asks(&Asked{Address: address, Session: "id100"})
	if !churn.has("cookie_churn") || !churn.has("address_velocity") {
		t.Errorf("eighty new visitors, all alike: %+v", churn)
	}
	if a := s.asks(&Asked{Address: netip.MustParseAddr("203.0.113.66")}); a.Level != High || a.Signals[0].Name != "known_bad" {
		t.Errorf("on a list: %+v", a)
	}

	t.Run("each answer is stored, and who asked how often is noted", func(t *testing.T) {
		if err := s.scores.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.count("SELECT count() FROM risk_scores WHERE kind = 'query' AND caller = 'token till' AND network = '203.0.113.0/24'"); n != 3 {
			t.Errorf("%d rows, want 3", n)
		}
		if err := s.tallies.write(t.Context(), s.o.Note); err != nil || len(s.notes) != 1 || s.notes[0].Asked != 3 {
			t.Errorf("notes %+v, %v", s.notes, err)
		}
	})
	t.Run("who stands out is written down once", func(t *testing.T) {
		first, _ := s.Stand(t.Context())
		second, _ := s.Stand(t.Context())
		if first == 0 || second != 0 {
			t.Errorf("%d, and %d again", first, second)
		}
	})
	t.Run("what is kept says why, and who looked is written down", s.looks)
	t.Run("a verdict is about the score that it names", func(t *testing.T) { s.learns(t, churn) })
}

// looks at the scores that were kept, as security does.
func (s *shop) looks(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   Wanted
		by   string
		kind []string // newest first
	}{
		{"of the crowd's address", Wanted{Address: netip.MustParseAddr("203.0.113.5"), Kind: scoreAddress}, "by address", []string{scoreAddress}},
		{"of an address that nobody came from", Wanted{Address: netip.MustParseAddr("203.0.113.9")}, "by address", nil},
		{"of questions", Wanted{Kind: scoreQuery}, "by kind", []string{scoreQuery, scoreQuery, scoreQuery}},
		{"that are high, of questions", Wanted{Kind: scoreQuery, Least: 70}, "by kind", []string{scoreQuery, scoreQuery}},
		{"of a network", Wanted{Kind: scoreNetwork}, "by kind", []string{scoreNetwork}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.of.Site, tt.of.Limit, tt.of.Caller = "demo", 100, "token officer"
			found, err := s.Scores(t.Context(), &tt.of)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, k := range found {
				kinds = append(kinds, k.Kind)
				if k.Network == "" || len(k.Reasons) == 0 || k.Reasons[0].Evidence == "" {
					t.Errorf("it does not say why: %+v", k)
				}
			}
			if diff := cmp.Diff(tt.kind, kinds); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
			want := Reading{Caller: "token officer", Site: "demo", Detail: tt.by}
			if diff := cmp.Diff(want, s.reads[len(s.reads)-1]); diff != "" {
				t.Errorf("audit (-want +got):\n%s", diff)
			}
		})
	}
}

// learns tells the desk what was found out, and looks what comes of it.
func (s *shop) learns(t *testing.T, churn *Answer) {
	t.Helper()
	for _, tt := range []struct {
		name string
		f    Feedback
		want string // of the error
	}{
		{"fraud", Feedback{Score: churn.ID, Verdict: Legit}, ""},
		{"the second verdict counts", Feedback{Score: churn.ID, Verdict: Fraud}, ""},
		{"no such score", Feedback{Score: "nope", Verdict: Fraud}, "no score of this site"},
		{"of another site", Feedback{Site: "other", Score: churn.ID, Verdict: Fraud}, "no score of this site"},
		{"no such verdict", Feedback{Score: churn.ID, Verdict: "maybe"}, "there are fraud, legit"},
		{"which", Feedback{Verdict: Fraud}, "one of score and visitor"},
		{"both", Feedback{Score: churn.ID, Visitor: "x", Verdict: Fraud}, "one of score and visitor"},
	} {
		if tt.f.Site == "" {
			tt.f.Site = "demo"
		}
		_, err := s.Learn(t.Context(), &tt.f)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error = %v, want %q", tt.name, err, tt.want)
		}
	}
	e, err := Evaluate(t.Context(), s.conn, "demo", time.Now().Add(-time.Hour))
	if err != nil || e.Fraud != 1 || e.Legit != 0 || !strings.Contains(e.String(), "cookie_churn              1     1.000  1.000") {
		t.Errorf("%v\n%s", err, e)
	}
}

func TestWhoConsentedIsKnownByTheCookieUntilErased(t *testing.T) {
	s := newShop(t)
	id := consent.NewID()
	person := s.key.Consented("demo", id)
	s.exec(`INSERT INTO events (site, ts, received, type, id, visitor, consent, network, browser, os, device, language, timezone, origin) SELECT 'demo', now64(3) - 20 - number, now(),
		'pageview', concat('p', toString(number)), %d, 'analytics', '203.0.113.0/24', 'Chrome', ['Windows', 'Android'][number + 1], 'desktop', 'ru', 'Asia/Almaty', 'script' FROM numbers(2)`, person)
	s.refresh()
	address := netip.MustParseAddr("203.0.113.5")
	for _, cookie := range []string{id.String(), "1.analytics.2026-11.2026-11-22." + id.String()} {
		if a := s.asks(&Asked{Address: address, Visitor: cookie}); !a.has("agent_changed") || !a.Known {
			t.Errorf("by %q: %+v", cookie[:1], a)
		}
	}
	for _, wrong := range []string{"x", "1.refused.2026-11.2026-11-22"} {
		if _, err := s.Ask(&Asked{Site: "demo", Address: address, Visitor: wrong}); err == nil || !strings.Contains(err.Error(), "holds no id") {
			t.Errorf("%q: error = %v", wrong, err)
		}
	}
	t.Run("who is blocked is nobody until unblocked", func(t *testing.T) {
		s.blocked = map[string][]uint64{"demo": {person}}
		s.clock += blockedEvery
		s.refresh()
		if a := s.asks(&Asked{Address: address, Visitor: id.String()}); a.Known || a.has("agent_changed") {
			t.Errorf("blocked: %+v", a)
		}
		s.stored(t, person, 0)
		s.blocked = nil
		s.clock += blockedEvery
		s.refresh()
		if a := s.asks(&Asked{Address: address, Visitor: id.String()}); !a.Known {
			t.Errorf("unblocked, and the events are there: %+v", a)
		}
		s.stored(t, person, 1)
		s.exec("TRUNCATE TABLE risk_scores")
	})
	s.asks(&Asked{Address: address, Visitor: id.String()}) // waits to be stored
	s.exec("INSERT INTO tombstones (site, mark, made, ticket) SELECT 'demo', %d, now(), 'T'", s.key.Mark("demo", person))
	s.refresh() // the events are not deleted yet
	if a := s.asks(&Asked{Address: address, Visitor: id.String()}); a.Known || a.has("agent_changed") {
		t.Errorf("after the erasure: %+v", a)
	}
	s.stored(t, person, 0)
	if n := s.count("SELECT count() FROM risk_scores"); n != 2 {
		t.Errorf("%d scores are stored, want both answers, about nobody", n)
	}
}

// stored looks how many scores of a person are written.
func (s *shop) stored(t *testing.T, person, want uint64) {
	t.Helper()
	err := s.scores.flush(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := s.count(fmt.Sprintf("SELECT count() FROM risk_scores WHERE visitor = %d", person)); n != want {
		t.Errorf("%d scores of the person are stored, want %d", n, want)
	}
}

func TestTheDeskStopsWithEverythingWritten(t *testing.T) {
	s := newShop(t)
	s.refresh()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	s.asks(&Asked{Address: netip.MustParseAddr("203.0.113.5")})
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := s.count("SELECT count() FROM risk_scores"); n != 1 || len(s.notes) != 1 {
		t.Errorf("%d scores, %d notes", n, len(s.notes))
	}
}

func TestOldReadingsAreToldAndThenNotAnsweredFrom(t *testing.T) {
	s := newShop(t)
	s.stopped = time.Now()
	s.refresh()
	address := netip.MustParseAddr("203.0.113.5")
	for _, tt := range []struct {
		after time.Duration
		stale bool
		err   error
	}{{5 * time.Second, false, nil}, {15 * time.Second, true, nil}, {61 * time.Second, false, ErrStale}} {
		s.clock = tt.after
		answer, err := s.Ask(&Asked{Site: "demo", Address: address})
		if !errors.Is(err, tt.err) || err == nil && answer.Stale != tt.stale {
			t.Errorf("%s after the last reading: %+v, %v", tt.after, answer, err)
		}
		if got := s.lag(time.Time{}).Round(time.Second); got != tt.after {
			t.Errorf("the gauge says %s, %s after the last reading", got, tt.after)
		}
	}
	if got := testutil.ToFloat64(s.metrics.stale); got != 1 {
		t.Errorf("%v answers counted as stale, want 1", got)
	}
}
