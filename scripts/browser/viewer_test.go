package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// boardReady waits until every panel of the open dashboard has been drawn, or says why not.
const boardReady = `new Promise((done, fail) => {
	const end = Date.now() + 15000;
	const look = () => {
		const panels = [...document.querySelectorAll('[data-panel]')];
		const waiting = panels.filter(one => one.hasAttribute('aria-busy') || one.querySelector('.skeleton') || one.querySelector('.panel-body').childElementCount === 0);
		if (panels.length > 0 && waiting.length === 0) return requestAnimationFrame(() => done());
		if (Date.now() > end) return fail(new Error(panels.length + ' panels, waiting for ' + waiting.map(one => one.dataset.panel).join(' ') + ': ' + document.body.innerText.slice(0, 300)));
		setTimeout(look, 20);
	};
	look();
})`

// until is a script that waits for a condition.
func until(condition string) string {
	return fmt.Sprintf(`new Promise((done, fail) => {
		const end = Date.now() + 10000;
		const look = () => { if (%s) done(); else if (Date.now() > end) fail(new Error(%q + ' never came: ' + document.body.innerText.slice(0, 300))); else setTimeout(look, 20); };
		look();
	})`, condition, condition)
}

// openBoard logs in by the cookie and opens the mock's dashboard.
func openBoard(t *testing.T, m *mockAPI, more string) *Tab {
	t.Helper()
	tab := shared(t).Tab(t)
	tab.Open(m.URL + "/login")
	tab.Run(`fetch('/api/login', {method: 'POST', body: JSON.stringify({name: 'aigerim', password: 'correct horse'})})`)
	tab.Open(fmt.Sprintf("%s/d/everything?from=%d&to=%d&lang=en%s", m.URL, mockFrom, mockTo, more))
	tab.Run(boardReady)
	return tab
}

func TestPicturesOfTheViewer(t *testing.T) {
	const folder = "../../build/screenshots"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	m := newMockAPI(t)
	tab := openBoard(t, m, "")
	for _, screen := range []struct {
		name, scheme string
		width        int64
	}{{"light", "light", 1440}, {"dark", "dark", 1440}, {"phone", "light", 390}, {"wall", "dark", 2560}} {
		setScreen(tab, screen.width, 1000, screen.width < 600)
		setColours(tab, screen.scheme)
		tab.Run(`new Promise(done => setTimeout(done, 300))`)
		if wide := Eval[int64](tab, `document.documentElement.scrollWidth`); wide > screen.width {
			t.Errorf("%d pixels wide on a screen of %d", wide, screen.width)
		}
		tab.Screenshot(filepath.Join(folder, "viewer-"+screen.name+".png"))
	}
	if got := tab.Complaints(); len(got) > 0 {
		t.Errorf("complaints: %s", strings.Join(got, "\n"))
	}
}
