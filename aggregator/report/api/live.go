package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
)

const (
	// liveEvery is how often the database is asked who is there, for all listeners of a site together with liveShared.
	liveEvery = 2 * time.Second
	// liveListeners is how many are told at once.
	liveListeners = 64
	// liveQuiet is how long nothing is said when nothing changes: less than proxies wait. Then the same is said once more, with its time, so
	// that who listens can tell a quiet night from a database that is away.
	liveQuiet = 20 * time.Second
	// liveGroups is how many groups of a kind are named.
	liveGroups = 10
)

// Group is a part of those who are there now.
type Group struct {
	name, value string
	Visitors    uint64
	Other       bool
}

// MarshalJSON writes the group's value under the name of its kind.
func (g Group) MarshalJSON() ([]byte, error) {
	fields := map[string]any{g.name: g.value, "visitors": g.Visitors}
	if g.Other {
		fields["other"] = true
	}
	return json.Marshal(fields)
}

// Now is who is there now: visitors of the last five minutes, and page views of each of the last thirty.
type Now struct {
	At        int64    `json:"at"`
	Visitors  *uint64  `json:"visitors"`
	Few       bool     `json:"few,omitempty"`
	Views     []uint64 `json:"views"`
	Pages     []Group  `json:"pages"`
	Countries []Group  `json:"countries"`
	Channels  []Group  `json:"channels"`
	Smallest  int      `json:"smallest_group"`
}

// live tells a listener who is there now, until it goes, its session ends, or the server does.
func (s *Server) live(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	site := r.URL.Query().Get("site")
	known, err := s.sites.all(r.Context(), s.Reports, s.Now())
	if err != nil {
		return s.broken(w, r, err)
	}
	if !slices.Contains(known, site) || !c.MaySee(site) {
		return s.refused(w, r, report.Missing("site", clip(site), nil))
	}
	select {
	case s.listening <- struct{}{}:
		defer func() { <-s.listening }()
	default:
		w.Header().Set("Retry-After", "30")
		return s.fail(w, http.StatusServiceUnavailable, "too many listen already")
	}
	if !s.ears.take(c.Name) {
		w.Header().Set("Retry-After", "30")
		return s.fail(w, http.StatusTooManyRequests, "you listen in too many places already")
	}
	defer s.ears.giveBack(c.Name)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	return s.tell(w, r, c, site)
}

func (s *Server) tell(w http.ResponseWriter, r *http.Request, c access.Caller, site string) int {
	control := http.NewResponseController(w)
	ticker := time.NewTicker(liveEvery)
	defer ticker.Stop()
	l := listener{}
	for !s.ended(r, c) {
		now, err := s.now(r.Context(), site)
		if r.Context().Err() != nil {
			return 499 // the listener has gone
		}
		if err != nil {
			s.Log.Warn("who is there now is not known", "err", err)
		}
		if event := l.next(now, time.Now()); event != "" {
			_ = control.SetWriteDeadline(time.Now().Add(liveQuiet)) // a recorder of a test has none
			if _, err := w.Write([]byte(event)); err != nil {       //nolint:gosec // JSON, and no page
				return 499
			}
			_ = control.Flush() // or who reads has gone
		}
		select {
		case <-r.Context().Done():
			return 499
		case <-s.stopping:
			return http.StatusOK
		case <-ticker.C:
		}
	}
	return http.StatusOK
}

// ears counts who listens how often: nobody may take the places of others.
type ears struct {
	mu sync.Mutex
	by map[string]int
}

// mostEars is in how many places one may listen.
const mostEars = 6

func (e *ears) take(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by[name] >= mostEars {
		return false
	}
	e.by[name]++
	return true
}

func (e *ears) giveBack(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by[name]--; e.by[name] == 0 {
		delete(e.by, name)
	}
}

// listener is what somebody was told last, and when.
type listener struct {
	said string
	at   time.Time
}

// next is what is to be said now: nothing where nothing changed, once in a while the same, and that the connection lives where nothing is
// known.
func (l *listener) next(now *Now, at time.Time) string {
	event, same := ":\n\n", l.said
	if now != nil {
		event, same = now.event()
	}
	if same == l.said && at.Sub(l.at) < liveQuiet {
		return ""
	}
	l.said, l.at = same, at
	return event
}

// ended tells whether whoever listens would be let in no longer. It is no question that keeps a session alive.
func (s *Server) ended(r *http.Request, c access.Caller) bool {
	if !c.User {
		now, _, _, err := s.caller(r)
		return err == nil && now.Role == ""
	}
	for _, cookie := range r.CookiesNamed(cookieName) {
		return !s.sessions.Lasts(cookie.Value)
	}
	return true
}

