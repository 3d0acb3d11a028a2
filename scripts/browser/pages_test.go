package browser

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	tag = `<script defer src="COLLECTOR/m.js" data-site="clinic"></script>`
	top = `<!doctype html><html lang="kk"><meta charset="utf-8"><title>Clinic</title>`
)

// inAnyOrder compares what came over several connections, of which each has its own pace.
var inAnyOrder = cmpopts.SortSlices(strings.Compare)

// visit is a tab of its own and a site that it can open, counted by a collector of its own.
type visit struct {
	*Tab

	collector *fakeCollector
	site      string
}

func newVisit(t *testing.T, browser *Browser, pages map[string]string) visit {
	t.Helper()
	collector := startCollector(t)
	return visit{Tab: browser.Tab(t), collector: collector, site: startSite(t, collector.URL, pages)}
}

// settle gives what should not be sent the time to be sent all the same. What should come has to be awaited before.
func (v visit) settle(t *testing.T) {
	t.Helper()
	before := len(v.collector.got(named("settled")))
	v.Run(`new Promise(done => setTimeout(done, 200)).then(() => mayak('settled'))`)
	v.collector.await(t, before+1, named("settled"))
}

// views returns the page views so far, each as path and referrer's path.
func (v visit) views() []string {
	var views []string
	for _, view := range v.collector.got(ofType("pageview")) {
		views = append(views, strings.TrimPrefix(view.URL, v.site)+" from "+strings.TrimPrefix(view.Referrer, v.site))
	}
	return views
}

func TestPageViewCarriesWhatTheBrowserSays(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/doctors": top + tag})
	v.Open(v.site + "/doctors?utm_source=qr#section")
	view := v.collector.await(t, 1, ofType("pageview"))[0]

	want := received{
		Site: "clinic", URL: v.site + "/doctors?utm_source=qr", Type: "pageview", Title: "Clinic",
		Screen:   Eval[string](v.Tab, `screen.width + 'x' + screen.height`),
		Viewport: Eval[string](v.Tab, `innerWidth + 'x' + innerHeight`),
		Lang:     Eval[string](v.Tab, `navigator.language`),
		TZ:       Eval[string](v.Tab, `Intl.DateTimeFormat().resolvedOptions().timeZone`),
		DPR:      Eval[float64](v.Tab, `devicePixelRatio`), Webdriver: true,
		ID: Eval[string](v.Tab, `mayak.page`), Page: view.ID, Hints: view.Hints,
	}
	if diff := cmp.Diff(want, view, cmpopts.IgnoreUnexported(received{})); diff != "" {
		t.Errorf("page view (-want +got):\n%s", diff)
	}
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(view.ID) {
		t.Errorf("id = %q, want 64 bits in hexadecimal", view.ID)
	}
	if view.contentType != "text/plain;charset=UTF-8" {
		t.Errorf("sent as %q, which needs a preflight", view.contentType)
	}
	checkHints(t, view)
	if complaints := v.Complaints(); len(complaints) > 0 {
		t.Errorf("the page had to hear: %q", complaints)
	}
}

func checkHints(t *testing.T, view received) {
	t.Helper()
	hints := view.Hints
	if hints.Platform != "Linux" || hints.Mobile == nil || *hints.Mobile || hints.Touch == nil {
		t.Errorf("hints = %+v, want those of a computer with Linux", hints)
	}
	for _, brand := range hints.Brands {
		if strings.Contains(brand.Brand, "Chrom") && strings.Count(brand.Version, ".") == 3 {
			return
		}
	}
	t.Errorf("hints name the brands %v, want one of Chromium with its full version", hints.Brands)
}

