package privacy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/schema/event"
)

// screenOf is an app's screen, changed by each of the changes.
func screenOf(changes ...func(*hit.Hit)) *hit.Hit {
	h := &hit.Hit{
		Way: hit.API, Received: received, Address: visit().Address, UserAgent: "okhttp/4.12.0", Site: "clinic", ID: "f3kQ9-x_2aZ",
		Time: received.Add(-time.Hour), Consent: "analytics",
		App: hit.App{
			Name: "kz.clinic.app", Version: "5.12.0 (340)", OS: "ANDROID", OSVersion: "15", Model: "SM-A155F", Screen: "Doctors/Cardiology", Device: "6f1e",
		},
	}
	for _, change := range changes {
		change(h)
	}
	return h
}

func TestAnAppsScreenIsAPath(t *testing.T) {
	g := newGate(t, "")
	for raw, want := range map[string]string{
		"Doctors": "/Doctors", "/doctors/list": "/doctors/list", "//x": "/x", "Запись к врачу": "/Запись%20к%20врачу", "ivan@mail.ru": "/[email]", "a?b#c": "/a%3Fb%23c",
	} {
		f := clearOne(t, g, screenOf(func(h *hit.Hit) { h.App.Screen = raw }))
		if f.Event.Path != want || f.Event.Hostname != "" {
			t.Errorf("screen %q is path %q at %q, want %q", raw, f.Event.Path, f.Event.Hostname, want)
		}
	}
	f := clearOne(t, g, screenOf(func(h *hit.Hit) { h.URL = "https://clinic.example/open?utm_source=sms" }))
	if f.Event.Path != "/Doctors/Cardiology" || f.Event.Hostname != "clinic.example" || f.Campaign.Source != "sms" {
		t.Errorf("a deep link: %q at %q, campaign %+v", f.Event.Path, f.Event.Hostname, f.Campaign)
	}
	var c Cleared
	if reason := g.Clear(screenOf(func(h *hit.Hit) { h.URL = "https://evil.test/" }), &c, nil); reason != hit.UnknownHost {
		t.Errorf("a link to another site: %q", reason)
	}
	if reason := g.Clear(screenOf(func(h *hit.Hit) { h.App.Screen = "" }), &c, nil); reason != hit.BadURL {
		t.Errorf("neither link nor screen: %q", reason)
	}
}

func TestWhatAnAppSaysStandsForItsAgent(t *testing.T) {
	g := newGate(t, "")
	with := func(level string) event.Agent {
		return clearOne(t, g, screenOf(func(h *hit.Hit) { h.Consent = level })).Event.Agent
	}
	brand := fixedLookups{}.Agent(nil).Brand
	whole := event.Agent{OS: "Android", OSVersion: "15", Device: "mobile", Brand: brand, Model: "SM-A155F", App: "kz.clinic.app", AppVersion: "5.12.0 (340)"}
	if diff := cmp.Diff(whole, with("analytics")); diff != "" {
		t.Errorf("with consent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(event.Agent{OS: "Android", Device: "mobile", Brand: brand, App: "kz.clinic.app"}, with("essential")); diff != "" {
		t.Errorf("without (-want +got):\n%s", diff)
	}
	f := clearOne(t, g, screenOf(func(h *hit.Hit) {
		h.App.OS, h.App.Model, h.App.Version, h.App.OSVersion, h.App.Name = "ios", "iPad14,3", "ivan@mail.ru", "+77015554433", "ivan@mail.ru"
	}))
	if diff := cmp.Diff(event.Agent{OS: "iOS", Device: "tablet", Brand: "Apple", Model: "iPad14,3", App: "[email]"}, f.Event.Agent); diff != "" {
		t.Errorf("with a person in it (-want +got):\n%s", diff)
	}
}

func TestADeviceIsAVisitorOnlyWithConsent(t *testing.T) {
	g := newGate(t, "")
	visitorOf := func(level string, changes ...func(*hit.Hit)) uint64 {
		return clearOne(t, g, screenOf(append(changes, func(h *hit.Hit) { h.Consent = level })...)).Event.Visitor
	}
	other := func(h *hit.Hit) { h.App.Device = "77aa" }
	lasting := g.key.Device("clinic", "6f1e")
	for _, level := range []string{"analytics", "advertising"} {
		if got := visitorOf(level); got != lasting {
			t.Errorf("%s: visitor %d, want the device's", level, got)
		}
	}
	if visitorOf("analytics", other) == lasting {
		t.Error("a device that was reset is the same visitor")
	}
	if daily := visitorOf("essential"); daily == lasting || daily != visitorOf("essential", other) {
		t.Error("without consent the device's id is in the visitor's")
	}
	if f := clearOne(t, g, screenOf(func(h *hit.Hit) { h.Site, h.Consent = "quiet", "advertising" })); f.Event.Consent != event.Analytics {
		t.Errorf("consent %v, at a site that asks nobody for advertising", f.Event.Consent)
	}
	a, b := clearOne(t, g, screenOf()).Event.ID, clearOne(t, g, screenOf(other)).Event.ID
	if a == "f3kQ9-x_2aZ" || a == b || a != clearOne(t, g, screenOf()).Event.ID {
		t.Errorf("ids of who has consented: %q and %q", a, b)
	}
}

func TestALateEventIsOfItsOwnTime(t *testing.T) {
	g := newGate(t, "")
	for late, kept := range map[time.Duration]bool{time.Minute: true, 26 * time.Hour: true, 7*24*time.Hour - time.Second: true, 8 * 24 * time.Hour: false} {
		at := received.Add(-late)
		f := clearOne(t, g, screenOf(func(h *hit.Hit) { h.Time = at }))
		if got := f.Event.Time.Equal(at.Truncate(time.Millisecond)); got != kept || f.Event.Origin != event.API {
			t.Errorf("%v late: ts %v, origin %v", late, f.Event.Time, f.Event.Origin)
		}
	}
	// Sent again on the next day, it is the same row: of the same visitor, and with the same id, also of who refused.
	for _, level := range []string{"refused", "essential", "analytics"} {
		again := func(d time.Duration) *event.Event {
			return &clearOne(t, g, screenOf(func(h *hit.Hit) {
				h.Consent, h.ID, h.Received, h.Time = level, "order 7", received.Add(d), received
			})).Event
		}
		first, second := again(0), again(11*time.Hour+13*time.Minute)
		if first.ID != second.ID || first.Visitor != second.Visitor || !first.Time.Equal(second.Time) {
			t.Errorf("%s: %q %d %v, sent again %q %d %v", level, first.ID, first.Visitor, first.Time, second.ID, second.Visitor, second.Time)
		}
	}
}

// An app that was offline for days sends all of them at once: without consent no two days have one id.
func TestNoIDIsTheSameOnTwoDays(t *testing.T) {
	g := newGate(t, "")
	seen := map[uint64]int{}
	for days := range 6 {
		for range 2 { // the same when it is sent again
			f := clearOne(t, g, screenOf(func(h *hit.Hit) {
				h.Consent, h.Time = "essential", received.Add(-time.Duration(days)*24*time.Hour)
			}))
			seen[f.Event.Visitor]++
		}
	}
	if len(seen) != 6 {
		t.Errorf("six days have the ids %v", seen)
	}
}
