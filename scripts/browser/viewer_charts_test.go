package browser

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// testViewerCrosshair walks through one chart and looks where the others' crosshairs stand, as parts of their width.
func testViewerCrosshair(t *testing.T, _ *mockAPI, tab *Tab) {
	const places = `[5, 6, 7].map(id => {
		const over = document.querySelector('[data-panel="' + id + '"] .u-over');
		const line = over.querySelector('.u-cursor-x');
		return line.classList.contains('u-off') ? -1 : new DOMMatrix(getComputedStyle(line).transform).e / over.clientWidth;
	})`
	tab.Run(`document.querySelector('[data-panel="5"] .plot').focus()`)
	tab.Do(chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowRight))
	stood := Eval[[]float64](tab, places)
	for _, part := range stood {
		if math.Abs(part-stood[0]) > 0.01 || part <= 0 {
			t.Errorf("the crosshairs stand at %v of the charts' widths, want the same above 0", stood)
		}
	}
	if shown := Eval[int](tab, `document.querySelectorAll('.tip:not([hidden])').length`); shown != 1 {
		t.Errorf("%d tooltips, want one", shown)
	}
	tab.Run(`document.activeElement.blur()`)
	if left := Eval[[]float64](tab, places); max(left[0], left[1], left[2]) >= 0 {
		t.Errorf("the crosshairs stay at %v when the chart is left", left)
	}
}

