package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// boardReady waits until every panel of the open dashboard has been drawn, or says why not.
const boardReady = `new Promise((done, fail) => {
	const end = Date.now() + 15000;
	const look = () => {
		const panels = [...document.querySelectorAll('[data-panel]')];
		const waiting = panels.filter(one => one.hasAttribute('aria-busy') || one.querySelector('.skeleton') || one.querySelector('.panel-body').childElementCount === 0);
		if (panels.length > 0 && waiting.length === 0 && !document.querySelector('main').hasAttribute('aria-busy')) return requestAnimationFrame(() => done());
		if (Date.now() > end) return fail(new Error(panels.length + ' panels, waiting for ' + waiting.map(one => one.dataset.panel).join(' ') + ': ' + document.body.innerText.slice(0, 300)));
		setTimeout(look, 20);
	};
	look();
})`

// until is a script that waits for a condition.
func until(condition string) string {
	quoted, _ := json.Marshal(condition) // a text always can be
	return fmt.Sprintf(`new Promise((done, fail) => {
		const end = Date.now() + 10000;
		const look = () => { if (%s) done(); else if (Date.now() > end) fail(new Error(%s + ' never came: ' + document.body.innerText.slice(0, 300))); else setTimeout(look, 20); };
		look();
	})`, condition, quoted)
}

// openBoard has somebody logged in open the mock's dashboard, with more parameters.
func openBoard(t *testing.T, m *mockAPI, more string) *Tab {
	t.Helper()
	tab := shared(t).Tab(t)
	Call(tab, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true})
	tab.Open(m.URL + "/login?lang=en")
	tab.Run(`fetch('/api/login', {method: 'POST', body: JSON.stringify({name: 'aigerim', password: 'correct horse'})})`)
	tab.Open(fmt.Sprintf("%s/d/mayak-everything?from=%d&to=%d%s", m.URL, mockFrom, mockTo, more))
	tab.Run(boardReady)
	return tab
}

// noComplaints fails the test if the page broke its policy, threw, or warned. One panel and one variable of the mock are refused, which browsers tell.
func noComplaints(t *testing.T, tab *Tab) {
	t.Helper()
	for _, complaint := range tab.Complaints() {
		if !strings.Contains(complaint, "status of 503") && !strings.Contains(complaint, "status of 401") && !strings.Contains(complaint, "status of 404") {
			t.Errorf("the page complains: %s", complaint)
		}
	}
}

// One mock and few tabs for all claims: opening a dashboard takes longer than most of them are proven.
func TestTheViewer(t *testing.T) {
	t.Parallel()
	shared(t)
	m := newMockAPI(t)
	board := openBoard(t, m, "&lang=en")
	for _, claim := range []struct {
		name  string
		prove func(*testing.T, *mockAPI, *Tab)
	}{
		{"numbers are those that were answered", testViewerNumbers},
		{"what cannot be drawn says why and what to do", testViewerStates},
		{"texts of a dashboard never become markup, nor its links scripts", testViewerMarkup},
		{"the keyboard reaches everything", testViewerKeyboard},
		{"Tab leads through all of it", testViewerTabs},
		{"screen readers hear what each chart is", testViewerReader},
		{"a crosshair stands at the same moment in every chart", testViewerCrosshair},
		{"a map can be looked at more closely", testViewerMap},
		{"on paper nothing is cut", testViewerPrint},
		{"it fits onto every screen, in light and dark", testViewerPictures},
		{"what a role may not choose is not offered", testViewerRefusedVariable},
		{"variables and the range are in the address, and asked for", testViewerState},
		{"links lead on with the row's values", testViewerLinks},
	} {
		t.Run(claim.name, func(t *testing.T) { claim.prove(t, m, board) })
	}
	noComplaints(t, board)
	t.Run("who is not logged in gets there by logging in", func(t *testing.T) { testViewerLogin(t, m) })
	t.Run("it speaks three languages", func(t *testing.T) { testViewerLanguages(t, m) })
	t.Run("a range that no calendar reaches is none", func(t *testing.T) { testViewerRange(t, m) })
	t.Run("what was chosen stays while nobody says what can be", func(t *testing.T) { testViewerAway(t, m) })
	t.Run("who is on the site now is shown as it is told", func(t *testing.T) { testViewerLive(t, m) })
	t.Run("it is small and there at once", func(t *testing.T) { testViewerSpeed(t, m) })
}