func TestPageViews(t *testing.T) {
	browser := shared(t)
	plain := top + tag + `<a id="next" href="/next">next</a>`
	for _, tt := range []struct {
		name, page, script string
		want               []string
	}{
		{"pushState is a view, and knows where it came from", plain, `history.pushState(null, '', '/a')`, []string{"/ from ", "/a from /"}},
		{"replaceState with another query is a view", plain, `history.replaceState(null, '', '?page=2')`, []string{"/ from ", "/?page=2 from /"}},
		{"replaceState with the same address is none", plain, `history.replaceState({scroll: 10}, '', location.href)`, []string{"/ from "}},
		{"pushState with the same address is none", plain, `history.pushState({}, '')`, []string{"/ from "}},
		{"a fragment is none", plain, `location.hash = 'prices'`, []string{"/ from "}},
		{"a fragment that is a route is a view", plain, `location.hash = '#/prices'`, []string{"/ from ", "/#/prices from /"}},
		{"a hashbang is a view", plain, `location.hash = '#!/prices'`, []string{"/ from ", "/#!/prices from /"}},
		{"every fragment is a view with data-hash", strings.Replace(plain, "data-site", "data-hash data-site", 1), `location.hash = 'prices'`, []string{"/ from ", "/#prices from /"}},
		{"back and forward are views", plain, `
			history.pushState(null, '', '/a');
			new Promise(done => { addEventListener('popstate', done, {once: true}); history.back(); }).then(() =>
			new Promise(done => { addEventListener('popstate', done, {once: true}); history.forward(); }))`, []string{"/ from ", "/a from /", "/ from /a", "/a from /"}},
		{"a router that goes on at once loses no view", plain, `history.pushState(null, '', '/a'); history.replaceState(null, '', '/b')`, []string{"/ from ", "/a from /", "/b from /a"}},
		{"the script included twice counts once", plain + tag, ``, []string{"/ from "}},
		{"the script as a module counts", top + strings.Replace(tag, "defer", `type="module"`, 1), ``, []string{"/ from "}},
		{"the script as an async one counts", top + strings.Replace(tag, "defer", "async", 1), ``, []string{"/ from "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, browser, map[string]string{"/": tt.page})
			v.Open(v.site + "/")
			v.collector.await(t, 1, ofType("pageview"))
			v.Run(tt.script)
			v.collector.await(t, len(tt.want), ofType("pageview"))
			v.settle(t)
			if diff := cmp.Diff(tt.want, v.views(), inAnyOrder); diff != "" {
				t.Errorf("views (-want +got):\n%s", diff)
			}
			if complaints := v.Complaints(); len(complaints) > 0 {
				t.Errorf("the page had to hear: %q", complaints)
			}
		})
	}
}

func TestTitleIsTheOneThatTheRouterSetAfterwards(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag})
	v.Open(v.site + "/")
	v.Run(`history.pushState(null, '', '/a'); document.title = 'Doctors'`)
	for _, view := range v.collector.await(t, 2, ofType("pageview")) {
		want := map[string]string{v.site + "/": "Clinic", v.site + "/a": "Doctors"}[view.URL]
		if view.Title != want {
			t.Errorf("title of %s = %q, want %q", view.URL, view.Title, want)
		}
	}
}

func TestPageFromTheBackForwardCacheIsViewedAgain(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag, "/next": top + tag})
	v.Open(v.site + "/")
	v.collector.await(t, 1, ofType("pageview"))
	first := Eval[string](v.Tab, `window.kept = 'kept', mayak.page`)
	v.Open(v.site + "/next")
	v.collector.await(t, 2, ofType("pageview"))
	v.Run(`history.back()`)
	views := v.collector.await(t, 3, ofType("pageview"))
	if Eval[*string](v.Tab, `window.kept`) == nil {
		t.Fatal("the browser loaded the page anew instead of taking it from its cache, so nothing was tested")
	}
	last := views[len(views)-1]
	if last.ID == first || last.ID != Eval[string](v.Tab, `mayak.page`) {
		t.Errorf("the restored page's view is %s, want a new one", last.ID)
	}
	if diff := cmp.Diff([]string{"/ from ", "/next from ", "/ from /"}, v.views()); diff != "" {
		t.Errorf("views (-want +got):\n%s", diff)
	}
}

// A browser that is driven from outside prerenders nothing, so the page is told that it is being prerendered.
func TestPrerenderedPageCountsOnceItIsShown(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag})
	v.Before(`{
		let ahead = true;
		Object.defineProperty(document, 'prerendering', {get: () => ahead});
		window.show = () => { ahead = false; document.dispatchEvent(new Event('prerenderingchange')); };
	}`)
	v.Open(v.site + "/")
	v.Run(`mayak('early', {n: 1}); history.replaceState(null, '', '/?settled'); new Promise(done => setTimeout(done, 200))`)
	if events := v.collector.got(func(received) bool { return true }); len(events) > 0 {
		t.Errorf("a page that nobody has seen sent %+v", events)
	}
	v.Run(`show()`)
	v.collector.await(t, 1, ofType("pageview"))
	v.settle(t)
	if diff := cmp.Diff([]string{"/?settled from "}, v.views()); diff != "" {
		t.Errorf("views (-want +got):\n%s", diff)
	}
	if early := v.collector.got(named("early")); len(early) != 1 {
		t.Errorf("the event from before the page was shown came %d times, want once", len(early))
	}
}
