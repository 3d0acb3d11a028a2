package browser

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// secrets are what the pages of testLeaks tell a collector that they should not, as pieces that could not be there by chance.
var secrets = []string{
	"diabetes", "tuberculosis", "aigerim@", "aigerim%40", "title-leak", "path-leak", "example.kz", "77011234567", "7011234567", "701 123 45 67",
	"900101300126", "4111 1111", "4111111111111111", "leaking-parameter",
}

// A person's address and user agent: they may stand in the table network_log and nowhere else.
const (
	address   = "2.132.0.77"
	rawClient = "Windows NT 10.0; Win64; x64"
)

// testLeaks stops the engine in its tracks while pages leak, so that what is written on the way can be looked at.
func testLeaks(t *testing.T, s *stack) {
	engine := s.service(t, "engine")
	signal(t, engine, syscall.SIGSTOP)
	awake := false
	wake := func() {
		if !awake {
			signal(t, engine, syscall.SIGCONT)
			awake = true
		}
	}
	defer wake()

	demo := newPerson(t)
	demo.Open("http://" + s.demo + "/?q=diabetes+test&email=aigerim%40example.kz&phone=%2B77011234567&iin=900101300126&utm_source=sms&tab=phone+87011234567")
	demo.Run(`document.querySelector('[data-mayak-event=callback]').click()`)
	own := newPerson(t)
	own.Open(s.leakingSite(t) + "/path-leak@example.kz/900101300126?q=tuberculosis&secret=leaking-parameter")
	own.Run(`mayak('pay 4111111111111111', {card: '4111 1111 1111 1111', note: 'write to aigerim@example.kz'})`)
	s.post(t, "from-elsewhere", address)
	pages := []string{Eval[string](demo, `mayak.page`), Eval[string](own, `mayak.page`)}

	spool := s.awaitInSpool(t, "callback", "pay", "from-elsewhere")
	for _, secret := range append(secrets, address, rawClient, string(netip.MustParseAddr(address).AsSlice())) {
		if contains(spool, secret) {
			t.Errorf("%q waits in the spool", secret)
		}
	}
	wake()
	s.await(t, 2, "type = 'pageview' AND id IN ('"+strings.Join(pages, "', '")+"')")
	s.await(t, 3, "type = 'event' AND page IN ('"+strings.Join(pages, "', '")+"') OR name = 'from-elsewhere'")
	got := s.await(t, 1, "type = 'pageview' AND id = '"+pages[0]+"'")[0]
	check(t, got, essentials(row{"path": "/", "title": home, "utm_source": "sms", "query": "tab=phone+[phone]", "channel": "campaign"}))

	s.checkTables(t)
	s.checkFiles(t)
}

// leakingSite serves a page whose address and title tell what they should not.
func (s *stack) leakingSite(t *testing.T) string {
	t.Helper()
	page := strings.Replace(top, "Clinic", "Results of title-leak@example.kz, +7 701 123 45 67", 1) + demoTag
	return startSite(t, s.collectorURL(), map[string]string{"/path-leak@example.kz/900101300126": page})
}

