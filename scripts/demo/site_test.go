package demo

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"mayak/collector/tracker"
	"mayak/scripts/browser"
)

// collector is as much of one as the pages need to be looked at.
type collector struct {
	*httptest.Server

	mu     sync.Mutex
	pixels []string // the Referer of each
}

func startCollector(t *testing.T, outcome string) *collector {
	t.Helper()
	c := &collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /m.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(tracker.Script().Body)
	})
	mux.HandleFunc("POST /e", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Expose-Headers", "Mayak-Outcome")
		w.Header().Set("Mayak-Outcome", outcome)
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("GET /p.gif", func(_ http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pixels = append(c.pixels, r.Header.Get("Referer"))
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

// example is a row like those that the collector writes.
func example(pageID, path string, raw Raw) (Stored, error) {
	if path == "" {
		address, err := url.Parse(raw.URL)
		if err != nil {
			return Stored{}, err
		}
		path = address.Path
	}
	return Stored{
		Columns: []Column{
			{"site", "demo"},
			{"ts", "2026-11-22 11:40:02.513"},
			{"type", "pageview"},
			{"id", pageID},
			{"visitor", "8e1f52a90c77d310"},
			{"hostname", "localhost"},
			{"path", path},
			{"title", "Shipa Clinic, Almaty: family doctors"},
			{"channel", "Email"},
			{"utm_source", "newsletter"},
			{"country", ""},
			{"city", ""},
			{"browser", "Chrome"},
			{"browser_version", "156"},
			{"os", "Linux"},
			{"device", "desktop"},
			{"screen_width", "1280"},
			{"language", "en"},
			{"timezone", "Asia/Almaty"},
			{"ip", "127.0.0.0/24"},
			{"consent", "essential"},
		},
		Notes: []Note{
			{"ip", Shortened, "127.0.0.1", "127.0.0.0/24", "only the network is kept: the /24 of IPv4, the /48 of IPv6"},
			{"browser_version", Shortened, "156.0.8078.79", "156", "essential: the major version"},
			{"screen_width", Replaced, "1293", "1280", "essential: a class of sizes"},
			{"title", Replaced, "Results of a@example.kz", "Results of [e-mail]", "an e-mail address"},
			{"email", Dropped, "aigerim@example.kz", "", "query parameter that is not on the site's allow list"},
			{"q", Dropped, "diabetes test", "", "query parameter that is not on the site's allow list"},
		},
		Later:     []Row{{Columns: []Column{{"type", "engage"}, {"engaged_ms", "5210"}, {"scroll", "64"}}}},
		AgeMillis: 341,
	}, nil
}

// stored waits until the panel shows a row and returns it as text.
func stored(tab *browser.Tab) string {
	return browser.Eval[string](tab, `new Promise(done => {
		const look = () => document.querySelector('.panel [data-state="stored"]') ? done(document.querySelector('.panel').innerText) : setTimeout(look, 20);
		look();
	})`)
}

func TestPanelShowsTheRowOfEachPageView(t *testing.T) {
	collector := startCollector(t, "stored")
	site := start(t, collector.URL, example)
	tab := browser.Start(t).Tab(t)
	tab.Open(site.URL + "/?email=aigerim@example.kz")
	first := stored(tab)
	for _, want := range []string{"browser_version", "the major version", "aigerim@example.kz", "5210", "“stored”", "2 columns are empty"} {
		if !strings.Contains(first, want) {
			t.Errorf("the panel lacks %q:\n%s", want, first)
		}
	}
	page := browser.Eval[string](tab, `mayak.page`)
	if !strings.Contains(first, page) {
		t.Errorf("the panel shows another page view than %s", page)
	}

	tab.Open(site.URL + "/app/")
	stored(tab)
	tab.Run(`document.querySelector('a[href="/app/doctors/akhmetov"]').click()`)
	tab.Run(`new Promise(done => {
		const look = () => document.querySelector('.panel').innerText.includes('akhmetov') ? done() : setTimeout(look, 20);
		look();
	})`)
	if second := stored(tab); !strings.Contains(second, "/app/doctors/akhmetov") {
		t.Errorf("the panel does not follow the single-page application:\n%s", second)
	}
	if complaints := tab.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complained: %q", complaints)
	}
}

func TestPanelShowsWhatIsStoredAsText(t *testing.T) {
	site := start(t, startCollector(t, "stored").URL, func(string, string, Raw) (Stored, error) {
		return Stored{Columns: []Column{{"title", `<img src="/evil">`}}, Notes: []Note{{Field: "x", Action: Dropped, Raw: `<img src="/evil">`}}}, nil
	})
	tab := browser.Start(t).Tab(t)
	tab.Open(site.URL + "/")
	if text := stored(tab); strings.Count(text, `<img src="/evil">`) != 2 {
		t.Errorf("the panel does not show it as text:\n%s", text)
	}
	if browser.Eval[int](tab, `document.querySelectorAll('.panel img').length`) != 0 {
		t.Error("what was stored became markup")
	}
}

func TestPanelTellsWhyNothingWasStored(t *testing.T) {
	site := start(t, startCollector(t, "dropped; reason=bot").URL, never)
	tab := browser.Start(t).Tab(t)
	tab.Open(site.URL + "/")
	told := browser.Eval[string](tab, `new Promise(done => {
		const look = () => { const state = document.querySelector('[data-state="failed"]'); state ? done(state.innerText) : setTimeout(look, 20); };
		look();
	})`)
	if !strings.Contains(told, "dropped; reason=bot") {
		t.Errorf("the panel says %q", told)
	}
}

func TestPageWithoutScriptsIsCountedByItsPixel(t *testing.T) {
	collector := startCollector(t, "stored")
	site := start(t, collector.URL, example)
	tab := browser.Start(t).Tab(t)
	tab.Open(site.URL + "/plain/?utm_source=newsletter")
	collector.mu.Lock()
	defer collector.mu.Unlock()
	if len(collector.pixels) != 1 || collector.pixels[0] != site.URL+"/plain/?utm_source=newsletter" {
		t.Errorf("pixels came from %q, want one from the whole address of the page", collector.pixels)
	}
	if text := browser.Eval[string](tab, `frames[0].document.body.innerText`); !strings.Contains(text, "the major version") {
		t.Errorf("the frame does not show the row:\n%s", text)
	}
}

// With SCREENSHOTS naming a folder the pages are kept as pictures, for a person to look at.
func TestPagesLookRight(t *testing.T) {
	site := start(t, startCollector(t, "stored").URL, example)
	tab := browser.Start(t).Tab(t)
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	for _, width := range []int64{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			for name, path := range map[string]string{"home": "/", "app": "/app/", "booking": "/app/booking", "plain": "/plain/"} {
				browser.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
					Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 600,
				})
				browser.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				})
				tab.Open(site.URL + path)
				if name != "plain" {
					stored(tab)
				}
				if wide := browser.Eval[int64](tab, `document.documentElement.scrollWidth`); wide > width {
					t.Errorf("%s is %d pixels wide on a screen of %d", path, wide, width)
				}
				tab.Screenshot(filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, scheme, width)))
			}
		}
	}
}
