package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"mayak/scripts/load"
)

// testDashboards opens every shipped dashboard over lifelike traffic of a moment ago, and compares what it shows with the report API.
func testDashboards(t *testing.T, s *stack) {
	client := load.NewClient("http://"+s.collector, 30*time.Second)
	defer client.Close()
	load.Run(t.Context(), load.Plan{Traffic: load.New(8, "demo", "http://localhost:8099"), Client: client, Rate: 150, For: 4 * time.Second})

	tab := shared(t).Tab(t)
	Call(tab, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true})
	setColours(tab, "light")
	seen := map[string]bool{}
	for _, role := range []string{"ops", "security"} { // neither may see what is the other's alone
		logIn(t, s, tab, role)
		known := awaitTraffic(t, tab)
		for _, uid := range Eval[[]string](tab, `fetch('/api/dashboards').then(answer => answer.json()).then(known => known.dashboards.map(one => one.uid))`) {
			if !seen[uid] {
				t.Run(uid, func(t *testing.T) { testDashboard(t, s, tab, uid, known) })
			}
			seen[uid] = true
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d dashboards were seen, want all eight: %v", len(seen), seen)
	}
	for _, complaint := range tab.Complaints() {
		if !strings.Contains(complaint, "status of 401") { // who is not logged in yet
			t.Errorf("the viewer complains: %s", complaint)
		}
	}
}

// testDashboard opens one dashboard: every panel is drawn, or says that there is nothing.
func testDashboard(t *testing.T, s *stack, tab *Tab, uid string, known knownTraffic) {
	setScreen(tab, 1440, 1000, false)
	tab.Open(fmt.Sprintf("http://%s/d/mayak-%s?var-site=demo&from=%d&to=%d&refresh=off&lang=en", s.reports, uid, known.from.UnixMilli(), known.to.UnixMilli()))
	patiently(t, tab, boardReady)
	if failed := Eval[[]string](tab, `[...document.querySelectorAll('.panel:has(.problem)')].map(one => one.innerText)`); len(failed) > 0 {
		t.Errorf("panels that could not be filled: %q", failed)
	}
	switch uid {
	case "overview":
		sameAsReports(t, tab, known)
	case "pages":
		samePages(t, tab, known)
	}
	setScreen(tab, 390, 844, true)
	if wide := Eval[int64](tab, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("%d pixels wide on a screen of 390", wide)
	}
	if *pictures {
		takePictures(t, tab, uid)
	}
	t.Logf("%d panels, %d of them empty", Eval[int](tab, `document.querySelectorAll('[data-panel]').length`), Eval[int](tab, `document.querySelectorAll('.panel-body > .note').length`))
}

// patiently runs a script that waits, several times over: all queries of a dashboard are asked at once, and a password takes its time
// where others use the machine.
func patiently(t *testing.T, tab *Tab, waiting string) {
	t.Helper()
	for end := time.Now().Add(3 * Patience); ; {
		late := Eval[string](tab, `Promise.resolve(`+waiting+`).then(() => '', late => late.message)`)
		if late == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatal(late)
		}
	}
}

// logIn makes somebody of that role and has them log in with the keyboard.
func logIn(t *testing.T, s *stack, tab *Tab, role string) {
	t.Helper()
	const password = "a long password of a test"
	create := exec.Command(filepath.Join(s.services, "aggregator"), "user", "create", "--name", role+"-tester", "--role", role, "--stdin")
	create.Env = append(withoutSettings(os.Environ()), s.env...)
	create.Stdin = strings.NewReader(password + "\n")
	if output, err := create.CombinedOutput(); err != nil && !bytes.Contains(output, []byte("exists")) {
		t.Fatalf("create a user: %v\n%s", err, output)
	}
	tab.Open("http://" + s.reports + "/login?lang=en")
	tab.Run(until(`document.activeElement.name === 'username'`))
	for _, key := range role + "-tester\t" + password + "\r" {
		tab.Do(chromedp.KeyEvent(string(key)))
	}
	patiently(t, tab, until(`location.pathname === '/' && document.querySelectorAll('.cards li').length > 1`))
}

// knownTraffic is what the report API says of a range.
type knownTraffic struct {
	from, to time.Time
	traffic  map[string]any
	query    string
}

// awaitTraffic waits until what was sent has arrived, all of it: until nothing is added any more.
func awaitTraffic(t *testing.T, tab *Tab) knownTraffic {
	t.Helper()
	to := time.Now().Truncate(5 * time.Minute).Add(10 * time.Minute) // so that the test is over before the range is
	known := knownTraffic{from: to.Add(-24 * time.Hour), to: to}
	known.query = "site=demo&range=" + url.QueryEscape(known.from.UTC().Format(time.RFC3339)+"/"+to.UTC().Format(time.RFC3339))
	for last, end := "", time.Now().Add(Patience); time.Now().Before(end); {
		body := Eval[string](tab, `new Promise(done => setTimeout(done, 700)).then(() => fetch('/api/report/traffic?`+known.query+`')).then(answer => answer.text())`)
		var answer struct{ Rows []map[string]any }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Rows) != 1 {
			t.Fatalf("the report answers %s", body)
		}
		known.traffic = answer.Rows[0]
		if now := fmt.Sprint(known.traffic); now != last {
			last = now
			continue
		}
		if views, _ := known.traffic["views"].(float64); views > 50 {
			return known
		}
	}
	t.Fatalf("the traffic never arrived: %v", known.traffic)
	return known
}

// sameAsReports compares the overview's figures.
func sameAsReports(t *testing.T, tab *Tab, known knownTraffic) {
	t.Helper()
	figure := func(panel int) float64 {
		return Eval[float64](tab, fmt.Sprintf(`Number(document.querySelector('[data-panel="%d"] data').value)`, panel))
	}
	if got := []any{figure(3), figure(4)}; !cmp.Equal(got, []any{known.traffic["visitors"], known.traffic["views"]}) {
		t.Errorf("the overview shows %v visitors and views, the report says %v", got, known.traffic)
	}
}

// samePages compares the table of pages, row by row.
func samePages(t *testing.T, tab *Tab, known knownTraffic) {
	t.Helper()
	got := Eval[[][]any](tab, `[...document.querySelectorAll('[data-panel="3"] tbody tr')].map(row => [row.cells[0].textContent, Number(row.cells[1].querySelector('data').value), Number(row.cells[2].querySelector('data').value)])
		.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 8)`)
	body := Eval[string](tab, `fetch('/api/report/pages?sort=-views,path&limit=8&`+known.query+`').then(answer => answer.text())`)
	var answer struct{ Rows []map[string]any }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var want [][]any
	for _, row := range answer.Rows {
		want = append(want, []any{row["path"], row["views"], row["visitors"]})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-report +viewer):\n%s", diff)
	}
}

// takePictures keeps what the open dashboard looks like, for people to look at.
func takePictures(t *testing.T, tab *Tab, uid string) {
	t.Helper()
	for _, look := range []struct {
		name, scheme string
		width        int64
	}{{"phone", "light", 390}, {"dark", "dark", 1440}, {"light", "light", 1440}} {
		setScreen(tab, look.width, 1000, look.width < 600)
		setColours(tab, look.scheme)
		tab.Run(until(`document.documentElement.dataset.theme === '` + look.scheme + `'`))
		picture(t, tab, "board-"+uid+"-"+look.name)
	}
}