// post sends an event as a proxy hands it on that came from another address. It is stored when post returns.
func (s *stack) post(t *testing.T, name, from string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.collectorURL()+"/e", strings.NewReader(
		`{"site": "demo", "type": "event", "name": "`+name+`", "id": "`+name+`", "url": "http://localhost/"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", from)
	request.Header.Set("User-Agent", person)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if outcome := answer.Header.Get("Mayak-Outcome"); answer.StatusCode != http.StatusAccepted || outcome != "stored" {
		t.Fatalf("an event is answered %d, %s", answer.StatusCode, outcome)
	}
}

// checkTables looks for the secrets in every column of every table.
func (s *stack) checkTables(t *testing.T) {
	t.Helper()
	for _, table := range []string{"events", "salts", "network_log"} {
		for _, secret := range append(secrets, address, rawClient) {
			count := s.count(t, table+" WHERE positionCaseInsensitive(formatRow('TSVRaw', *), '"+secret+"') > 0")
			allowed := table == "network_log" && (secret == address || secret == rawClient)
			if count > 0 && !allowed {
				t.Errorf("%q stands in %d rows of %s", secret, count, table)
			}
			if count == 0 && allowed {
				t.Errorf("%q does not stand in %s, so looking for it elsewhere proves nothing", secret, table)
			}
		}
	}
}

// checkFiles looks for the secrets in everything that was written: spool, salts, logs and the engine's own files.
func (s *stack) checkFiles(t *testing.T) {
	t.Helper()
	looked := 0
	for name, content := range s.files(t, s.data) {
		looked++
		wanted := secrets
		if !strings.HasPrefix(name, filepath.Join(s.data, "engine")+"/") { // where network_log is
			wanted = append(wanted[:len(wanted):len(wanted)], address, rawClient)
		}
		for _, secret := range wanted {
			if contains(content, secret) {
				t.Errorf("%q stands in %s", secret, name)
			}
		}
	}
	for _, secret := range append(secrets, address, rawClient) {
		if strings.Contains(s.output(t), secret) {
			t.Errorf("%q is in the output of run", secret)
		}
	}
	t.Logf("looked for %d secrets in %d files", len(secrets)+2, looked)
}

// awaitInSpool returns what waits in the spool, once all of these words do.
func (s *stack) awaitInSpool(t *testing.T, words ...string) []byte {
	t.Helper()
	var spool []byte
	poll(t, "the events wait in the spool", func() bool {
		spool = nil
		for _, content := range s.files(t, filepath.Join(s.data, "collector", "spool")) {
			spool = append(spool, content...)
		}
		for _, word := range words {
			if !contains(spool, word) {
				return false
			}
		}
		return true
	})
	return spool
}

// files are the contents of all files below dir. What is removed meanwhile is no file any more.
func (s *stack) files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	contents := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // it has been removed
		}
		if content, err := os.ReadFile(path); err == nil {
			contents[path] = content
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

func contains(content []byte, secret string) bool {
	return bytes.Contains(bytes.ToLower(content), bytes.ToLower([]byte(secret)))
}

// A refusal leaves the bare count of a page view and nothing of anything else, however the browser says it.
func testRefusal(t *testing.T, s *stack) {
	site := startSite(t, s.collectorURL(), map[string]string{"/refused": top + strings.Replace(tag, "clinic", "refusing", 1)})
	for i, header := range []string{"Sec-GPC", "DNT"} {
		tab := newPerson(t)
		signalling(tab, header)
		tab.Open(site + "/refused?utm_source=newsletter")
		tab.Run(`mayak('signup'); new Promise(done => setTimeout(done, 150))`)
		s.await(t, i+1, "site = 'refusing'")
		tab.Hide()
	}
	// What was kept of the rest would be there before the row of somebody who does not refuse.
	tab := newPerson(t)
	tab.Open(site + "/refused")
	check(t, s.view(t, tab), essentials(row{"site": "refusing", "hostname": "localhost", "path": "/refused", "title": "Clinic"}))

	rows := s.await(t, 2, "site = 'refusing' AND consent != 'essential'")
	if len(rows) != 2 {
		t.Errorf("%d rows of two visitors who refused: %v", len(rows), rows)
	}
	for _, got := range rows {
		if !strings.HasSuffix(got["ts"], ":00.000") || !strings.HasSuffix(got["received"], ":00") || got["id"] == "" {
			t.Errorf("ts = %s, received = %s, id = %q; want the minute only, and an id", got["ts"], got["received"], got["id"])
		}
		for _, name := range []string{"ts", "received", "id", "policy_version"} {
			delete(got, name)
		}
		if diff := cmp.Diff(row{"site": "refusing", "type": "pageview", "origin": "script", "consent": "refused"}, got); diff != "" {
			t.Errorf("of a visitor who refused (-want +got):\n%s", diff)
		}
	}
	if count := s.count(t, "network_log FINAL WHERE site = 'refusing'"); count != 1 {
		t.Errorf("network_log has %d rows of the site, want 1: of the visitor who did not refuse", count)
	}
}
