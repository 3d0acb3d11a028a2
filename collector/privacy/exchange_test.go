package privacy

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/schema/event"
)

func fault(change func(*hit.Hit)) *hit.Hit {
	return visit(func(h *hit.Hit) {
		h.Type, h.Error = "error", hit.Error{Kind: "fetch", Type: "server", Message: "GET /api/orders/:n", Source: "/api/orders/:n"}
		h.Exchange = hit.Exchange{Protocol: "HTTP/2", Method: "GET", Phase: "application", Status: 503, Bytes: 1200, ServerMS: 12.5, DurationMS: 3400}
	}, change)
}

func TestAnExchangeIsKeptInItsOnlyForm(t *testing.T) {
	g := newGate(t, "")
	e := clearOne(t, g, fault(func(*hit.Hit) {})).Event
	want := event.Exchange{Protocol: "h2", Method: "GET", Phase: "application", Status: 503, Bytes: 1200, ServerMS: 12.5, DurationMS: 3400}
	if diff := cmp.Diff(want, e.Exchange); diff != "" {
		t.Error(diff)
	}
	e = clearOne(t, g, fault(func(h *hit.Hit) {
		h.Exchange = hit.Exchange{Protocol: "ivan@mail.ru", Method: "IVAN", Phase: "love", Status: 870, Bytes: -1, ServerMS: math.NaN(), DurationMS: math.Inf(1)}
	})).Event
	if e.Exchange != (event.Exchange{}) {
		t.Errorf("of what no request can be, %+v is kept", e.Exchange)
	}
}

