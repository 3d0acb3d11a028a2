package browser

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock lets a test pass time in the page: the script's clock is the real one plus what the test has added.
const clock = `{
	let added = 0;
	const real = performance.now.bind(performance);
	performance.now = () => real() + added;
	window.pass = ms => { added += ms; dispatchEvent(new Event('keydown')); };
}`

// slack is how much real time may pass between a test's steps.
const slack = 5 * time.Second

func newTimedVisit(t *testing.T, browser *Browser) visit {
	t.Helper()
	v := newVisit(t, browser, map[string]string{
		"/": top + tag + `<div id="tall"></div>`, "/next": top + tag,
	})
	v.Before(clock)
	v.Open(v.site + "/")
	v.collector.await(t, 1, ofType("pageview"))
	return v
}

func checkEngaged(t *testing.T, event received, want time.Duration) {
	t.Helper()
	got := time.Duration(event.EngagedMS) * time.Millisecond
	if got < want || got > want+slack {
		t.Errorf("engaged for %v, want %v (and at most %v more)", got, want, slack)
	}
}

func TestOnlyVisibleAndFocusedTimeIsEngagement(t *testing.T) {
	v := newTimedVisit(t, shared(t))
	page := Eval[string](v.Tab, `mayak.page`)

	v.Run(`pass(30000)`)
	v.Hide()
	first := v.collector.await(t, 1, ofType("engage"))[0]
	checkEngaged(t, first, 30*time.Second)
	if first.way != "no-cors" {
		t.Errorf("sent by a request of mode %q, want sendBeacon's", first.way)
	}

	v.Run(`pass(60000)`) // hidden: nobody looks
	v.Show()
	v.Run(`pass(20000)`)
	v.Run(`document.hasFocus = () => false; dispatchEvent(new Event('blur')); pass(60000)`) // another window in front
	v.Run(`delete document.hasFocus; dispatchEvent(new Event('focus')); pass(10000)`)
	v.Hide()
	second := v.collector.await(t, 2, ofType("engage"))[1]
	checkEngaged(t, second, 30*time.Second)

	if first.Page != page || second.Page != page || first.ID == second.ID {
		t.Errorf("engagement of pages %s and %s with ids %s and %s, want that of %s and two ids",
			first.Page, second.Page, first.ID, second.ID, page)
	}
}

func TestTimeInWhichNothingMovesCountsForTwoMinutes(t *testing.T) {
	v := newTimedVisit(t, shared(t))
	v.Run(`pass(3600000)`)
	v.Hide()
	checkEngaged(t, v.collector.await(t, 1, ofType("engage"))[0], 2*time.Minute)
}

func TestLeavingThePageTellsItsEngagementOnce(t *testing.T) {
	v := newTimedVisit(t, shared(t))
	page := Eval[string](v.Tab, `pass(7000), mayak.page`)
	v.Open(v.site + "/next")
	v.collector.await(t, 2, ofType("pageview"))
	v.collector.await(t, 1, ofType("engage"))
	v.settle(t)
	engaged := v.collector.got(ofType("engage"))
	if len(engaged) != 1 || engaged[0].Page != page {
		t.Fatalf("engagement = %+v, want one event of page %s", engaged, page)
	}
	checkEngaged(t, engaged[0], 7*time.Second)
}

func TestEachViewOfASinglePageSiteHasItsOwnEngagement(t *testing.T) {
	v := newTimedVisit(t, shared(t))
	v.Run(`pass(8000); history.pushState(null, '', '/a'); pass(3000)`)
	v.collector.await(t, 1, ofType("engage"))
	views := v.collector.await(t, 2, ofType("pageview"))
	v.Hide()
	engaged := v.collector.await(t, 2, ofType("engage"))
	for i, want := range []time.Duration{8 * time.Second, 3 * time.Second} {
		checkEngaged(t, engaged[i], want)
		if engaged[i].Page != views[i].ID || engaged[i].URL != views[i].URL {
			t.Errorf("engagement %d is of page %s at %s, want %s at %s",
				i, engaged[i].Page, engaged[i].URL, views[i].ID, views[i].URL)
		}
	}
}

func TestPageLoadedInTheBackgroundIsViewedButNotEngagedWith(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top, "/next": top + tag})
	v.Before(clock)
	v.Open(v.site + "/")
	v.Hide()
	v.Open(v.site + "/next")
	v.collector.await(t, 1, ofType("pageview"))
	v.Run(`pass(60000)`)
	v.Show()
	v.Run(`pass(4000)`)
	v.Hide()
	checkEngaged(t, v.collector.await(t, 1, ofType("engage"))[0], 4*time.Second)
}

func TestScrollIsTheDeepestPartThatWasSeen(t *testing.T) {
	v := newTimedVisit(t, shared(t))
	v.Run(`document.querySelector('#tall').style.height = 10 * innerHeight + 'px'; scrollTo(0, 4 * innerHeight)`)
	v.Run(`new Promise(done => requestAnimationFrame(done)).then(() => { pass(1000); scrollTo(0, 0); pass(1000); })`)
	v.Hide()
	if got := v.collector.await(t, 1, ofType("engage"))[0].Scroll; got < 49 || got > 51 {
		t.Errorf("scroll = %d, want 50: five screens of ten", got)
	}
	if diff := cmp.Diff([]string{"/ from "}, v.views()); diff != "" {
		t.Errorf("views (-want +got):\n%s", diff)
	}
}
