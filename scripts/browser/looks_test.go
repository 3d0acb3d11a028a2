package browser

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"mayak/dashboards"
)

// looksFolder holds how each dashboard looked when somebody last agreed with it. -update takes the pictures anew.
const looksFolder = "testdata/viewer/looks"

// screenshots is where pictures are kept for people to look at; nothing reads them.
const screenshots = "../../build/screenshots"

// What may differ between two machines: a pixel's colour by a little, where edges are smoothed otherwise, and few pixels by more.
const (
	sameColour = 24   // of 255
	samePart   = 0.15 // per cent of a picture
)

// look is a way of looking at a dashboard.
type look struct {
	name, scheme string
	width        int64
	scale        float64 // small enough to be committed, large enough that no border is lost
}

func looks() []look {
	return []look{{"phone", "light", 390, 0.4}, {"dark", "dark", 1440, 0.25}, {"light", "light", 1440, 0.25}}
}

// Every shipped dashboard looks as it did, with the answers of a demo that were recorded once.
func TestEveryDashboardLooksAsItDid(t *testing.T) {
	t.Parallel() // with the viewer's other claims: one waits for its page while the other draws
	tab := shared(t).Tab(t)
	server, known := recordedAPI(t)
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	Call(tab, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true})
	tab.Before(inBoxes())
	for _, d := range set.All() {
		t.Run(d.Name, func(t *testing.T) {
			setScreen(tab, 1440, 1000, false)
			tab.Open(fmt.Sprintf("%s/d/%s?var-site=demo&from=%d&to=%d&refresh=off&lang=en", server.URL, d.Name, known[d.Name].From, known[d.Name].To))
			tab.Run(`boxes`)
			patiently(t, tab, boardReady)
			heard(t, tab)
			onPaper(t, tab)
			for _, one := range looks() {
				compareLook(t, tab, d.Name, one)
			}
		})
	}
	if complaints := tab.Complaints(); len(complaints) > 0 {
		t.Errorf("the viewer complains: %q", complaints)
	}
}

// settled waits until every chart has been drawn for the screen as it is.
const settled = `new Promise((done, fail) => {
	const end = Date.now() + 10000;
	const fits = () => [...document.querySelectorAll('.plot > .uplot')].every(one => Math.abs(one.clientWidth - one.parentElement.clientWidth) < 2)
		&& [...document.querySelectorAll('.map')].every(one => one.querySelector('svg'));
	const look = () => fits() ? requestAnimationFrame(() => requestAnimationFrame(() => done())) : Date.now() > end ? fail(new Error('charts never fitted')) : setTimeout(look, 20);
	requestAnimationFrame(() => setTimeout(look, 20));
})`

