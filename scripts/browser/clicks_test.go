package browser

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// told is what an event says for itself.
type told struct {
	Name     string
	Props    map[string]any
	Value    float64
	Currency string
}

func (v visit) told() []told {
	var events []told
	for _, event := range v.collector.got(func(e received) bool { return e.Type == "event" && e.Name != "settled" }) {
		events = append(events, told{event.Name, event.Props, event.Value, event.Currency})
	}
	return events
}

func TestEventsOfThePage(t *testing.T) {
	browser := shared(t)
	url := func(url string) map[string]any { return map[string]any{"url": url} }
	for _, tt := range []struct {
		name, body, script string
		want               []told
	}{
		{
			"a link to another host", `<a id="x" href="https://example.org/a?b=c"><b>there</b></a>`,
			`document.querySelector('#x b').click()`,
			[]told{{Name: "outbound", Props: url("https://example.org/a?b=c")}},
		},
		{
			"a link to another host, with the middle button", `<a id="x" href="https://example.org/">there</a>`,
			`document.querySelector('#x').dispatchEvent(new MouseEvent('auxclick', {button: 1, bubbles: true, composed: true}))`,
			[]told{{Name: "outbound", Props: url("https://example.org/")}},
		},
		{
			"a link whose menu is opened", `<a id="x" href="https://example.org/">there</a>`,
			`document.querySelector('#x').dispatchEvent(new MouseEvent('auxclick', {button: 2, bubbles: true, composed: true}))`,
			nil,
		},
		{"a link within the site", `<a id="x" href="/next">next</a>`, `document.querySelector('#x').click()`, nil},
		{"a link that writes a letter", `<a id="x" href="mailto:a@example.org">write</a>`, `document.querySelector('#x').click()`, nil},
		{
			"a file", `<a id="x" href="https://example.org/Price%20List.PDF?v=2">prices</a>`, `document.querySelector('#x').click()`,
			[]told{{Name: "download", Props: url("https://example.org/Price%20List.PDF?v=2")}},
		},
		{
			"a link with download", `<a id="x" href="https://example.org/report" download="report.json">report</a>`,
			`document.querySelector('#x').click()`,
			[]told{{Name: "download", Props: url("https://example.org/report")}},
		},
		{
			"a link in a shadow tree", `<div id="x"></div>`, `{
				const root = document.querySelector('#x').attachShadow({mode: 'open'});
				const link = root.appendChild(document.createElement('a'));
				link.href = 'https://example.org/';
				link.click();
			}`,
			[]told{{Name: "outbound", Props: url("https://example.org/")}},
		},
		{
			"a link whose click the page keeps to itself", `<a id="x" href="https://example.org/">there</a>`,
			`document.querySelector('#x').onclick = event => { event.stopImmediatePropagation(); event.preventDefault(); };
			document.querySelector('#x').click()`,
			[]told{{Name: "outbound", Props: url("https://example.org/")}},
		},
		{
			"a marked element", `<button id="x" data-mayak-event="book" data-mayak-prop-doctor="kids" data-mayak-prop-at-home="yes"><i>go</i></button>`,
			`document.querySelector('#x i').click()`,
			[]told{{Name: "book", Props: map[string]any{"doctor": "kids", "at-home": "yes"}}},
		},
		{
			"a marked form counts when it is sent", `<form action="/next" data-mayak-event="signup"><input id="x"><button id="y">go</button></form>`,
			`document.querySelector('form').onsubmit = () => false; document.querySelector('#x').click(); document.querySelector('#y').click()`,
			[]told{{Name: "signup", Props: map[string]any{}}},
		},
		{
			"the site's own code", ``, `mayak('pay', {plan: 'x', seats: 2}, {value: 990.5, currency: 'KZT'})`,
			[]told{{Name: "pay", Props: map[string]any{"plan": "x", "seats": 2.0}, Value: 990.5, Currency: "KZT"}},
		},
		{"what cannot be sent is dropped", ``, `{ const loop = {}; loop.loop = loop; mayak('loop', loop); mayak('after'); }`, []told{{Name: "after"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, browser, map[string]string{"/": top + tag + tt.body, "/next": top + tag})
			v.Open(v.site + "/")
			v.collector.await(t, 1, ofType("pageview"))
			// The test stays on the page: what is clicked is told before anything follows the link.
			v.Run(`addEventListener('click', event => event.composedPath()[0].closest('a') && event.preventDefault())`)
			v.Run(tt.script)
			v.collector.await(t, len(tt.want), ofType("event"))
			v.settle(t)
			if diff := cmp.Diff(tt.want, v.told()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			page := Eval[string](v.Tab, `mayak.page`)
			for _, event := range v.collector.got(ofType("event")) {
				if event.Page != page || event.ID == page || event.URL != v.site+"/" {
					t.Errorf("event %s of page %q at %q, want page %q", event.Name, event.Page, event.URL, page)
				}
			}
			if complaints := v.Complaints(); len(complaints) > 0 {
				t.Errorf("the page had to hear: %q", complaints)
			}
		})
	}
}

func TestClickThatLeavesThePageIsTold(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{
		"/": top + tag + `<a id="x" data-mayak-event="left" href="/next">next</a>`, "/next": top,
	})
	v.Open(v.site + "/")
	v.collector.await(t, 1, ofType("pageview"))
	v.Run(`document.querySelector('#x').click()`)
	v.collector.await(t, 1, named("left"))
}

func TestCallsFromBeforeTheScriptCameAreMadeGood(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag})
	v.Before(`window.mayak = window.mayak || function () { (mayak.q = mayak.q || []).push(arguments) };
		mayak('early', {n: 1}, {value: 2, currency: 'KZT'}); mayak('earlier')`)
	v.Open(v.site + "/")
	v.collector.await(t, 2, ofType("event"))
	want := []told{{Name: "early", Props: map[string]any{"n": 1.0}, Value: 2, Currency: "KZT"}, {Name: "earlier"}}
	less := func(a, b told) bool { return a.Name < b.Name }
	v.settle(t)
	if diff := cmp.Diff(want, v.told(), cmpopts.SortSlices(less)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
