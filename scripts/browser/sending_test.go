package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// Each case is a browser that lacks something: every kind of event has to come all the same.
func TestEventsArriveWithout(t *testing.T) {
	browser := shared(t)
	for _, tt := range []struct{ name, before string }{
		{"anything missing", ``},
		{"sendBeacon", `delete Navigator.prototype.sendBeacon`},
		{"sendBeacon taking it", `Navigator.prototype.sendBeacon = () => false`},
		{"client hints", `delete Navigator.prototype.userAgentData`},
		{"client hints that are allowed", `NavigatorUAData.prototype.getHighEntropyValues = () => Promise.reject(new Error('no'))`},
		{"client hints that ever come", `NavigatorUAData.prototype.getHighEntropyValues = () => new Promise(() => {})`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, browser, map[string]string{"/": top + tag})
			v.Before(clock)
			v.Before(tt.before)
			v.Open(v.site + "/")
			view := v.collector.await(t, 1, ofType("pageview"))[0]
			v.Run(`mayak('signup'); pass(5000)`)
			v.collector.await(t, 1, named("signup"))
			v.Hide()
			engaged := v.collector.await(t, 1, ofType("engage"))[0]
			if len(view.ID) != 16 || len(engaged.ID) != 16 || view.ID == engaged.ID || engaged.Page != view.ID {
				t.Errorf("ids: view %q; engagement %q of page %q", view.ID, engaged.ID, engaged.Page)
			}
			if complaints := v.Complaints(); len(complaints) > 0 {
				t.Errorf("the page had to hear: %q", complaints)
			}
		})
	}
}

func TestRefusedEventIsSentOnceMoreWithTheSameID(t *testing.T) {
	browser := shared(t)
	for _, tt := range []struct {
		name, before string
		refusals     []int
		want         int
	}{
		{"503", ``, []int{503}, 2},
		{"429", ``, []int{429}, 2},
		{"503 twice is the end", ``, []int{503, 503, 503}, 2},
		{"404 is an answer", ``, []int{404}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, browser, map[string]string{"/": top + tag})
			v.Before(tt.before)
			v.collector.refuse(tt.refusals...)
			v.Open(v.site + "/")
			v.collector.await(t, tt.want, ofType("pageview"))
			v.Hide() // what still waits for its second try goes now
			v.Show()
			v.settle(t)
			views := v.collector.got(ofType("pageview"))
			if len(views) != tt.want {
				t.Fatalf("sent %d times, want %d", len(views), tt.want)
			}
			if len(views) == 2 && (views[0].ID != views[1].ID || views[0].URL != views[1].URL) {
				t.Errorf("first %+v, then %+v: want the same event", views[0], views[1])
			}
		})
	}
}

func TestEventIsSentOnceMoreAfterTheNetworkFailed(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{"/": top + tag})
	v.Open(v.site + "/")
	v.collector.await(t, 1, ofType("pageview"))
	setNetwork := func(offline bool) {
		Call(v.Tab, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}},
		})
	}
	Call(v.Tab, network.Enable, network.EnableParams{})
	setNetwork(true)
	v.Run(`mayak('signup', {plan: 'x'}); new Promise(done => setTimeout(done, 300))`)
	if lost := v.collector.got(named("signup")); len(lost) > 0 {
		t.Fatal("the event came although the network was away, so nothing was tested")
	}
	setNetwork(false)
	if got := v.collector.await(t, 1, named("signup")); got[0].Props["plan"] != "x" {
		t.Errorf("came as %+v", got)
	}
}

func TestDataEndpointSaysWhereEventsGo(t *testing.T) {
	v := newVisit(t, shared(t), map[string]string{
		"/": top + strings.Replace(tag, "data-site", `data-endpoint="/count" data-site`, 1),
	})
	v.Open(v.site + "/")
	if got := v.collector.await(t, 1, ofType("pageview"))[0].path; got != "/count" {
		t.Errorf("sent to %s, want /count", got)
	}
}
