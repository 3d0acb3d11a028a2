package browser

import (
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// holding keeps back the script's second tries until the test lets them go, and loses answers when it is told to.
const holding = `{
	window.held = [];
	const later = setTimeout;
	window.setTimeout = (job, ms, ...rest) => ms >= 1000 ? held.push(job) : later(job, ms, ...rest);
	window.go = () => held.splice(0).forEach(job => job());
	const send = fetch;
	window.fetch = (...request) => send(...request).then(answer => {
		if (window.losing) throw new TypeError('the answer was lost');
		return answer;
	});
	window.hold = n => new Promise(done => {
		const look = () => held.length >= n ? done() : later(look, 10);
		look();
	});
}`

// testKill kills the collector while a page is open: what it had answered, what it had stored but not answered, and what
// it never got all count once. While the program that starts it again is stopped, the collector stays away.
func testKill(t *testing.T, s *stack) {
	collector := s.service(t, "collector")
	site := startSite(t, s.collectorURL(), map[string]string{"/killed": top + demoTag})
	tab := newPerson(t)
	tab.Before(holding)
	tab.Open(site + "/killed")
	s.view(t, tab)

	tab.Run(`mayak('answered')`)
	s.told(t, tab, "event", 1)
	tab.Run(`losing = true; mayak('answer-lost'); hold(1)`)
	signal(t, s.command.Process.Pid, syscall.SIGSTOP)
	signal(t, collector, syscall.SIGKILL)
	tab.Run(`losing = false; mayak('nobody-there'); hold(2)`)
	signal(t, s.command.Process.Pid, syscall.SIGCONT)
	s.awaitOutput(t, "collector is back")
	if again := s.service(t, "collector"); again == collector {
		t.Fatal("the collector was not killed, so nothing was tested")
	}
	tab.Run(`go()`)
	tab.Run(`mayak('afterwards')`)

	var names []string
	for _, event := range s.told(t, tab, "event", 4) {
		names = append(names, event["name"])
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "afterwards answer-lost answered nobody-there" {
		t.Errorf("stored are %s, want each event once", got)
	}
	for id, rows := range s.ids(t) {
		if rows > 1 {
			t.Errorf("event %s stands there %d times", id, rows)
		}
	}
}

// testInterrupt stops everything by Ctrl-C and starts it again on the same data.
func testInterrupt(t *testing.T, s *stack) {
	before := s.ids(t)
	services := s.children(t)
	s.post(t, "last-one", address)

	began := time.Now()
	if err := s.interrupt(t, 15*time.Second); err != nil {
		t.Fatalf("run ends with %v, want it to end well\n%s", err, s.output(t))
	}
	t.Logf("%d events; stopped after %v", len(before)+1, time.Since(began).Round(time.Millisecond))
	if !strings.Contains(s.output(t), "stopped; the data are kept in "+s.data) {
		t.Errorf("run does not say that it has stopped:\n%s", s.output(t))
	}
	for _, service := range services {
		if err := syscall.Kill(service.pid, 0); err == nil {
			t.Errorf("%v still runs", service.args)
		}
	}
	for _, address := range []string{s.demo, s.collector, s.engine} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("somebody still listens: %v", err)
			continue
		}
		listener.Close()
	}

	s.env = slices.DeleteFunc(s.env, func(variable string) bool { return strings.HasPrefix(variable, "MAYAK_COLLECTOR_SITES=") })
	s.start(t) // now with the sites file that it makes itself
	if _, err := os.Stat(s.data + "/sites.yaml"); err != nil {
		t.Errorf("run has made no sites file: %v", err)
	}
	s.await(t, 1, "id = 'last-one'")
	after := s.ids(t)
	for id := range before {
		if after[id] != 1 {
			t.Errorf("event %s stands there %d times", id, after[id])
		}
	}
	tab := newPerson(t)
	tab.Open("http://" + s.demo + "/")
	check(t, s.view(t, tab), essentials(row{"path": "/", "title": home}))
	if err := s.interrupt(t, 15*time.Second); err != nil {
		t.Errorf("run ends with %v the second time\n%s", err, s.output(t))
	}
}

// ids counts the rows of each event.
func (s *stack) ids(t *testing.T) map[string]int {
	t.Helper()
	rows := map[string]int{}
	for _, found := range s.query(t, "SELECT id FROM events FINAL") {
		rows[found["id"]]++
	}
	return rows
}