// testViewerMap looks at the map more closely. The wheel turns the page as long as the map has not been chosen.
func testViewerMap(t *testing.T, _ *mockAPI, tab *Tab) {
	seen := func() [4]float64 {
		return Eval[[4]float64](tab, `document.querySelector('[data-panel="14"] .world').getAttribute('viewBox').split(' ').map(Number)`)
	}
	at := Eval[[2]float64](tab, `(() => {
		document.querySelector('[data-panel="14"]').scrollIntoView({block: 'center'});
		const box = document.querySelector('[data-panel="14"] .pannable-canvas').getBoundingClientRect();
		return [box.left + box.width / 4, box.top + box.height / 2];
	})()`)
	turn := func() {
		Call(tab, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseWheel, X: at[0], Y: at[1], DeltaX: 0.01, DeltaY: -200}) // both are asked for
		tab.Run(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`)
	}
	whole := seen()
	if turn(); seen() != whole {
		t.Errorf("the wheel over a map that nobody chose leads to %v", seen())
	}
	tab.Run(`document.querySelector('[data-panel="14"]').scrollIntoView({block: 'center'}); document.querySelector('[data-panel="14"] .pannable-canvas').focus()`)
	turn()
	near := seen()
	if near[2] >= whole[2] || near[0] <= 0 || near[0]+near[2]/2 >= whole[2]/2 {
		t.Errorf("the wheel over the left half of the chosen map leads to %v of %v", near, whole)
	}
	for _, step := range []struct {
		key  string
		went func(before, after [4]float64) bool
	}{
		{"+", func(before, after [4]float64) bool { return after[2] < before[2] }},
		{kb.ArrowRight, func(before, after [4]float64) bool { return after[0] > before[0] && after[2] == before[2] }},
		{kb.ArrowDown, func(before, after [4]float64) bool { return after[1] > before[1] && after[2] == before[2] }},
		{"-", func(before, after [4]float64) bool { return after[2] > before[2] }},
		{"0", func(_, after [4]float64) bool { return after == whole }},
	} {
		before := seen()
		tab.Do(chromedp.KeyEvent(step.key))
		if after := seen(); !step.went(before, after) {
			t.Errorf("%q leads from %v to %v", step.key, before, after)
		}
	}
	tab.Run(`document.querySelector('[data-panel="14"] .zoom button').click()`)
	if after := seen(); after[2] >= whole[2] {
		t.Errorf("the button leads to %v", after)
	}
	tab.Run(`document.querySelector('[data-panel="14"] header button[aria-pressed]').click(); document.querySelector('[data-panel="14"] header button[aria-pressed]').click()`)
	tab.Run(until(`document.querySelector('[data-panel="14"] .world')`))
	if after := seen(); after[2] >= whole[2] {
		t.Errorf("drawn again, the map shows %v", after)
	}
	tab.Run(`document.querySelector('[data-panel="14"] .pannable-canvas').focus()`)
	tab.Do(chromedp.KeyEvent("0"))
}

// onPaper looks at the page as it is printed: what is cut at the edge of its panel, and what only a screen could scroll to.
func onPaper(t *testing.T, tab *Tab) {
	t.Helper()
	Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	tab.Run(`dispatchEvent(new Event('beforeprint'))`)
	if cut := Eval[[]string](tab, `[...document.querySelectorAll('[data-panel]')].filter(one => one.getBoundingClientRect().height > 0).flatMap(panel => {
		const paper = panel.getBoundingClientRect();
		const out = [...panel.querySelectorAll('.panel-body, .panel-body :is(table, tr, li, canvas, svg, data, p)')].filter(one => {
			const box = one.getBoundingClientRect();
			return box.height > 0 && (box.bottom > paper.bottom + 1 || box.right > paper.right + 1 || box.left < paper.left - 1);
		});
		return out.length > 0 ? [panel.dataset.panel + ': ' + out[0].tagName + ' ' + out[0].textContent.slice(0, 40)] : [];
	})`); len(cut) > 0 {
		t.Errorf("cut at the edge of their panels: %q", cut)
	}
	if hidden := Eval[[]string](tab, `[...document.querySelectorAll('[data-panel] .panel-body *')].filter(one => ['auto', 'scroll'].includes(getComputedStyle(one).overflowY) && one.scrollHeight > one.clientHeight + 1).map(one => one.className)`); len(hidden) > 0 {
		t.Errorf("paper cannot be scrolled: %q", hidden)
	}
	tab.Run(`dispatchEvent(new Event('afterprint'))`)
	Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

// testViewerPrint looks at paper as a screen shows it, and prints it.
func testViewerPrint(t *testing.T, _ *mockAPI, tab *Tab) {
	onPaper(t, tab)
	setColours(tab, "dark")
	tab.Run(until(`document.documentElement.dataset.theme === 'dark'`))
	before := Eval[string](tab, `document.documentElement.className + document.documentElement.dataset.theme + document.querySelector('.plot > .uplot').clientWidth`)
	document := Call(tab, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: new(true), PreferCSSPageSize: new(true)}).Data
	pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(document, -1))
	if !bytes.HasPrefix(document, []byte("%PDF")) || pages < 2 || pages > 8 {
		t.Errorf("the document has %d pages, want 2 to 8", pages)
	}
	if *pictures {
		keepScreenshot(t, "viewer-paper.pdf", document)
	}
	if after := Eval[string](tab, `document.documentElement.className + document.documentElement.dataset.theme + document.querySelector('.plot > .uplot').clientWidth`); after != before {
		t.Errorf("after it was printed the page is %q, and was %q", after, before)
	}
	setColours(tab, "light")
}

// heard is what the browser tells a screen reader, names by role. Whatever can be acted on, and every chart, has one.
func heard(t *testing.T, tab *Tab) map[string][]string {
	t.Helper()
	told := map[string][]string{}
	for _, node := range Call(tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role, name := text(node.Role), ""
		if node.Name != nil {
			name = strings.TrimSpace(text(node.Name))
		}
		told[role] = append(told[role], name)
		switch role {
		case "application", "image", "region", "button", "link", "combobox", "textbox", "checkbox", "navigation":
			if name == "" {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	return told
}

func testViewerReader(t *testing.T, _ *mockAPI, tab *Tab) {
	told := heard(t, tab)
	for role, want := range map[string][]string{
		"application": {"Visitors and page views. ", "Hits by outcome. ", "Errors. ", "Visitors by country. "},
		"image":       {"Loading time. ", "Collector. "},
		"region":      {"Visitors", "Spool", "Consent", "Loading time"},
	} {
		for _, begin := range want {
			found := false
			for _, name := range told[role] {
				found = found || strings.HasPrefix(name, begin)
			}
			if !found {
				t.Errorf("no %s is called %q: %q", role, begin, told[role])
			}
		}
	}
}

func text(value *accessibility.Value) string { return strings.Trim(string(value.Value), `"`) }

// testViewerTabs goes through the whole dashboard with the Tab key: everything can be reached, is seen when it is, and lets go again.
func testViewerTabs(t *testing.T, _ *mockAPI, tab *Tab) {
	tab.Run(`document.activeElement.blur(); scrollTo(0, 0); window.visited = []`)
	Call(tab, page.BringToFront, cdp.Empty{})
	tab.Run(`addEventListener('focusin', window.note = event => {
		const one = event.target, box = one.getBoundingClientRect(), style = getComputedStyle(one);
		const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight && style.outlineStyle !== 'none';
		visited.push({what: (one.getAttribute('aria-label') || one.textContent || one.name || one.tagName).trim().slice(0, 60), seen: seen || one.tagName === 'SELECT' || one.tagName === 'INPUT', panel: one.closest('[data-panel]')?.dataset.panel ?? ''});
	})`)
	wanted := Eval[int](tab, `[...document.querySelectorAll('button, a[href], select, input, summary, [tabindex="0"]')].filter(one => one.checkVisibility({visibilityProperty: true}) && !one.closest('details:not([open]) > :not(summary)') && !one.disabled).length`)
	type stop struct {
		What, Panel string
		Seen        bool
	}
	for range wanted + 2 {
		tab.Do(chromedp.KeyEvent("\t"))
	}
	visited := Eval[[]stop](tab, `(removeEventListener('focusin', note), visited)`)
	panels := map[string]bool{}
	for _, one := range visited {
		if panels[one.Panel] = true; !one.Seen {
			t.Errorf("%q (panel %s) has the focus and is not seen", one.What, one.Panel)
		}
	}
	if len(visited) < wanted {
		t.Errorf("Tab reached %d of %d", len(visited), wanted)
	}
	for _, id := range []int{4, 5, 6, 8, 9, 12, 13, 14} {
		if !panels[fmt.Sprint(id)] {
			t.Errorf("Tab never came into panel %d", id)
		}
	}
}
