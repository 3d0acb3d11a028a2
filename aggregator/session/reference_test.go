package session_test

import (
	"cmp"
	"slices"
	"time"
)

// happening is an event as the tests write it: what sessions look at.
type happening struct {
	Visitor              uint64
	At                   time.Time
	ID                   string
	Type                 string
	Path                 string
	Channel              string
	Source, Medium, Name string // of the campaign
	EngagedMS            uint32
	Consent              string
	Bot                  string
	Event                string // name of a custom event
	Value                int64
	Currency             string
	Tie                  uint64 // order within a millisecond: the database's own hash of the id
}

// visit is one session, as reference and database tell it.
type visit struct {
	Visitor              uint64
	Start, Last          time.Time
	Views, Actions       uint32
	Engaged              *uint64
	Consent              string
	Entry, Exit, Channel string
	Source, Medium, Name string
	Revenue              map[string]int64
	Goals                []reachedGoal
}

type reachedGoal struct {
	Name     string
	At       time.Time
	Value    int64
	Currency string
}

// run is what the reference knows of a visitor while it walks through the events: the definition, word by word.
type run struct {
	last     time.Time
	viewed   bool
	active   bool
	campaign [3]string
}

// reference cuts sessions the plain way: one visitor after the other, one event after the other, all at once.
func reference(events []happening) []visit {
	byVisitor := map[uint64][]happening{}
	for _, e := range events {
		if e.Visitor != 0 && e.Bot == "" && e.Consent != "refused" && e.Type != "open" {
			byVisitor[e.Visitor] = append(byVisitor[e.Visitor], e)
		}
	}
	var all []visit
	for _, own := range byVisitor {
		slices.SortFunc(own, func(a, b happening) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Tie, b.Tie)) })
		all = append(all, walk(own)...)
	}
	sortSessions(all)
	return all
}

func sortSessions(all []visit) {
	slices.SortFunc(all, func(a, b visit) int { return cmp.Or(cmp.Compare(a.Visitor, b.Visitor), a.Start.Compare(b.Start)) })
}

func walk(events []happening) []visit {
	var sessions []visit
	var r run
	for i := 0; i < len(events); {
		end := i
		for end < len(events) && events[end].At.Equal(events[i].At) {
			end++
		}
		begins := false
		for _, e := range events[i:end] { // a moment: whatever happens in it belongs together
			if r.last.IsZero() || e.At.Sub(r.last) > 30*time.Minute {
				r = run{}
			}
			begins = r.begins(e) || begins
			r.last = e.At
		}
		if begins {
			sessions = append(sessions, visit{Visitor: events[i].Visitor, Start: events[i].At, Consent: "advertising"})
		}
		if r.active {
			for _, e := range events[i:end] {
				sessions[len(sessions)-1].add(e)
			}
		}
		i = end
	}
	return sessions
}

// begins tells whether a session begins with the event.
func (r *run) begins(e happening) bool {
	campaign := [3]string{e.Source, e.Medium, e.Name}
	isView, isActivity := e.Type == "pageview", e.Type == "pageview" || e.Type == "event"
	told := isView && campaign != [3]string{}
	begins := isActivity && !r.active || told && r.viewed && campaign != r.campaign
	r.active, r.viewed = r.active || isActivity, r.viewed || isView
	if told {
		r.campaign = campaign
	}
	return begins
}

func (v *visit) add(e happening) {
	v.Last = e.At
	v.Consent = lowest(v.Consent, e.Consent)
	if e.Type == "engage" || e.EngagedMS > 0 {
		if v.Engaged == nil {
			v.Engaged = new(uint64)
		}
		*v.Engaged += uint64(e.EngagedMS)
	}
	switch e.Type {
	case "pageview":
		if v.Views == 0 {
			v.Entry, v.Channel, v.Source, v.Medium, v.Name = e.Path, e.Channel, e.Source, e.Medium, e.Name
		}
		v.Views++
		v.Exit = e.Path
		if e.Path == "/thanks" {
			v.Goals = append(v.Goals, reachedGoal{"thanked", e.At, 500, "KZT"})
		}
	case "event":
		v.Actions++
		if e.Value != 0 && e.Currency != "" {
			if v.Revenue == nil {
				v.Revenue = map[string]int64{}
			}
			v.Revenue[e.Currency] += e.Value
		}
		if e.Event == "booking" {
			v.Goals = append(v.Goals, reachedGoal{"booked", e.At, e.Value, e.Currency})
		}
	}
}

// lowest is the lower of two levels of consent.
func lowest(a, b string) string {
	levels := []string{"essential", "analytics", "advertising"}
	return levels[min(slices.Index(levels, a), slices.Index(levels, b))]
}
