package rollup_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"mayak/aggregator/rollup"
	"mayak/schema/sites"
)

// TestMain bounds the properties: each try asks the database hundreds of times.
func TestMain(m *testing.M) {
	const tries = "2"
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		_ = f.Value.Set(tries) // a number
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// story is what happens to one site.
type story struct {
	*world

	site *sites.Site
	now  time.Time
}

// Whatever happens to events, and however aggregators die over it, the views say what events say.
func TestWhateverHappensTheNumbersAreThoseOfEvents(t *testing.T) {
	w := newWorld(t)
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		s := &story{world: w, site: w.site(), now: time.Now()}
		for range rapid.IntRange(2, 7).Draw(rt, "steps") {
			s.step(rt)
		}
		s.settle(s.engine(s.conn))
		if rapid.Bool().Draw(rt, "sweep") {
			if _, err := s.engine(s.conn).Sweep(t.Context()); err != nil {
				rt.Fatal(err)
			}
		}
		for i := range 3 {
			s.agree(s.question(rt), checks == 0 || i == 0 && rapid.IntRange(0, 3).Draw(rt, "views") == 0)
			checks++
		}
		s.exec("TRUNCATE TABLE window_changes") // the next story shall not look at this one's windows
	})
	t.Logf("%d ranges compared, %d reports each", checks, len(straights()))
}

func (s *story) step(rt *rapid.T) {
	switch rapid.SampledFrom([]string{"insert", "insert", "insert", "again", "moved", "erase", "reclassify", "round", "death", "race"}).Draw(rt, "step") {
	case "insert":
		s.insert(rt)
	case "again":
		s.exec(fmt.Sprintf("INSERT INTO events SELECT * REPLACE (received + 1 AS received) FROM events FINAL WHERE site = '%s' AND cityHash64(id) %% 3 = 0", s.site.ID))
	case "moved": // the same event with another time of the same hour; the newest stays
		s.exec(fmt.Sprintf("INSERT INTO events SELECT * REPLACE (toStartOfHour(ts) + cityHash64(id, 7) %% 3600 AS ts, received + 2 AS received) FROM events FINAL "+
			"WHERE site = '%s' AND cityHash64(id) %% 3 = 1 AND ts < toStartOfHour(now())", s.site.ID))
	case "erase":
		visitor := rapid.IntRange(1, 8).Draw(rt, "who")
		s.exec(fmt.Sprintf("INSERT INTO erased SELECT site, toStartOfFiveMinute(ts), now64(3) FROM events WHERE site = '%s' AND visitor = %d", s.site.ID, visitor))
		s.exec(fmt.Sprintf("DELETE FROM events WHERE site = '%s' AND visitor = %d", s.site.ID, visitor))
		s.exec(fmt.Sprintf("INSERT INTO window_changes SELECT site, window, 1, now64(3) FROM erased WHERE site = '%s' GROUP BY site, window", s.site.ID))
	case "reclassify":
		s.exec(fmt.Sprintf("INSERT INTO events SELECT * REPLACE ('search:late' AS bot) FROM events FINAL WHERE site = '%s' AND visitor = %d", s.site.ID, rapid.IntRange(1, 8).Draw(rt, "who")))
	case "round":
		s.settle(s.engine(s.conn))
	case "death":
		dying := &mortal{Conn: s.conn}
		dying.left.Store(int64(rapid.IntRange(1, 120).Draw(rt, "statements")))
		_, _ = s.engine(dying).Round(s.t.Context())
	case "race":
		var both sync.WaitGroup
		for _, e := range []*rollup.Engine{s.engine(s.conn), s.engine(s.conn)} {
			both.Go(func() {
				if _, err := e.Round(s.t.Context()); err != nil {
					s.t.Error(err)
				}
			})
		}
		both.Wait()
	}
}

