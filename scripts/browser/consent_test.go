package browser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// banner waits for the banner and names the shadow that it is in.
const banner = `new Promise(done => {
	const look = () => { const host = document.querySelector('#mayak-consent'); host && host.shadowRoot.querySelector('button') ? done() : setTimeout(look, 20); };
	look();
})`

// testBanner answers the banner as people do: with the keyboard, in the page's language, once.
func testBanner(t *testing.T, s *stack) {
	page := func(language, site string) string {
		return `<!doctype html><html lang="` + language + `"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Clinic</title><script defer src="COLLECTOR/m.js" data-consent="banner" data-site="` + site + `"></script><p><a href="/next">Next</a>`
	}
	// The banner's script is put in by m.js, which a page that insists on trusted types has to do itself.
	site := "http://" + s.demo
	tab := newPerson(t)
	tab.Open(site + "/consent/")
	tab.Run(banner)
	essential := s.view(t, tab)
	if essential["consent"] != "essential" || essential["city"] != "" {
		t.Errorf("before the answer %s is kept, city %q", essential["consent"], essential["city"])
	}
	type box struct{ Role, Label, Lang, Question, Refuse, Accept, More string }
	want := box{
		"SECTION", "May we use a cookie for statistics?", "en", "May we use a cookie for statistics? More", "Refuse", "Accept",
		"http://" + s.collector + "/privacy?site=demo&lang=en",
	}
	shown := Eval[box](tab, `(() => {
		const box = document.querySelector('#mayak-consent').shadowRoot.firstChild, [refuse, accept] = box.querySelectorAll('button');
		return {Role: box.tagName, Label: box.getAttribute('aria-label'), Lang: box.lang, Question: box.querySelector('p').textContent,
			Refuse: refuse.textContent, Accept: accept.textContent, More: box.querySelector('a').href};
	})()`)
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("banner (-want +got):\n%s", diff)
	}
	if alike := Eval[bool](tab, `(() => {
		const [a, b] = document.querySelector('#mayak-consent').shadowRoot.querySelectorAll('button');
		const size = button => button.getBoundingClientRect();
		return a.style.cssText === b.style.cssText && size(a).height === size(b).height && size(a).width === size(b).width && size(a).height >= 44;
	})()`); !alike {
		t.Error("refusing does not look as easy as accepting")
	}
	heard := spoken(tab)
	for _, want := range []string{"region May we use a cookie for statistics?", "link More", "button Refuse", "button Accept"} {
		if !slices.Contains(heard, want) {
			t.Errorf("a screen reader hears no %q in %q", want, heard)
		}
	}
	pictureOf(t, tab, "banner-en-light")
	// Tab from the top of the page: the link of the question, the refusal, the consent.
	focused := `document.activeElement.shadowRoot && document.activeElement.shadowRoot.activeElement.textContent`
	for _, text := range []string{"More", "Refuse", "Accept"} {
		press(tab, "Tab")
		if got := Eval[string](tab, focused+` || ''`); got != text {
			t.Errorf("Tab goes to %q, want %q", got, text)
		}
	}
	press(tab, "Enter")
	tab.Run(`new Promise(done => { const look = () => document.querySelector('#mayak-consent') ? setTimeout(look, 20) : done(); look(); })`)
	choice := Eval[map[string]any](tab, `mayak.consent()`)
	if choice["level"] != "analytics" || choice["ask"] != false {
		t.Errorf("after accepting: %v", choice)
	}
	if got := Eval[string](tab, `document.cookie`); got != "" {
		t.Errorf("the page's scripts see the cookie %q", got)
	}

	tab.Open(site + "/consent/")
	rows := s.await(t, 1, "type = 'pageview' AND consent = 'analytics' AND path = '/consent/'")
	if rows[0]["visitor"] == essential["visitor"] || rows[0]["viewport_width"] != "1440" || rows[0]["id"] == Eval[string](tab, `mayak.page`) {
		t.Errorf("after accepting %v is kept", rows[0])
	}
	tab.Run(`new Promise(done => setTimeout(done, 300))`)
	if again := Eval[bool](tab, `!!document.querySelector('#mayak-consent')`); again {
		t.Error("who has answered is asked again")
	}
	if complaints := tab.Complaints(); len(complaints) > 0 {
		t.Errorf("the page had to hear: %q", complaints)
	}
	testConsentsTable(t, s)
	for _, language := range []string{"kk", "ru"} {
		other := newPerson(t)
		asked := strings.Replace(startSite(t, s.collectorURL(), map[string]string{"/": page(language, "demo")}), "localhost", "127.0.0.1", 1)
		other.Before(`trustedTypes.createPolicy('default', {createScriptURL: url => url})`)
		other.Open(asked + "/")
		other.Run(banner)
		setScreen(other, 390, 844, true)
		setColours(other, map[string]string{"kk": "dark", "ru": "light"}[language])
		if wide := Eval[int64](other, `document.documentElement.scrollWidth`); wide > 390 {
			t.Errorf("the banner makes the page %d pixels wide", wide)
		}
		pictureOf(t, other, "banner-"+language+"-phone")
		other.Run(`document.querySelector('#mayak-consent').shadowRoot.querySelector('button').click()`)
		other.Run(`new Promise(done => { const look = () => document.querySelector('#mayak-consent') ? setTimeout(look, 20) : done(); look(); })`)
		if got := Eval[map[string]any](other, `mayak.consent()`); got["level"] != "refused" {
			t.Errorf("%s: after refusing: %v", language, got)
		}
	}
}

