package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/storage"
	"github.com/google/go-cmp/cmp"
)

// Each case is a page, or a browser, in which something that the script needs is broken.
func TestNothingIsThrownIntoThePage(t *testing.T) {
	browser := shared(t)
	for _, tt := range []struct{ name, before string }{
		{"history is frozen", `Object.freeze(history)`},
		{"pushState cannot be replaced", `Object.defineProperty(history, 'pushState', {value: history.pushState, writable: false})`},
		{"sendBeacon throws", `Navigator.prototype.sendBeacon = () => { throw new Error('no') }`},
		{"fetch throws", `window.fetch = () => { throw new Error('no') }`},
		{"fetch answers nonsense", `window.fetch = () => 42`},
		{"fetch never settles", `window.fetch = () => new Promise(() => {})`},
		{"random numbers are refused", `crypto.getRandomValues = () => { throw new Error('no') }`},
		{"the time zone is refused", `Intl.DateTimeFormat = () => { throw new Error('no') }`},
		{"client hints throw", `NavigatorUAData.prototype.getHighEntropyValues = () => { throw new Error('no') }`},
		{"client hints are nonsense", `NavigatorUAData.prototype.getHighEntropyValues = () => Promise.resolve(undefined)`},
		{"the stub is something else", `window.mayak = document`},
		{"the stub cannot be replaced", `Object.defineProperty(window, 'mayak', {value: Object.freeze(() => {}), writable: false})`},
		{"the stub's queue is nonsense", `window.mayak = () => {}; mayak.q = [null, 7]`},
		{"JSON is broken", `JSON.stringify = () => { throw new Error('no') }`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, browser, map[string]string{"/": top + tag + `<a id="x" href="https://example.org/">x</a>`})
			v.Before(tt.before)
			v.Open(v.site + "/")
			v.Run(`
				addEventListener('click', event => event.preventDefault());
				document.querySelector('#x').click();
				history.pushState(null, '', '/a');
				history.replaceState(null, '', '/b');
				dispatchEvent(new Event('scroll'));
				document.dispatchEvent(new Event('click', {bubbles: true}));
				mayak('event', {a: 1});
				new Promise(done => setTimeout(done, 200))`)
			if got := Eval[string](v.Tab, `location.pathname`); got != "/b" {
				t.Errorf("the page's own navigation led to %s, want /b", got)
			}
			v.Hide()
			v.Show()
			if complaints := v.Complaints(); len(complaints) > 0 {
				t.Errorf("the page had to hear: %q", complaints)
			}
		})
	}
}

func TestCollectorThatIsDownCostsThePageNothing(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag})
	v.Before(`window.thrown = []; addEventListener('error', event => thrown.push(event.message));
		addEventListener('unhandledrejection', event => thrown.push(String(event.reason)))`)
	v.collector.Close()
	v.Open(v.site + "/")
	v.Run(`history.pushState(null, '', '/a'); new Promise(done => setTimeout(done, 200))`)
	v.Hide()
	if thrown := Eval[[]string](v.Tab, `thrown`); len(thrown) > 0 {
		t.Errorf("thrown into the page: %q", thrown)
	}
}

func TestAnErrorOfThePagesOwnNavigationStaysThePages(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag})
	v.Open(v.site + "/")
	v.collector.await(t, 1, ofType("pageview"))
	got := Eval[string](v.Tab, `(() => {
		try { history.pushState(null, '', 'https://example.org/'); return 'nothing'; } catch (error) { return error.name; }
	})()`)
	if got != "SecurityError" {
		t.Errorf("pushState to another site threw %s, want SecurityError, as without the script", got)
	}
}

func TestScriptWithoutASiteSaysSoOnceAndDoesNothing(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + strings.Replace(tag, `data-site="clinic"`, "", 1)})
	v.Open(v.site + "/")
	v.Run(`history.pushState(null, '', '/a'); new Promise(done => setTimeout(done, 200))`)
	if diff := cmp.Diff([]string{"console.warning: mayak: no data-site"}, v.Complaints()); diff != "" {
		t.Errorf("complaints (-want +got):\n%s", diff)
	}
	if Eval[string](v.Tab, `typeof mayak`) != "undefined" {
		t.Error("the script is there, want nothing of it")
	}
	if events := v.collector.got(func(received) bool { return true }); len(events) > 0 {
		t.Errorf("sent %+v, want nothing", events)
	}
}

func TestNothingIsStoredOnTheDevice(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag})
	v.Open(v.site + "/")
	v.collector.await(t, 1, ofType("pageview"))
	v.Run(`history.pushState(null, '', '/a'); mayak('signup')`)
	v.Hide()
	v.settle(t)
	stored := Eval[[]string](v.Tab, `(async () => [
		...(document.cookie ? [document.cookie] : []), ...Object.keys(localStorage), ...Object.keys(sessionStorage),
		...(await indexedDB.databases()).map(database => database.name), ...await caches.keys(),
		...(await navigator.serviceWorker.getRegistrations()).map(worker => worker.scope),
	])()`)
	if len(stored) > 0 {
		t.Errorf("on the device: %q, want nothing", stored)
	}
	if cookies := Call(v.Tab, storage.GetCookies, storage.GetCookiesParams{}).Cookies; len(cookies) > 0 {
		t.Errorf("the browser keeps %d cookies, want none", len(cookies))
	}
}