func TestOneCauseHasOneFingerof(t *testing.T) {
	g := newGate(t, "")
	of := func(change func(*hit.Hit)) uint64 { return clearOne(t, g, fault(change)).Event.Error.Fingerprint }
	first := of(func(*hit.Hit) {})
	for name, change := range map[string]func(*hit.Hit){
		"on another page":        func(h *hit.Hit) { h.URL = "https://clinic.example/other" },
		"of another visitor":     func(h *hit.Hit) { h.UserAgent = "another" },
		"another duration":       func(h *hit.Hit) { h.Exchange.DurationMS = 9 },
		"at another line":        func(h *hit.Hit) { h.Error.Line, h.Error.Stack = 9, "at x:1:2" },
		"for who has consented":  func(h *hit.Hit) { h.Consent = "analytics" },
		"that stands for many":   func(h *hit.Hit) { h.Weight = 20 },
		"with other attribution": func(h *hit.Hit) { h.Sources = []hit.Prop{{Key: "navigation", Value: "reload"}} },
	} {
		if of(change) != first {
			t.Errorf("%s it has another fingerprint", name)
		}
	}
	for name, change := range map[string]func(*hit.Hit){
		"status":  func(h *hit.Hit) { h.Exchange.Status = 404 },
		"method":  func(h *hit.Hit) { h.Exchange.Method = "POST" },
		"message": func(h *hit.Hit) { h.Error.Message = "GET /api/orders" },
		"source":  func(h *hit.Hit) { h.Error.Source = "/api/doctors" },
		"kind":    func(h *hit.Hit) { h.Error.Kind = "resource" },
		"type":    func(h *hit.Hit) { h.Error.Type = "slow" },
	} {
		if of(change) == first {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
	if of(func(h *hit.Hit) { h.Error, h.Exchange = hit.Error{}, hit.Exchange{} }) != 0 {
		t.Error("no fault has a fingerprint")
	}
}

func TestReleasesAndNumbersDoNotChangeAFingerof(t *testing.T) {
	of := func(message, source string) uint64 {
		return Fingerprint(&event.Event{Error: event.Error{Kind: "error", Message: message, Source: source}})
	}
	first := of("row 12 of 300 is missing", "https://clinic.example/app.3f2a1b9c.js")
	if of("row 7 of 4512 is missing", "https://clinic.example/app.99e01ab2.js") != first {
		t.Error("numbers and the hash of a build make another cause")
	}
	if of("row 7 of 4512 is wrong", "https://clinic.example/app.99e01ab2.js") == first {
		t.Error("another message has the same fingerprint")
	}
	if of("h1 missing", "") == of("h missing", "") {
		t.Error("a word with a digit is one without")
	}
}

func TestWeightIsAtLeastOneAndBounded(t *testing.T) {
	g := newGate(t, "")
	for raw, want := range map[float64]float32{0: 0, 1: 0, 0.5: 0, -3: 0, 20: 20, 1e9: maxWeight, math.Inf(1): maxWeight, math.Inf(-1): 0} {
		if got := clearOne(t, g, fault(func(h *hit.Hit) { h.Weight = raw })).Event.Weight; got != want {
			t.Errorf("weight %v became %v, want %v", raw, got, want)
		}
	}
	if got := clearOne(t, g, fault(func(h *hit.Hit) { h.Weight = math.NaN() })).Event.Weight; got != 0 {
		t.Errorf("a weight that is no number became %v", got)
	}
}

func TestAttributionIsKnownScrubbedAndEachOnce(t *testing.T) {
	e := clearOne(t, newGate(t, ""), visit(func(h *hit.Hit) {
		h.Type = "vitals"
		h.Sources = []hit.Prop{
			{Key: "lcp_element", Value: "#card-870412300129>img"},
			{Key: "lcp_url", Value: "https://clinic.example/a.jpg?iin=870412300129"},
			{Key: "ivan", Value: "x"},
			{Key: "navigation", Value: "reload"},
			{Key: "navigation", Value: "navigate"},
			{Key: "inp_event", Value: ""},
			{Key: "cls_target", Value: strings.Repeat("div>", 100)},
		}
	})).Event
	want := []event.Pair{
		{Key: "lcp_element", Value: "#card-[iin]>img"},
		{Key: "lcp_url", Value: "https://clinic.example/a.jpg"},
		{Key: "navigation", Value: "reload"},
		{Key: "cls_target", Value: strings.Repeat("div>", 50)},
	}
	if diff := cmp.Diff(want, e.Attribution); diff != "" {
		t.Error(diff)
	}
}

func TestAReferenceIsEightOfItsLettersOrNothing(t *testing.T) {
	g := newGate(t, "")
	for raw, want := range map[string]string{
		"K7QF9D2M": "K7QF9D2M", "": "", "K7QF9D2": "", "K7QF9D2MM": "", "k7qf9d2m": "", "K7QF9D20": "", "K7QF9D2I": "", "87041230": "",
	} {
		if got := clearOne(t, g, visit(func(h *hit.Hit) { h.Type, h.Reference = "vitals", raw })).Event.Reference; got != want {
			t.Errorf("%q became %q, want %q", raw, got, want)
		}
	}
}

// A report carries no choice that a page asked for, and comes when the browser likes.
func TestOfABrowsersReportNoMoreIsKeptThanWithoutAChoice(t *testing.T) {
	g := newGate(t, "")
	report := func(change func(*hit.Hit)) *hit.Hit {
		return visit(func(h *hit.Hit) {
			h.Way, h.Type, h.Consent = hit.Report, "report", "advertising"
			h.Error = hit.Error{Kind: "network-error", Type: "tcp.timed_out"}
		}, change)
	}
	e := clearOne(t, g, report(func(h *hit.Hit) { h.Time = received.Add(-6 * 24 * time.Hour) })).Event
	if e.Consent != event.Essential || e.Origin != event.Report || e.Type != event.BrowserReport || e.Place.City != "" {
		t.Errorf("%v, %v, %v, city %q", e.Consent, e.Origin, e.Type, e.Place.City)
	}
	if !e.Time.Equal(received.Add(-6 * 24 * time.Hour).Truncate(time.Millisecond)) {
		t.Errorf("ts = %v", e.Time)
	}
	if e := clearOne(t, g, report(func(h *hit.Hit) { h.Time = received.Add(-8 * 24 * time.Hour) })).Event; !e.Time.Equal(received.Truncate(time.Millisecond)) {
		t.Errorf("a report older than a week has ts = %v", e.Time)
	}
	var c Cleared
	if reason := g.Clear(report(func(h *hit.Hit) { h.Consent = "refused" }), &c, nil); reason != hit.Refused {
		t.Errorf("of who refused: %q", reason)
	}
}

func TestAViolationCountsOnceAMinutePageAndVisitor(t *testing.T) {
	g := newGate(t, "")
	id := func(change func(*hit.Hit)) string {
		return clearOne(t, g, visit(func(h *hit.Hit) {
			h.Way, h.Type, h.ID = hit.Report, "report", ""
			h.Error = hit.Error{Kind: "csp-violation", Type: "img-src", Source: "https://evil.test", Stack: "https://clinic.example/app.js"}
		}, change)).Event.ID
	}
	first := id(func(*hit.Hit) {})
	if len(first) != 11 {
		t.Errorf("its id is %q", first)
	}
	for name, change := range map[string]func(*hit.Hit){
		"at another place of the source": func(h *hit.Hit) { h.Error.Line = 99 },
		"some seconds later":             func(h *hit.Hit) { h.Received = h.Received.Add(20 * time.Second) },
	} {
		if id(change) != first {
			t.Errorf("%s it is another", name)
		}
	}
	for name, change := range map[string]func(*hit.Hit){
		"minute":     func(h *hit.Hit) { h.Received = h.Received.Add(time.Minute) },
		"visitor":    func(h *hit.Hit) { h.UserAgent = "another" },
		"page":       func(h *hit.Hit) { h.URL = "https://clinic.example/other" },
		"directive":  func(h *hit.Hit) { h.Error.Type = "script-src" },
		"origin":     func(h *hit.Hit) { h.Error.Source = "https://other.test" },
		"script":     func(h *hit.Hit) { h.Error.Stack = "https://clinic.example/b.js" },
		"kind of it": func(h *hit.Hit) { h.Error.Kind = "network-error" },
	} {
		if id(change) == first {
			t.Errorf("of another %s it is the same", name)
		}
	}
}

// A file that a report names is often the page itself, with what stands in its path.
func TestOfTheFileThatAReportNamesNoMoreIsKeptThanOfAPage(t *testing.T) {
	g := healthGate(t, "")
	for raw, want := range map[string]string{
		"https://clinic.example/results/aigerim?iin=870412300129":                 "https://clinic.example/results/:id",
		"https://clinic.example/cards/6f1e77aa-0c1b-4f0e-9d4c-1a2b3c4d5e6f/photo": "https://clinic.example/cards/:id/photo",
		"https://clinic.example/results/app.js":                                   "https://clinic.example/results/app.js",
		"https://WIDGET.example/patients/aigerim.js?x=1":                          "https://widget.example",
		"https://u:p@widget.example:8443/a":                                       "https://widget.example",
		"chrome-extension://abcdefgh/content/a.js":                                "chrome-extension://abcdefgh",
		"inline": "inline", "": "",
	} {
		e := clearOne(t, g, visit(func(h *hit.Hit) {
			h.Way, h.Type = hit.Report, "report"
			h.Error = hit.Error{Kind: "csp-violation", Type: "img-src", Source: raw, Stack: raw}
		})).Event.Error
		if e.Source != want || e.Stack != want {
			t.Errorf("%s became %q and %q, want %q", raw, e.Source, e.Stack, want)
		}
	}
}
