package session_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mayak/aggregator/session"
)

// genEvents draws events of a few visitors around midnight, close enough that pauses of about half an hour, campaigns that
// change and moments that are shared happen all the time.
func genEvents(t *rapid.T, label string, most int) []happening {
	one := rapid.Custom(func(t *rapid.T) happening {
		steps := time.Duration(rapid.IntRange(0, 15).Draw(t, "ten minutes")) * 10 * time.Minute
		nudge := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, -1, 2500, 60_000}).Draw(t, "nudge")) * time.Millisecond
		e := happening{
			At: at("22 22:00:00.000").Add(steps + nudge), Visitor: uint64(rapid.IntRange(1, 3).Draw(t, "visitor")),
			Consent: rapid.SampledFrom([]string{"essential", "analytics", "advertising"}).Draw(t, "consent"),
			Type:    rapid.SampledFrom([]string{"pageview", "pageview", "pageview", "event", "engage", "vitals", "open"}).Draw(t, "type"),
		}
		switch e.Type {
		case "pageview":
			e.Path = rapid.SampledFrom([]string{"/", "/a", "/thanks"}).Draw(t, "path")
			e.Channel = rapid.SampledFrom([]string{"direct", "internal"}).Draw(t, "channel")
			e.Source = rapid.SampledFrom([]string{"", "", "", "sms", "google"}).Draw(t, "source")
		case "event":
			e.Event = rapid.SampledFrom([]string{"booking", "call"}).Draw(t, "name")
			e.Value, e.Currency = int64(rapid.IntRange(0, 3).Draw(t, "value")), rapid.SampledFrom([]string{"", "KZT", "USD"}).Draw(t, "currency")
		case "engage":
			e.EngagedMS = uint32(rapid.IntRange(0, 2).Draw(t, "engaged")) * 7000
		}
		switch rapid.IntRange(0, 19).Draw(t, "odd") {
		case 0:
			e.Bot = "crawler"
		case 1:
			e.Consent, e.Visitor = "refused", 0
		}
		return e
	})
	return rapid.SliceOfN(one, 1, most).Draw(t, label)
}

// tied gives the events ids of their own, for the same id counts once, and the order that the database has for events of one moment.
func (w *world) tied(f fataler, events []happening) []happening {
	f.Helper()
	for i := range events {
		w.count++
		events[i].ID = fmt.Sprintf("event %d", w.count)
		if err := w.conn.QueryRow(w.t.Context(), "SELECT cityHash64(?)", events[i].ID).Scan(&events[i].Tie); err != nil {
			f.Fatal(err)
		}
	}
	return events
}

// Whatever comes, late or not, and whatever is erased: after the windows that changed are cut again, the sessions are those
// that the reference cuts from what is left; and large windows, cut from the events or merged from small ones, say the same.
func TestWindowsSayWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0)
	rapid.Check(t, func(t *rapid.T) {
		w := *w
		w.slice = rapid.SampledFrom([]uint64{6, 1000}).Draw(t, "events in a statement") // slices in some windows, or many windows at once
		sayTheSame(t, w.anew(t))
	})
}

func sayTheSame(t *rapid.T, w *world) {
	length := rapid.SampledFrom([]time.Duration{5 * time.Minute, 30 * time.Minute, 30 * time.Minute}).Draw(t, "window")
	var all []happening
	for round := range rapid.IntRange(1, 3).Draw(t, "rounds") {
		var dirty []time.Time
		if visitor := uint64(rapid.IntRange(0, 12).Draw(t, "erased")); round > 0 && visitor > 0 && visitor < 5 {
			w.erase(t, visitor)
			all = slices.DeleteFunc(all, func(e happening) bool {
				if e.Visitor == visitor {
					dirty = append(dirty, e.At)
				}
				return e.Visitor == visitor
			})
		}
		more := w.tied(t, genEvents(t, "events", 16))
		w.insert(t, more...)
		all, dirty = append(all, more...), append(dirty, moments(more)...)
		w.cut(t, "5m", windows(length, dirty...)...)
		compare(t, "the windows", reference(all), w.sessions(t, "5m"))
		if again := w.cut(t, "5m"); len(again) > 0 {
			t.Fatalf("windows %v were cut on what no longer holds, and nobody noticed", again)
		}
	}
	w.cut(t, "day", windows(24*time.Hour, moments(all)...)...)
	compare(t, "days cut from the events", reference(all), w.sessions(t, "day"))
	if again := w.cut(t, "day"); len(again) > 0 {
		t.Fatalf("days %v were cut together as if something else had been carried into them", again)
	}
	w.fill(t, "5m", length)
	w.merge(t, "hour", time.Hour, "5m")
	compare(t, "hours merged from the windows", reference(all), w.sessions(t, "hour"))
	if again := w.cut(t, "hour"); len(again) > 0 {
		t.Fatalf("hours %v were merged on something else than what is carried into them", again)
	}
}

// fill cuts the windows without events too, so that whole hours can be merged.
func (w *world) fill(t *rapid.T, tier string, length time.Duration) {
	var empty []time.Time
	for _, window := range stretch(length, at("22 21:00:00.000"), at("23 01:00:00.000")) {
		if !slices.ContainsFunc(w.cover[tier], func(cut session.Window) bool { return cut.From.Equal(window.From) }) {
			empty = append(empty, window.From)
		}
	}
	w.cut(t, tier, windows(length, empty...)...)
}

func compare(t *rapid.T, what string, want, got []visit) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-reference +database):\n%s", what, diff)
	}
}