// fault is what an event tells of servers and scripts.
type fault struct {
	vitals                                                 map[string]float32
	status                                                 uint16
	server, weight                                         float32
	protocol, kind, detail, message, source, phase, origin string
	fingerprint                                            uint64
}

// one200 is a status, mostly a good one; 0 is not known.
func one200(chance uint64) int { return []int{200, 200, 0, 502}[chance] }

// insert adds events of a few visitors, some of them days late.
func (s *story) insert(rt *rapid.T) {
	batch, err := s.conn.PrepareBatch(s.t.Context(), `INSERT INTO events (site, ts, received, type, id, visitor, consent, path, channel, referrer_host, utm_source, utm_campaign,
		country, region, asn, network, browser, browser_version, os, device, screen_width, screen_height, language, bot, engaged_ms, scroll, name, props, value, currency,
		vitals, status, server_ms, protocol, error_kind, error_type, error_message, error_source, fingerprint, weight, phase, origin)`)
	if err != nil {
		rt.Fatal(err)
	}
	late := rapid.SampledFrom([]time.Duration{0, 3 * time.Hour, 25 * time.Hour, 7 * 24 * time.Hour, 35 * 24 * time.Hour}).Draw(rt, "late")
	chance := rapid.Uint64().Draw(rt, "seed")
	pick := func(n uint64) uint64 {
		chance = chance*6364136223846793005 + 1442695040888963407
		return (chance >> 33) % n
	}
	one := func(of ...string) string { return of[pick(uint64(len(of)))] }
	for range rapid.IntRange(1, 60).Draw(rt, "events") {
		s.ids++
		at := s.now.Add(-late - time.Duration(pick(uint64(100*time.Minute)))).Truncate(time.Millisecond)
		visitor, level, kind, bot := 1+pick(8), "essential", one("pageview", "pageview", "pageview", "engage", "event", "vitals", "vitals", "error", "report", "open"), ""
		if visitor > 4 {
			level = one("analytics", "advertising", "analytics", "essential") // the last changed their mind
		}
		if pick(12) == 0 {
			visitor, level = 0, "refused"
		}
		if pick(12) == 0 {
			bot = one("search:google", "ai-crawler:x")
		}
		channel, name, value, engaged, scroll, currency := one("internal", "direct", "social"), "", 0.0, uint32(0), uint8(0), ""
		props := map[string]string{}
		d := fault{weight: 1, vitals: map[string]float32{}}
		switch kind {
		case "engage":
			engaged, scroll = uint32(pick(200_000)), uint8(pick(101))
		case "event":
			name, value, currency = one("booking", "outbound", "download"), float64(pick(100))/4, one("", "KZT")
			props["url"], props["branch"] = one("https://a.test/", "https://b.test/"), one("x", "y")
		case "vitals":
			d.vitals = map[string]float32{"ttfb": float32(1 + pick(900)), "cls": float32(pick(100)) / 250, "status": float32(one200(pick(4)))}
			d.protocol, d.weight = one("h2", "h3"), []float32{1, 1 / 0.7, 2.5}[pick(3)]
		case "error":
			d.kind, d.message, d.source, d.fingerprint = one("error", "error"), one("x is not a function", "y"), one("/a.js", ""), pick(3)
			d.weight = []float32{1, 1 / 0.7}[pick(2)]
		case "report":
			d.kind, d.detail, d.phase, d.weight = one("network-error", "csp-violation"), one("tcp.timed_out", "script-src"), one("dns", ""), max(1, float32(1+pick(9))/3)
		case "pageview":
			d.status, d.server = uint16(pick(2)*503), float32(pick(3)*170)
			d.origin = one("log", "script")
		case "open":
			name = one("human", "proxy")
		}
		err := batch.Append(s.site.ID, at, at, kind, fmt.Sprint("id", s.ids), visitor, level, one("/", "/a", "/b"), channel, one("", "t.me"), one("", "mail"), one("", "autumn"),
			one("KZ", "RU", ""), one("", "75"), uint32(pick(3)), one("1.2.3.0/24", "2a00::/48"), one("Chrome", "Safari"), one("", "120"), one("iOS", "Windows"), one("mobile", "desktop"),
			uint16(pick(2)*1920), uint16(1080), one("kk", "ru"), bot, engaged, scroll, name, props, value, currency,
			d.vitals, d.status, d.server, d.protocol, d.kind, d.detail, d.message, d.source, d.fingerprint, d.weight, d.phase, d.origin)
		if err != nil {
			rt.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		rt.Fatal(err)
	}
}

// question is a range that begins and ends with a day, an hour or anywhere, in the site's zone or another.
func (s *story) question(rt *rapid.T) question {
	zone := s.site.Location()
	if rapid.IntRange(0, 3).Draw(rt, "abroad") == 0 {
		zone, _ = time.LoadLocation(rapid.SampledFrom(zones()).Draw(rt, "zone"))
	}
	q := question{site: s.site.ID, zone: zone.String(), grain: rapid.SampledFrom([]string{"total", "total", "hour", "day", "month"}).Draw(rt, "grain")}
	edge := func(label string) time.Time {
		back := rapid.SampledFrom([]time.Duration{0, 2 * time.Hour, 4 * time.Hour, 26 * time.Hour, 6 * 24 * time.Hour, 8 * 24 * time.Hour, 36 * 24 * time.Hour}).Draw(rt, label) +
			time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(rt, label+" exactly"))
		at := s.now.Add(-back).In(zone)
		switch rapid.IntRange(0, 3).Draw(rt, label+" cut") {
		case 0:
			return at.Truncate(time.Second)
		case 1:
			return at.Truncate(time.Hour)
		}
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
	}
	q.since, q.until = edge("since"), edge("until")
	if q.until.Before(q.since) {
		q.since, q.until = q.until, q.since
	}
	if rapid.IntRange(0, 2).Draw(rt, "open end") == 0 {
		q.until = s.now.Add(time.Hour)
	}
	return q
}