// event is what a listener is sent, and what of it has to differ for it to be sent.
func (n *Now) event() (event, same string) {
	at := n.At
	n.At = 0
	body, _ := json.Marshal(n) // numbers and texts always can be
	same = string(body)
	n.At = at
	body, _ = json.Marshal(n)
	return fmt.Sprintf("event: now\ndata: %s\n\n", body), same
}

// now is who is there, from an answer of a moment ago if there is one.
func (s *Server) now(ctx context.Context, site string) (*Now, error) {
	made, err, _ := s.nows.Do(site, func() (any, error) {
		s.present.Lock()
		held := s.held[site]
		s.present.Unlock()
		if held != nil && s.Now().Sub(time.UnixMilli(held.At)) < liveEvery-100*time.Millisecond {
			return held, nil
		}
		fresh, err := s.look(context.WithoutCancel(ctx), site) // for the others who wait too
		if err != nil {
			return nil, err
		}
		s.present.Lock()
		s.held[site] = fresh
		s.present.Unlock()
		return fresh, nil
	})
	if err != nil {
		return nil, err
	}
	copied := *made.(*Now) //nolint:forcetypeassert,errcheck // it is nothing else
	return &copied, nil
}

// look asks the database. Who refused is counted in page views, and is nobody.
func (s *Server) look(ctx context.Context, site string) (*Now, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	n := &Now{At: s.Now().UnixMilli(), Views: make([]uint64, 30), Pages: []Group{}, Countries: []Group{}, Channels: []Group{}, Smallest: s.Smallest}
	rows, err := s.Boards.Conn.Query(ctx, liveQuery, site)
	if err != nil {
		return nil, fmt.Errorf("look who is there: %w", err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	groups := map[string]*[]Group{"path": &n.Pages, "country": &n.Countries, "channel": &n.Channels}
	for rows.Next() {
		var kind, value string
		var number uint64
		if err := rows.Scan(&kind, &value, &number); err != nil {
			return nil, fmt.Errorf("look who is there: %w", err)
		}
		var minute int
		switch _, isMinute := fmt.Sscan(value, &minute); {
		case kind == "minute" && isMinute == nil && minute >= 0 && minute < len(n.Views):
			n.Views[len(n.Views)-1-minute] = number
		case kind == "all" && number >= uint64(s.Smallest): //nolint:gosec // of the policy file, and small
			n.Visitors = &number
		case groups[kind] != nil:
			*groups[kind] = append(*groups[kind], Group{kind, value, number, false})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look who is there: %w", err)
	}
	n.Few = n.Visitors == nil
	for kind, list := range groups {
		*list = fold(kind, *list, s.Smallest, n.Few)
	}
	return n, nil
}

// fold sums what is too small to be named, or comes behind the largest. The rest is told only if it is no small group itself: else it joins
// the smallest that is named.
func fold(kind string, all []Group, smallest int, few bool) []Group {
	if few {
		return []Group{}
	}
	least := uint64(smallest) //nolint:gosec // of the policy file, and small
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Visitors, a.Visitors), cmp.Compare(a.value, b.value))
	})
	named := len(all)
	for i, g := range all {
		if g.Visitors < least || i == liveGroups {
			named = i
			break
		}
	}
	rest := Group{name: kind, Other: true}
	for _, g := range all[named:] {
		rest.Visitors += g.Visitors
	}
	for rest.Visitors > 0 && rest.Visitors < least && named > 0 {
		named--
		rest.Visitors += all[named].Visitors
	}
	kept := slices.Clone(all[:named])
	if rest.Visitors >= least {
		kept = append(kept, rest)
	}
	return append([]Group{}, kept...)
}

const liveQuery = `WITH there AS (
    SELECT visitor, ts, path, country, channel FROM events FINAL
    WHERE site = ? AND toStartOfHour(ts) >= toStartOfHour(now() - 1800) AND materialize(ts) >= now() - 1800 AND type = 'pageview' AND bot = ''
)
SELECT 'minute', toString(intDiv(toUnixTimestamp(now()) - toUnixTimestamp(ts), 60)) AS value, count() FROM there GROUP BY value
UNION ALL SELECT 'all', '', uniqExactIf(visitor, visitor != 0) FROM there WHERE ts >= now() - 300
UNION ALL SELECT 'path', toString(path), uniqExact(visitor) FROM there WHERE ts >= now() - 300 AND visitor != 0 GROUP BY path
UNION ALL SELECT 'country', toString(country), uniqExact(visitor) FROM there WHERE ts >= now() - 300 AND visitor != 0 GROUP BY country
UNION ALL SELECT 'channel', toString(channel), uniqExact(visitor) FROM (SELECT visitor, argMin(channel, ts) AS channel FROM there WHERE visitor != 0 GROUP BY visitor HAVING max(ts) >= now() - 300) GROUP BY channel`
