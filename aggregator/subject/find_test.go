package subject_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mayak/aggregator/audit"
	"mayak/aggregator/subject"
)

// visited writes events with their restricted rows: who, from which address, when.
func (w *world) visited(who uint64, address string, at time.Time) {
	w.t.Helper()
	id := fmt.Sprintf("visit-%d-%d", who, at.UnixMilli())
	w.exec(fmt.Sprintf(`INSERT INTO events (site, ts, received, type, id, visitor, consent, browser, os) SELECT 'demo', fromUnixTimestamp64Milli(%d), now(), 'pageview', '%s', %d, 'analytics', 'Firefox', 'Linux'`,
		at.UnixMilli(), id, who))
	w.exec(fmt.Sprintf("INSERT INTO network_log (site, ts, id, address, user_agent) SELECT 'demo', fromUnixTimestamp64Milli(%d), '%s', toIPv6('%s'), 'agent'", at.UnixMilli(), id, address))
}

func TestAPersonIsFoundByWhatTheyCanTell(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	device := w.key.Device(site, "phone-1")
	const sharing = 77
	noon := w.now.Truncate(time.Hour).Add(-3 * time.Hour)
	w.visited(w.visitor, "203.0.113.7", noon)
	w.visited(w.visitor, "203.0.113.7", noon.Add(5*time.Hour/2)) // out of the range below
	w.visited(device, "2001:db8::7", noon)
	w.visited(sharing, "203.0.113.7", noon.Add(time.Minute))
	w.exec(fmt.Sprintf("INSERT INTO consents (site, ts, visitor, receipt, action) SELECT 'demo', now64(3), %d, 'K7QF-9D2M', 'given'", w.visitor))
	w.exec("INSERT INTO consents (site, ts, visitor, receipt, action) SELECT 'demo', now64(3), 0, 'NONE-0001', 'given'")
	from, to := noon.Add(-time.Minute), noon.Add(time.Hour)
	for _, tt := range []struct {
		name     string
		wanted   subject.Wanted
		visitors int
		rows     uint64
		mistake  string
	}{
		{"by the whole cookie", subject.Wanted{Site: site, Cookie: cookie}, 1, 5, ""},
		{"by the cookie's random part", subject.Wanted{Site: site, Cookie: "AQEBAQEBAQEBAQEBAQEBAQ"}, 1, 5, ""},
		{"by the device", subject.Wanted{Site: site, Device: "phone-1"}, 1, 2, ""},
		{"by the receipt", subject.Wanted{Site: site, Receipt: "K7QF-9D2M"}, 1, 5, ""},
		{"by the receipt of a refusal, which has no visitor", subject.Wanted{Site: site, Receipt: "NONE-0001"}, 0, 1, ""},
		{"by an address that two had", subject.Wanted{Site: site, Address: "203.0.113.7", From: from, To: to}, 2, 7, ""},
		{"by the same address of the other kind", subject.Wanted{Site: site, Address: "::ffff:203.0.113.7", From: from, To: to}, 2, 7, ""},
		{"by a cookie that says refused", subject.Wanted{Site: site, Cookie: "1.refused.2026-11.2026-11-22"}, 0, 0, "holds no id"},
		{"by an unknown receipt", subject.Wanted{Site: site, Receipt: "X"}, 0, 0, "no decision"},
		{"by an address at another time", subject.Wanted{Site: site, Address: "203.0.113.7", From: from.Add(-time.Hour), To: from}, 0, 0, "nothing is kept of this address"},
		{"by an address without a range", subject.Wanted{Site: site, Address: "203.0.113.7"}, 0, 0, "needs a range"},
		{"by an address and a whole year", subject.Wanted{Site: site, Address: "203.0.113.7", From: from.AddDate(-1, 0, 0), To: to}, 0, 0, "at most 31 days"},
		{"by no address", subject.Wanted{Site: site, Address: "nowhere", From: from, To: to}, 0, 0, "cannot be read"},
		{"by two ways at once", subject.Wanted{Site: site, Cookie: cookie, Device: "phone-1"}, 0, 0, "2 are given"},
		{"by nothing", subject.Wanted{Site: site}, 0, 0, "0 are given"},
		{"at another site", subject.Wanted{Site: "shop", Cookie: cookie}, 0, 0, "there are demo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, err := d.Find(t.Context(), officer(), &tt.wanted)
			if m, ok := subject.IsMistake(err); tt.mistake != "" {
				if !ok || !strings.Contains(m.Error(), tt.mistake) {
					t.Errorf("error %v, want %q", err, tt.mistake)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(found.Visitors) != tt.visitors || found.Rows != tt.rows {
				t.Errorf("%d visitors, %d rows: %s", len(found.Visitors), found.Rows, found)
			}
			text, err := json.Marshal(found)
			if err != nil || strings.Contains(string(text), fmt.Sprint(w.visitor)) {
				t.Errorf("what is shown names the visitor: %s, %v", text, err)
			}
		})
	}
	t.Run("of several who had an address, somebody has to choose", func(t *testing.T) {
		wanted := &subject.Wanted{Site: site, Address: "203.0.113.7", From: from, To: to}
		_, err := d.Open(t.Context(), officer(), subject.Erase, wanted)
		if m, ok := subject.IsMistake(err); !ok || !strings.Contains(m.Error(), "2 visitors had this address") {
			t.Fatalf("error %v", err)
		}
		found, err := d.Find(t.Context(), officer(), wanted)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(found.Visitors, func(v subject.Visitor) bool { return v.Events == 1 })
		wanted.Choose = []string{found.Visitors[i].Alias}
		ticket, err := d.Open(t.Context(), officer(), subject.Block, wanted)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Carry(t.Context(), ticket.ID); err != nil {
			t.Fatal(err)
		}
		if n := w.count(fmt.Sprintf("SELECT countIf(visitor = %d) * 10 + countIf(visitor = %d) FROM events", w.visitor, sharing)); n != 20 {
			t.Errorf("events left of the one and the other: %d", n)
		}
		wanted.Choose = []string{"ffffffff"}
		if _, err := d.Open(t.Context(), officer(), subject.Block, wanted); err == nil {
			t.Error("a stranger was chosen")
		}
	})
}

func TestAnExportHoldsAllRowsAndWhatTheyMean(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.visited(w.visitor, "203.0.113.7", w.now.Add(-time.Hour))
	block := w.blockedBy(d)
	w.visited(w.visitor, "203.0.113.8", w.now.Add(-time.Minute))
	w.visited(w.visitor+1, "203.0.113.9", w.now.Add(-time.Minute))
	for _, of := range []uint64{w.visitor, w.visitor + 1} {
		w.exec(fmt.Sprintf("INSERT INTO risk_scores (site, ts, id, kind, visitor, score, signals) SELECT 'demo', now64(3), 'score', 'query', %d, 40, ['tor_exit']", of))
	}
	if blocked, err := d.BlockedVisitors(t.Context()); err != nil || !slices.Equal(blocked["demo"], []uint64{w.visitor}) {
		t.Errorf("blocked: %v, %v", blocked, err)
	}
	ticket, err := d.Open(t.Context(), officer(), subject.Export, wanted())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := d.Export(t.Context(), officer(), ticket.ID, &out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Ticket  string                      `json:"ticket"`
		Meaning map[string][]map[string]any `json:"meaning"`
		Rows    map[string][]map[string]any `json:"rows"`
		Derived []struct{ Table string }    `json:"derived"`
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if len(got.Rows["events"]) != 1 || len(got.Rows["network_log"]) != 1 || len(got.Rows["blocked_rows"]) != 2 || len(got.Derived) < 5 || len(got.Meaning["events"]) < 50 {
		t.Errorf("rows %d, %d, %d", len(got.Rows["events"]), len(got.Rows["network_log"]), len(got.Rows["blocked_rows"]))
	}
	if scores := got.Rows["risk_scores"]; len(scores) != 1 || scores[0]["score"] != float64(40) || len(got.Meaning["risk_scores"]) < 10 {
		t.Errorf("scores: %v", scores)
	}
	if strings.Contains(out.String(), "203.0.113.9") || !strings.Contains(out.String(), "203.0.113.7") {
		t.Error("it holds another person, or not the blocked rows")
	}
	if err := d.Export(t.Context(), officer(), ticket.ID, &out); err == nil {
		t.Error("it was exported twice")
	}
	if open := w.only(d, subject.Block); open.ID != block.ID {
		t.Errorf("open: %s", open.ID)
	}
	if n := w.count("SELECT count() FROM subject_requests WHERE ticket = '" + ticket.ID + "' AND sealed != ''"); n > 0 {
		t.Error("the ticket still says whom it was about")
	}
}

func TestTicketsAreSteppedThroughInOrder(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.visited(w.visitor, "203.0.113.7", w.now.Add(-time.Hour))
	erase, err := d.Open(t.Context(), officer(), subject.Erase, wanted())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Carry(t.Context(), erase.ID); err != nil || w.count("SELECT count() FROM events") != 1 {
		t.Errorf("carried out before it was confirmed: %v", err)
	}
	w.round(d)
	unreasoned := officer()
	unreasoned.Why = " "
	telling := officer()
	telling.Why = "asked by a@b.kz"
	for name, do := range map[string]func() error{
		"a wrong code":         func() error { _, err := d.Confirm(t.Context(), officer(), erase.ID, "wrong"); return err },
		"no such ticket":       func() error { _, err := d.Confirm(t.Context(), officer(), "E-1", "x"); return err },
		"nothing to unblock":   func() error { _, err := d.Unblock(t.Context(), officer(), erase.ID); return err },
		"no export":            func() error { return d.Export(t.Context(), officer(), erase.ID, &strings.Builder{}) },
		"no reason":            func() error { _, err := d.Open(t.Context(), unreasoned, subject.Block, wanted()); return err },
		"a reason with a name": func() error { _, err := d.Open(t.Context(), telling, subject.Block, wanted()); return err },
	} {
		err := do()
		if _, ok := subject.IsMistake(err); !ok && !errors.Is(err, audit.ErrReason) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.count("SELECT count() FROM events") != 1 {
		t.Error("something was erased")
	}
	w.now = w.now.Add(73 * time.Hour)
	if got := w.only(d, subject.Erase); !got.Overdue {
		t.Error("a request that waits for three days is not overdue")
	}
	w.now = w.now.Add(5 * 24 * time.Hour)
	w.round(d)
	if got, err := d.Ticket(t.Context(), erase.ID); err != nil || got.State != subject.Expired {
		t.Errorf("after eight days: %s, %v", got.State, err)
	}
	if _, err := d.Confirm(t.Context(), officer(), erase.ID, erase.Code); err == nil {
		t.Error("an expired request was confirmed")
	}
}

// A visitor asks on their page; two aggregators see it, and one ticket comes of it, which the visitor's receipt leads to.
func TestAVisitorsWishIsCarriedOutByItself(t *testing.T) {
	w := newWorld(t)
	one, other := w.desk(w.conn), w.desk(w.conn)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	w.wish("R-1")
	w.round(one)
	w.round(other)
	if found := w.traces(w.visitor); len(found) > 0 {
		t.Errorf("found in %v", found)
	}
	if n := w.count("SELECT uniqExact(ticket) FROM subject_requests"); n != 1 {
		t.Errorf("%d tickets", n)
	}
	tickets, err := one.OfReceipt(t.Context(), site, "R-1")
	if err != nil || len(tickets) != 1 || tickets[0].State != subject.Erased || tickets[0].By != "visitor" {
		t.Errorf("tickets of the receipt: %+v, %v", tickets, err)
	}
	if tickets, err := one.OfReceipt(t.Context(), site, "R-2"); err != nil || len(tickets) != 0 {
		t.Errorf("tickets of another receipt: %+v, %v", tickets, err)
	}
}