// compareLook takes a picture of the open dashboard and compares it with the one that was agreed with.
func compareLook(t *testing.T, tab *Tab, uid string, one look) {
	t.Helper()
	setScreen(tab, one.width, 1000, one.width < 600)
	setColours(tab, one.scheme)
	tab.Run(until(`document.documentElement.dataset.theme === '` + one.scheme + `'`))
	tab.Run(settled)
	height := Eval[float64](tab, `document.documentElement.scrollHeight`)
	taken := Call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip: &page.Viewport{Width: float64(one.width), Height: height, Scale: one.scale}, CaptureBeyondViewport: new(true),
	}).Data
	file := filepath.Join(looksFolder, uid+"-"+one.name+".png")
	want, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	problem, difference := "there is none", taken
	if err == nil {
		problem, difference = compare(t, want, taken)
	}
	switch {
	case problem == "":
		return // as it is: -update changes nothing either
	case *update:
		if err := os.WriteFile(file, smallest(t, taken), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	name := "look-" + uid + "-" + one.name
	keepScreenshot(t, name+".png", taken)
	keepScreenshot(t, name+"-difference.png", difference)
	t.Errorf("%s does not look as it did: %s; see %[3]s.png and %[3]s-difference.png in build/screenshots. If it is meant to be so: go test ./scripts/browser -run LooksAsItDid -update",
		file, problem, name)
}

// keepScreenshot keeps what somebody should look at.
func keepScreenshot(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(screenshots+"/"+name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// compare says in what two pictures differ, nothing if they are the same but for what machines do differently, and makes a picture in
// which that stands out.
func compare(t *testing.T, want, got []byte) (problem string, difference []byte) {
	t.Helper()
	before, now := decode(t, want), decode(t, got)
	if a, b := before.Bounds().Size(), now.Bounds().Size(); a != b {
		return fmt.Sprintf("it was %d by %d, and is %d by %d", a.X, a.Y, b.X, b.Y), got
	}
	marked := image.NewNRGBA(now.Bounds())
	var changed image.Rectangle
	count := 0
	for y := now.Bounds().Min.Y; y < now.Bounds().Max.Y; y++ {
		for x := now.Bounds().Min.X; x < now.Bounds().Max.X; x++ {
			grey, _, _, _ := color.GrayModel.Convert(now.At(x, y)).RGBA()
			marked.Set(x, y, color.Gray{Y: uint8(200 + grey>>8/5)})
			if apart(before.At(x, y), now.At(x, y)) > sameColour {
				count++
				changed = changed.Union(image.Rect(x, y, x+1, y+1))
				marked.Set(x, y, color.NRGBA{R: 220, A: 255})
			}
		}
	}
	size := now.Bounds().Size()
	part := 100 * float64(count) / float64(size.X*size.Y)
	if part <= samePart {
		return "", nil
	}
	var text bytes.Buffer
	if err := png.Encode(&text, marked); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%.2f %% of it has another colour, within %v of %v", part, changed, size), text.Bytes()
}

// apart is by how much the colour that differs most does.
func apart(a, b color.Color) int {
	r1, g1, b1, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	difference := 0
	for _, pair := range [][2]uint32{{r1, r2}, {g1, g2}, {b1, b2}} {
		difference = max(difference, int(pair[0]>>8)-int(pair[1]>>8), int(pair[1]>>8)-int(pair[0]>>8))
	}
	return difference
}

func decode(t *testing.T, text []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func TestPicturesMayDifferByWhatMachinesDoDifferently(t *testing.T) {
	drawn := func(change func(*image.NRGBA)) []byte {
		picture := image.NewNRGBA(image.Rect(0, 0, 100, 100))
		for i := range picture.Pix {
			picture.Pix[i] = 255
		}
		change(picture)
		var text bytes.Buffer
		if err := png.Encode(&text, picture); err != nil {
			t.Fatal(err)
		}
		return text.Bytes()
	}
	fill := func(width, height int, with color.Color) func(*image.NRGBA) {
		return func(picture *image.NRGBA) {
			for y := range height {
				for x := range width {
					picture.Set(x, y, with)
				}
			}
		}
	}
	want := drawn(func(*image.NRGBA) {})
	for _, tt := range []struct {
		name   string
		got    []byte
		differ string
	}{
		{"the same", want, ""},
		{"every edge is smoothed otherwise", drawn(fill(100, 100, color.NRGBA{R: 235, G: 235, B: 235, A: 255})), ""},
		{"a few pixels lie elsewhere", drawn(fill(15, 1, color.Black)), ""},
		{"a bar is as thick as two", drawn(fill(16, 1, color.Black)), "0.16 % of it has another colour, within (0,0)-(16,1) of (100,100)"},
		{"a panel has another colour", drawn(fill(50, 50, color.NRGBA{R: 255, G: 230, B: 255, A: 255})), "25.00 % of it has another colour, within (0,0)-(50,50) of (100,100)"},
		{"it is longer", drawn(func(picture *image.NRGBA) { *picture = *image.NewNRGBA(image.Rect(0, 0, 100, 101)) }), "it was 100 by 100, and is 100 by 101"},
	} {
		if problem, difference := compare(t, want, tt.got); problem != tt.differ || (problem == "") != (difference == nil) {
			t.Errorf("%s: compare() = %q, want %q", tt.name, problem, tt.differ)
		}
	}
}
