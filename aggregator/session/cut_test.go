package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.000", "2026-11-"+text)
	if err != nil {
		panic(err)
	}
	return t
}

// numbered gives each event an id of its own, and what else a row must have.
func numbered(events []happening) []happening {
	for i := range events {
		e := &events[i]
		if e.ID == "" {
			e.ID = fmt.Sprintf("%d", i)
		}
		if e.Consent == "" {
			e.Consent = "essential"
		}
		if e.Visitor == 0 {
			e.Visitor = 7
		}
	}
	return events
}

func moments(events []happening) []time.Time {
	all := make([]time.Time, len(events))
	for i, e := range events {
		all[i] = e.At
	}
	return all
}

func ms(n uint64) *uint64 { return &n }

func TestWhatASessionIs(t *testing.T) {
	t.Parallel()
	const view, event, engage, vitals = "pageview", "event", "engage", "vitals"
	tests := []struct {
		name   string
		events []happening
		want   []visit
	}{
		{
			"thirty minutes without an event do not end it, a moment more does",
			[]happening{
				{At: at("22 08:00:00.000"), Type: view, Path: "/"},
				{At: at("22 08:30:00.000"), Type: view, Path: "/a"},
				{At: at("22 09:00:00.001"), Type: view, Path: "/b"},
			},
			[]visit{
				{Start: at("22 08:00:00.000"), Last: at("22 08:30:00.000"), Views: 2, Entry: "/", Exit: "/a"},
				{Start: at("22 09:00:00.001"), Last: at("22 09:00:00.001"), Views: 1, Entry: "/b", Exit: "/b"},
			},
		},
		{
			"it goes on over midnight",
			[]happening{
				{At: at("22 23:59:59.999"), Type: view, Path: "/"},
				{At: at("23 00:10:00.000"), Type: view, Path: "/a"},
			},
			[]visit{{Start: at("22 23:59:59.999"), Last: at("23 00:10:00.000"), Views: 2, Entry: "/", Exit: "/a"}},
		},
		{
			"a single page has its real engaged time, and unknown is not zero",
			[]happening{
				{At: at("22 08:00:00.000"), Type: view, Path: "/"},
				{At: at("22 08:04:10.000"), Type: engage, EngagedMS: 250_000},
				{At: at("22 08:00:00.000"), Type: view, Path: "/", Visitor: 8},
				{At: at("22 08:00:00.000"), Type: view, Path: "/", Visitor: 9},
				{At: at("22 08:00:03.000"), Type: engage, Visitor: 9},
			},
			[]visit{
				{Start: at("22 08:00:00.000"), Last: at("22 08:04:10.000"), Views: 1, Entry: "/", Exit: "/", Engaged: ms(250_000)},
				{Visitor: 8, Start: at("22 08:00:00.000"), Last: at("22 08:00:00.000"), Views: 1, Entry: "/", Exit: "/"},
				{Visitor: 9, Start: at("22 08:00:00.000"), Last: at("22 08:00:03.000"), Views: 1, Entry: "/", Exit: "/", Engaged: ms(0)},
			},
		},
		{
			"another campaign begins another, the same one and none do not",
			[]happening{
				{At: at("22 08:00:00.000"), Type: view, Path: "/", Channel: "campaign", Source: "sms", Name: "a"},
				{At: at("22 08:01:00.000"), Type: view, Path: "/1"},
				{At: at("22 08:02:00.000"), Type: view, Path: "/2", Source: "sms", Name: "a"},
				{At: at("22 08:03:00.000"), Type: view, Path: "/3", Channel: "paid search", Source: "google", Name: "b"},
				{At: at("22 08:04:00.000"), Type: engage, EngagedMS: 1000},
				{At: at("22 08:05:00.000"), Type: view, Path: "/4", Channel: "campaign", Source: "sms", Name: "a"},
			},
			[]visit{
				{Start: at("22 08:00:00.000"), Last: at("22 08:02:00.000"), Views: 3, Entry: "/", Exit: "/2", Channel: "campaign", Source: "sms", Name: "a"},
				{Start: at("22 08:03:00.000"), Last: at("22 08:04:00.000"), Views: 1, Entry: "/3", Exit: "/3", Channel: "paid search", Source: "google", Name: "b", Engaged: ms(1000)},
				{Start: at("22 08:05:00.000"), Last: at("22 08:05:00.000"), Views: 1, Entry: "/4", Exit: "/4", Channel: "campaign", Source: "sms", Name: "a"},
			},
		},
		{
			"a campaign after pages without one begins another",
			[]happening{
				{At: at("22 08:00:00.000"), Type: view, Path: "/", Channel: "direct"},
				{At: at("22 08:07:00.000"), Type: view, Path: "/1", Source: "sms"},
			},
			[]visit{
				{Start: at("22 08:00:00.000"), Last: at("22 08:00:00.000"), Views: 1, Entry: "/", Exit: "/", Channel: "direct"},
				{Start: at("22 08:07:00.000"), Last: at("22 08:07:00.000"), Views: 1, Entry: "/1", Exit: "/1", Source: "sms"},
			},
		},
		{
			"what only prolongs begins none",
			[]happening{
				{At: at("22 08:00:00.000"), Type: view, Path: "/"},
				{At: at("22 08:40:00.000"), Type: engage, EngagedMS: 2_400_000},
				{At: at("22 08:41:00.000"), Type: vitals},
				{At: at("22 08:50:00.000"), Type: event, Event: "call"},
			},
			[]visit{
				{Start: at("22 08:00:00.000"), Last: at("22 08:00:00.000"), Views: 1, Entry: "/", Exit: "/"},
				{Start: at("22 08:50:00.000"), Last: at("22 08:50:00.000"), Actions: 1},
			},
		},
		{
			"bots, refused visitors and opened e-mails have none",
			[]happening{
				{At: at("22 08:00:00.000"), Type: view, Path: "/", Bot: "crawler"},
				{At: at("22 08:00:00.000"), Type: view, Path: "/", Consent: "refused", Visitor: 8},
				{At: at("22 08:00:00.000"), Type: "open", Visitor: 9},
			},
			nil,
		},
		{
			"goals and money are counted where they happened",
			[]happening{
				{At: at("22 08:00:00.000"), Type: event, Event: "booking", Value: 7000, Currency: "KZT"},
				{At: at("22 08:00:01.000"), Type: view, Path: "/thanks"},
				{At: at("22 08:20:00.000"), Type: event, Event: "booking", Value: 20, Currency: "USD"},
				{At: at("22 08:20:01.000"), Type: event, Event: "tip", Value: 100, Currency: "KZT"},
			},
			[]visit{{
				Start: at("22 08:00:00.000"), Last: at("22 08:20:01.000"), Views: 1, Actions: 3, Entry: "/thanks", Exit: "/thanks",
				Revenue: map[string]int64{"KZT": 7100, "USD": 20},
				Goals: []reachedGoal{
					{"booked", at("22 08:00:00.000"), 7000, "KZT"}, {"thanked", at("22 08:00:01.000"), 500, "KZT"}, {"booked", at("22 08:20:00.000"), 20, "USD"},
				},
			}},
		},
		{
			"the lowest consent of its events is its own",
			[]happening{
				{At: at("22 08:00:00.000"), Type: view, Path: "/", Consent: "analytics"},
				{At: at("22 08:01:00.000"), Type: view, Path: "/a", Consent: "advertising"},
			},
			[]visit{{Start: at("22 08:00:00.000"), Last: at("22 08:01:00.000"), Views: 2, Entry: "/", Exit: "/a", Consent: "analytics"}},
		},
	}
	world := newWorld(t, len(tests), 0)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for i := range tt.want {
				v := &tt.want[i]
				if v.Consent == "" {
					v.Consent = "essential"
				}
				if v.Visitor == 0 {
					v.Visitor = 7
				}
			}
			events := numbered(tt.events)
			if diff := cmp.Diff(tt.want, reference(events)); diff != "" {
				t.Errorf("the reference (-want +got):\n%s", diff)
			}
			w := world.on(fmt.Sprintf("s%d", i))
			w.insert(t, events...)
			w.cut(t, "5m", windows(5*time.Minute, moments(events)...)...)
			if diff := cmp.Diff(tt.want, w.sessions(t, "5m")); diff != "" {
				t.Errorf("in windows of five minutes (-want +got):\n%s", diff)
			}
			w.cut(t, "day", stretch(24*time.Hour, at("22 00:00:00.000"), at("24 00:00:00.000"))...)
			if diff := cmp.Diff(tt.want, w.sessions(t, "day")); diff != "" {
				t.Errorf("in windows of a day (-want +got):\n%s", diff)
			}
		})
	}
}