// A reader sees the numbers of before or of after, never half of a window, never one twice, while aggregators compute and sweep.
func TestAReaderNeverSeesHalfAWindow(t *testing.T) {
	w := newWorld(t)
	site := w.site().ID
	insert := func(offset int) {
		w.exec(fmt.Sprintf("INSERT INTO events (site, ts, received, type, id, visitor, consent, path) SELECT '%s', now() - 7200 - number %% 9000, now(), 'pageview', "+
			"concat('%d-', toString(number)), 1 + number %% 300, if(number %% 3 = 0, 'analytics', 'essential'), '/' FROM numbers(3000)", site, offset))
	}
	insert(0)
	w.settle(w.engine(w.conn))
	ctx, stop := context.WithCancel(t.Context())
	var computing sync.WaitGroup
	for range 2 {
		e := w.engine(w.conn)
		computing.Go(func() {
			for ctx.Err() == nil {
				err := e.Rebuild(ctx, rollup.RebuildOptions{From: time.Now().AddDate(0, 0, -3), To: time.Now().AddDate(0, 0, 1), Rollup: "traffic", Site: site})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	const reads = 5
	seen := map[string]int{}
	for range reads {
		text, err := w.reads.Select(t.Context(), rollup.Question{
			Report: "traffic", Site: site, Since: time.Unix(1e9, 0), Until: time.Unix(4e9, 0), Grain: "total", Zone: "UTC",
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{"(" + text + ")", "traffic(site = '" + site + "', since = '2020-01-01 00:00:00', until = '2099-01-01 00:00:00', grain = 'total', zone = 'UTC')"} {
			for _, line := range w.rows("SELECT views FROM " + from) {
				seen[line]++
			}
		}
	}
	stop()
	computing.Wait()
	if len(seen) != 1 || seen["(3000)"] != 2*reads {
		t.Errorf("views that readers saw, and how often: %v; want (3000) always", seen)
	}
}
