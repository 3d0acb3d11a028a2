package browser

import (
	"flag"
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
)

var (
	pictures  = flag.Bool("pictures", false, "take the pictures of the README anew, and others for people to look at")
	recording = flag.Bool("record", false, "with -pictures: record anew what the demo's dashboards answer, for pictures that are compared")
	update    = flag.Bool("update", false, "take the pictures anew that later runs are compared with")
)

// testPictures holds the demo's pages to fit onto each screen, and takes pictures of them for people to look at when they are asked for.
func testPictures(t *testing.T, s *stack) {
	for _, shown := range []struct{ name, address, ready string }{
		{"home", "/?q=diabetes+test&email=aigerim%40example.kz&utm_source=newsletter", readable},
		{"app", "/app/doctors/sadykova", readable},
		// The frame has loaded when the row is there.
		{"plain", "/plain/", `if (frames[0].document.documentElement.scrollHeight > frames[0].innerHeight) throw 'the frame is too small for the row'`},
	} {
		for _, screen := range []struct {
			width, height int64
			looks         map[string]string // name of the picture by colour scheme
		}{
			{1280, 900, map[string]string{"light": "light", "dark": "dark"}},
			{390, 844, map[string]string{"light": "phone"}},
		} {
			tab := newPerson(t)
			setScreen(tab, screen.width, screen.height, screen.width < 600)
			tab.Open("http://" + s.demo + shown.address)
			tab.Run(shown.ready)
			if wide := Eval[int64](tab, `document.documentElement.scrollWidth`); wide > screen.width {
				t.Errorf("%s is %d pixels wide on a screen of %d", shown.name, wide, screen.width)
			}
			for scheme, look := range screen.looks {
				setColours(tab, scheme)
				picture(t, tab, shown.name+"-"+look)
			}
		}
	}
	if *pictures {
		pictureOfTheReadme(t, s)
	}
}

func setColours(tab *Tab, scheme string) {
	Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// pictureOfTheReadme shows what a person sees of the first page without scrolling far.
func pictureOfTheReadme(t *testing.T, s *stack) {
	t.Helper()
	tab := newPerson(t)
	setScreen(tab, 1280, 1120, false)
	setColours(tab, "light")
	Call(tab, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true})
	tab.Open("http://" + s.demo + "/?utm_source=newsletter&utm_campaign=spring-checkup&email=aigerim%40example.kz")
	tab.Run(readable)
	picture := Call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{}).Data
	if err := os.MkdirAll("../../dashboards", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../../dashboards/demo.png", picture, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("dashboards/demo.png: %d bytes", len(picture))
}
