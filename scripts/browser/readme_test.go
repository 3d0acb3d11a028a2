package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"mayak/scripts/processes"
)

// dashboardsFolder is where the pictures of the README stand, as README.md names it.
const dashboardsFolder = "dashboards"

// readmeWidth is that of the pictures, so that words can be read where a README is shown narrower.
const readmeWidth = 1280

// readmePicture is a dashboard of make demo as the README shows it.
type readmePicture struct {
	name, address string
	height        int64  // what of the page is seen
	await         string // what must be there, beside every panel
}

// readmePictures are all of them. The ranges are those in which the demo's story has something to tell.
func readmePictures() []readmePicture {
	return []readmePicture{
		{"diagnostics", "/d/diagnostics?from=now-6h&to=now", 1150, `document.querySelector('[data-panel="7"]').innerText.includes('AS9198')`},
		{"overview", "/d/overview?", 1080, ""},
		{"sources", "/d/sources?from=now-60d&to=now", 1504, `document.querySelectorAll('[data-panel="6"] .note, [data-panel="7"] .note').length === 0`},
	}
}

// TestThePicturesOfTheReadme takes them anew of what make demo starts, beside the demo that somebody has running, and holds that demo to have
// something to show in every panel.
func TestThePicturesOfTheReadme(t *testing.T) {
	if !*pictures {
		t.Skip("they are taken by make pictures")
	}
	shared(t)
	s := newDemo(t)
	s.start(t)
	tab := shared(t).Tab(t)
	setScreen(tab, readmeWidth, 1080, false)
	setColours(tab, "light")
	Call(tab, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true})
	logIn(t, s, tab, "ops")
	awaitReports(t, s)
	for _, shown := range readmePictures() {
		takeForReadme(t, s, tab, shown)
	}
	for _, role := range []string{"ops", "security"} {
		logIn(t, s, tab, role)
		testFilled(t, tab, role)
		if *recording {
			record(t, tab, role)
		}
	}
}

// awaitReports waits until all that the history wrote has been counted: a round that begins after it ends only then.
func awaitReports(t *testing.T, s *stack) {
	t.Helper()
	began := time.Now().UTC().Format("2006-01-02 15:04:05")
	ctx, cancel := context.WithTimeout(t.Context(), s.patience)
	defer cancel()
	err := processes.Poll(ctx, func() (bool, error) {
		return s.count(t, "job_runs WHERE job = 'rollups' AND outcome = 'done' AND started > '"+began+"'") > 0, nil
	})
	if err != nil {
		t.Fatalf("wait for the reports of the history: %v", err)
	}
}

// newDemo is what make demo starts: the run program with a quarter's history, which it writes before it greets.
func newDemo(t *testing.T) *stack {
	t.Helper()
	s := newStack(t, "mayak/scripts/load/history", "mayak/scripts/load/send")
	s.patience = 10 * time.Minute
	s.env = append(s.env, "MAYAK_RUN_HISTORY=92", "MAYAK_COLLECTOR_SITES=")
	return s
}

// takeForReadme waits until the dashboard has what it is to show, which jobs of the aggregator may have to find out first.
func takeForReadme(t *testing.T, s *stack, tab *Tab, shown readmePicture) {
	t.Helper()
	for end := time.Now().Add(8 * time.Minute); ; {
		tab.Open("http://" + s.reports + shown.address + "&var-site=demo&lang=en")
		patiently(t, tab, boardReady)
		if shown.await == "" || Eval[bool](tab, shown.await) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %s never came: %s", shown.name, shown.await, Eval[string](tab, `document.body.innerText.slice(0, 2000)`))
		}
		tab.Run(`new Promise(done => setTimeout(done, 5000))`)
	}
	if failed := Eval[[]string](tab, `[...document.querySelectorAll('.panel:has(.problem)')].map(one => one.innerText)`); len(failed) > 0 {
		t.Errorf("%s: panels that could not be filled: %q", shown.name, failed)
	}
	setScreen(tab, readmeWidth, shown.height, false)
	small := smallest(t, Call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{}).Data)
	file := "../../" + dashboardsFolder + "/" + shown.name + ".png"
	if err := os.WriteFile(file, small, 0o644); err != nil {
		t.Fatal(err)
	}
	empty := Eval[[]string](tab, `[...document.querySelectorAll('.panel:has(.panel-body > .note) h3')].map(one => one.textContent)`)
	t.Logf("%s/%s.png: %d bytes; panels without data: %q", dashboardsFolder, shown.name, len(small), empty)
}

// smallest writes the same picture with as few bytes as PNG takes for it.
func smallest(t *testing.T, taken []byte) []byte {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(taken))
	if err != nil {
		t.Fatalf("read the picture: %v", err)
	}
	best := taken
	for _, one := range []image.Image{picture, paletted(picture)} {
		var small bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, one); err != nil {
			t.Fatalf("write the picture: %v", err)
		}
		if small.Len() < len(best) {
			best = small.Bytes()
		}
	}
	return best
}

// paletted is the same picture with numbered colours, if it has few enough.
func paletted(from image.Image) image.Image {
	numbers := map[color.Color]uint8{}
	to := image.NewPaletted(from.Bounds(), nil)
	for y := from.Bounds().Min.Y; y < from.Bounds().Max.Y; y++ {
		for x := from.Bounds().Min.X; x < from.Bounds().Max.X; x++ {
			at := from.At(x, y)
			number, known := numbers[at]
			if !known {
				if len(to.Palette) == 256 {
					return from
				}
				number = uint8(len(to.Palette))
				numbers[at] = number
				to.Palette = append(to.Palette, at)
			}
			to.SetColorIndex(x, y, number)
		}
	}
	return to
}

// What the README shows is there, is what make pictures takes, and is small enough for a slow line.
func TestTheReadmeShowsThePicturesThatAreTaken(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	taken := []string{dashboardsFolder + "/demo.png"}
	for _, picture := range readmePictures() {
		taken = append(taken, dashboardsFolder+"/"+picture.name+".png")
	}
	for _, file := range taken {
		if !strings.Contains(string(text), "]("+file+")") {
			t.Errorf("README.md does not show %s", file)
		}
	}
	for _, found := range regexp.MustCompile(`!\[([^\]]*)\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
		words, file := found[1], found[2]
		if len(words) < 40 {
			t.Errorf("%s: who cannot see it is told only %q", file, words)
		}
		if err := isSmallPicture("../../" + file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func isSmallPicture(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if len(text) > 300<<10 {
		return fmt.Errorf("%d bytes, want 300 KiB at most", len(text))
	}
	config, err := png.DecodeConfig(bytes.NewReader(text))
	if err == nil && (config.Width < 1000 || config.Height < 500) {
		return fmt.Errorf("%d by %d pixels, too small to be read", config.Width, config.Height)
	}
	return err
}