// testViewerNumbers compares each panel with its frames: the values that it shows, or the table behind it.
func testViewerNumbers(t *testing.T, m *mockAPI, tab *Tab) {
	for id, want := range map[string][]any{
		"1": {sum(m.frames["1"][0].Fields[1].Values)}, "2": {46.3, 83.4, 1254300.0}, "3": {0.63},
		"4": m.frames["4"][0].Fields[1].Values, "11": m.frames["11"][0].Fields[1].Values,
	} {
		got := Eval[[]any](tab, `[...document.querySelectorAll('[data-panel="`+id+`"] .panel-body data')].filter(one => !one.closest('.change')).map(one => Number(one.value))`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("panel %s (-answered +shown):\n%s", id, diff)
		}
	}
	for _, id := range []string{"5", "6", "7", "8", "9", "10", "12", "13", "14"} {
		panel := `document.querySelector('[data-panel="` + id + `"]')`
		if id != "8" { // which is a table itself
			tab.Run(panel + `.querySelector('header button[aria-pressed]').click()`)
		}
		got := Eval[[][][]any](tab, `[...`+panel+`.querySelectorAll('table')].map(table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => {
			const data = cell.querySelector('data');
			return data ? Number(data.value) : cell.textContent;
		})))`)
		var want [][][]any
		for _, f := range m.frames[id] {
			want = append(want, rows(wide(f)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("panel %s (-answered +shown):\n%s", id, diff)
		}
		if id != "8" {
			tab.Run(panel + `.querySelector('header button[aria-pressed]').click()`)
		}
	}
	if got := Eval[string](tab, `document.querySelector('[data-panel="1"] .stat-value').textContent`); got != "31,672" {
		t.Errorf("a sum is written as %q, want 31,672", got)
	}
}

func sum(values []any) any {
	total := 0.0
	for _, value := range values {
		number, _ := value.(float64)
		total += number
	}
	return total
}

// wide puts each metric of a frame in the long form into a column of its own, in the order in which they come.
func wide(f frame) frame {
	if len(f.Fields) != 3 || f.Fields[0].Type != "time" || f.Fields[1].Type != "string" {
		return f
	}
	var times []float64
	values := map[string]map[float64]any{}
	made := frame{Fields: []field{{Type: "time"}}}
	for i, at := range f.Fields[0].Values {
		metric, at := f.Fields[1].Values[i].(string), at.(float64)
		if !slices.Contains(times, at) {
			times = append(times, at)
		}
		if values[metric] == nil {
			values[metric] = map[float64]any{}
			made.Fields = append(made.Fields, field{Name: metric, Type: "number"})
		}
		values[metric][at] = f.Fields[2].Values[i]
	}
	slices.Sort(times)
	for _, at := range times {
		made.Fields[0].Values = append(made.Fields[0].Values, at)
		for i := range made.Fields[1:] {
			made.Fields[i+1].Values = append(made.Fields[i+1].Values, values[made.Fields[i+1].Name][at])
		}
	}
	return made
}

// rows is a frame as a table shows it: what is not known is a dash, and countries have names.
func rows(f frame) [][]any {
	names := map[any]any{nil: "–", "KZ": "Kazakhstan", "RU": "Russia", "DE": "Germany", "US": "United States", "SG": "Singapore", "UZ": "Uzbekistan"}
	table := make([][]any, len(f.Fields[0].Values))
	for _, column := range f.Fields {
		for i, value := range column.Values {
			if name, ok := names[value]; ok {
				value = name
			}
			table[i] = append(table[i], value)
		}
	}
	return table
}

// picture keeps what the tab shows, below build/screenshots, when pictures are asked for.
func picture(t *testing.T, tab *Tab, name string) {
	t.Helper()
	if !*pictures {
		return
	}
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	tab.Screenshot(screenshots + "/" + name + ".png")
}

func testViewerStates(t *testing.T, _ *mockAPI, tab *Tab) {
	for id, want := range map[string]string{
		"16": "the database does not answer at the moment", "17": "Choose a longer range",
	} {
		if got := Eval[string](tab, `document.querySelector('[data-panel="`+id+`"] .panel-body').innerText`); !strings.Contains(got, want) {
			t.Errorf("panel %s says %q, want %q", id, got, want)
		}
	}
	tab.Run(`document.querySelector('[data-panel="16"] .panel-body button').click()`)
	tab.Run(boardReady)
	if !Eval[bool](tab, `document.querySelector('[data-panel="18"]').getBoundingClientRect().height === 0`) {
		t.Error("a panel of a folded row is seen")
	}
	tab.Run(`[...document.querySelectorAll('.row h2 button')].find(one => one.textContent === 'Folded').click()`)
	tab.Run(until(`document.querySelector('[data-panel="18"]').getBoundingClientRect().height > 100 && document.querySelector('[data-panel="18"] data').value === '12.5'`))
	if got := Eval[string](tab, `document.querySelector('[data-panel="18"] .stat-value').textContent`); got != "12.5" {
		t.Errorf("the unfolded panel shows %q", got)
	}
}

func testViewerMarkup(t *testing.T, _ *mockAPI, tab *Tab) {
	if times := Eval[[]string](tab, `[...document.querySelectorAll('[data-panel="13"] text[text-anchor="middle"]')].map(one => one.textContent)`); len(times) < 2 {
		t.Errorf("the timeline of six days says when only at %q", times)
	}
	body := `document.querySelector('[data-panel="15"] .panel-body')`
	if got := Eval[string](tab, body+`.innerText`); !strings.Contains(got, "<img src=x onerror=alert(1)> stays text") {
		t.Errorf("the text is %q", got)
	}
	if got := Eval[[]string](tab, `[...`+body+`.querySelectorAll('img, a')].map(one => one.getAttribute('href') ?? one.tagName)`); !slices.Equal(got, []string{"/d/pages?var-site=clinic"}) {
		t.Errorf("links and pictures of the text: %q", got)
	}
	if got := Eval[string](tab, `[...document.querySelectorAll('[data-panel="8"] td')].map(one => one.textContent).find(one => one.includes('price'))`); got != "/price?x=<b>&y" {
		t.Errorf("a path is shown as %q", got)
	}
}

// testViewerKeyboard uses nothing but keys.
func testViewerKeyboard(t *testing.T, _ *mockAPI, tab *Tab) {
	tab.Run(`document.querySelector('[data-panel="5"] .plot').focus()`)
	tab.Do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Home))
	said := Eval[string](tab, `document.querySelector('[data-panel="5"] .heard').textContent`)
	if want := "4 Oct 2026, 05:00: visitors 204, views 694"; !strings.HasPrefix(said, want) || !strings.HasSuffix(said, "; Release 2.1") {
		t.Errorf("Home says %q, want %q and what was released then", said, want)
	}
	tab.Do(chromedp.KeyEvent(kb.End))
	if said := Eval[string](tab, `document.querySelector('[data-panel="5"] .heard').textContent`); !strings.HasSuffix(said, "; LCP of all: twice the usual") {
		t.Errorf("End says %q, want the incident that is open", said)
	}
	for _, key := range []string{"\t", "\r"} { // the first button of the legend
		tab.Do(chromedp.KeyEvent(key))
	}
	if got := Eval[string](tab, `document.activeElement.textContent + document.activeElement.getAttribute('aria-pressed')`); got != "visitorsfalse" {
		t.Errorf("Tab and Enter after the chart lead to %q, want the first series switched off", got)
	}
	tab.Do(chromedp.KeyEvent("\r"))
	tab.Run(`document.querySelector('[data-panel="14"] header button[aria-pressed]').focus()`)
	tab.Do(chromedp.KeyEvent(" "))
	if got := Eval[int](tab, `document.querySelectorAll('[data-panel="14"] tbody tr').length`); got != 6 {
		t.Errorf("the table behind the map has %d rows, want 6", got)
	}
	if got := Eval[string](tab, `getComputedStyle(document.activeElement).outlineStyle`); got != "solid" {
		t.Errorf("the focus has the outline %q", got)
	}
	tab.Do(chromedp.KeyEvent(" "))
	nameless := Eval[[]string](tab, `[...document.querySelectorAll('button, a, select, input, summary, section, [role]')].filter(one =>
		!(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.textContent.trim() || one.closest('label')?.textContent.trim() || one.getAttribute('role') === 'alert')
		&& one.getBoundingClientRect().width > 0).map(one => one.outerHTML.slice(0, 120))`)
	if len(nameless) > 0 {
		t.Errorf("screen readers have no name for %q", nameless)
	}
}

// testViewerPictures holds the page to fit onto each screen, and takes pictures for people to look at when they are asked for.
func testViewerPictures(t *testing.T, _ *mockAPI, tab *Tab) {
	for _, screen := range []struct {
		name, scheme string
		width        int64
	}{{"dark", "dark", 1440}, {"phone", "light", 390}, {"wall", "dark", 2560}, {"light", "light", 1440}} {
		setScreen(tab, screen.width, 1000, screen.width < 600)
		setColours(tab, screen.scheme)
		tab.Run(until(`document.documentElement.dataset.theme === '` + screen.scheme + `' && [...document.querySelectorAll('.plot > .uplot')].every(one => Math.abs(one.clientWidth - one.parentElement.clientWidth) < 2)`))
		if wide := Eval[int64](tab, `document.documentElement.scrollWidth`); wide > screen.width {
			t.Errorf("%s: %d pixels wide on a screen of %d", screen.name, wide, screen.width)
		}
		picture(t, tab, "viewer-"+screen.name)
	}
}