// testConsentsTable looks at the receipt.
func testConsentsTable(t *testing.T, s *stack) {
	t.Helper()
	poll(t, "the consent stands in its table", func() bool {
		return s.count(t, "consents WHERE how = 'banner' AND level = 'analytics' AND language = 'en' AND action = 'given' AND length(receipt) = 19 AND visitor = "+
			"(SELECT visitor FROM events WHERE consent = 'analytics' AND path = '/consent/' LIMIT 1)") == 1
	})
}

// spoken is what a screen reader finds on the page: roles and names.
func spoken(tab *Tab) (all []string) {
	tab.tb.Helper()
	Call(tab, accessibility.Enable, cdp.Empty{})
	for _, node := range Call(tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if !node.Ignored && node.Role != nil && node.Name != nil {
			all = append(all, unquoted(node.Role.Value)+" "+unquoted(node.Name.Value))
		}
	}
	return all
}

func unquoted(text []byte) string { return strings.Trim(string(text), `"`) }

// press presses a key as a person does.
func press(tab *Tab, key string) {
	tab.tb.Helper()
	code := map[string]int64{"Tab": 9, "Enter": 13, " ": 32}[key]
	text := map[string]string{"Enter": "\r", " ": " "}[key]
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		Call(tab, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: key, Code: key, Text: text, WindowsVirtualKeyCode: code, NativeVirtualKeyCode: code,
		})
	}
}

// pictureOf takes a picture for people to look at.
func pictureOf(t *testing.T, tab *Tab, name string) {
	t.Helper()
	folder := filepath.Join("..", "..", "build", "screenshots")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	tab.Screenshot(filepath.Join(folder, name+".png"))
}

// testVisitorsPage uses the page without scripts, in each language: chooses, looks, takes along, withdraws, erases.
func testVisitorsPage(t *testing.T, s *stack) {
	for _, said := range []struct {
		language, kept, nobody, viewed, withdrawn, erased string
	}{
		{"kk", "Осы браузер туралы сақталған деректер", "біле алмаймыз", "бет ашылды", "Келісіміңіз қайтарып алынды", "Жою туралы сұрауыңыз қабылданды"},
		{"ru", "Что хранится об этом браузере", "не можем узнать", "открыта страница", "Ваше согласие отозвано", "Ваш запрос на удаление принят"},
		{"en", "What is kept about this browser", "cannot tell which entries", "page opened", "Your consent is withdrawn", "Your request to erase is accepted"},
	} {
		t.Run(said.language, func(t *testing.T) {
			tab := newPerson(t)
			Call(tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: person, AcceptLanguage: said.language})
			Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			tab.Open("http://" + s.collector + "/privacy?site=demo")
			expect(t, tab, said.kept, said.nobody)
			pictureOf(t, tab, "privacy-"+said.language+"-nobody")

			submit(tab, `button[value=analytics]`)
			Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
			tab.Open("http://" + s.demo + "/app/doctors/sadykova?" + said.language)
			tab.Run(`mayak('callback', {clinic: 'abay'})`)
			mine := "visitor IN (SELECT visitor FROM consents WHERE how = 'page' AND language = '" + said.language + "')"
			s.await(t, 2, mine) // before scripts are off, and with them the timers of those that run
			Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})

			tab.Open("http://" + s.collector + "/privacy?site=demo")
			expect(t, tab, said.viewed, "/app/doctors/sadykova", "callback", "Chrome", "127.0.0.0/24")
			setScreen(tab, 1280, 900, false)
			pictureOf(t, tab, "privacy-"+said.language+"-light")
			setScreen(tab, 390, 844, true)
			setColours(tab, "dark")
			pictureOf(t, tab, "privacy-"+said.language+"-phone")
			if wide := Eval[int64](tab, `document.documentElement.scrollWidth`); wide > 390 {
				t.Errorf("the page is %d pixels wide on a screen of 390", wide)
			}

			tab.Do(chromedp.Click(chromedp.CSS(`input[name=confirm]`)))
			submit(tab, `form[action$="privacy/erase"] button`)
			expect(t, tab, said.erased, said.nobody)
			submit(tab, `button[value=analytics]`)
			submit(tab, `p.narrow button[value=essential]`)
			expect(t, tab, said.withdrawn, said.nobody)
			pictureOf(t, tab, "privacy-"+said.language+"-withdrawn")
			poll(t, "every decision stands in its table", func() bool {
				return s.count(t, "consents WHERE how = 'page' AND language = '"+said.language+"'") == 4
			})
			if complaints := tab.Complaints(); len(complaints) > 0 {
				t.Errorf("the browser complained: %q", complaints)
			}
		})
	}
}

// submit presses a button and waits for the page that it leads to.
func submit(tab *Tab, button string) {
	tab.tb.Helper()
	follow(tab, button)
}

// expect looks for texts on the page.
func expect(t *testing.T, tab *Tab, texts ...string) {
	t.Helper()
	shown := Eval[string](tab, `document.body.textContent`)
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			t.Errorf("the page does not say %q:\n%s", text, strings.Join(strings.Fields(shown), " "))
		}
	}
}
