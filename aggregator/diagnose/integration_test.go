package diagnose_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"mayak/aggregator/diagnose"
	"mayak/schema/clickhouse/clickhousetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// world is a database with one site that has been visited for days.
type world struct {
	t    *testing.T
	conn driver.Conn
	now  time.Time
	late time.Duration // past the minute
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := newEmptyWorld(t)
	w.exec("CREATE OR REPLACE VIEW counted AS SELECT * FROM events FINAL")
	for day := 1; day <= 3; day++ {
		w.visits(w.now.AddDate(0, 0, -day).Add(-90*time.Minute), 180, "1")
	}
	w.visits(w.now.Add(-4*time.Hour), 240, "1")
	return w
}

// newEmptyWorld is a database in which nothing has happened.
func newEmptyWorld(t *testing.T) *world {
	t.Helper()
	return &world{t: t, conn: clickhousetest.Migrated(t).Conn(t), now: time.Now().UTC().Truncate(time.Minute), late: 15 * time.Second}
}

func (w *world) exec(statement string) {
	w.t.Helper()
	if err := w.conn.Exec(w.t.Context(), statement); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

// visits inserts forty page views a minute with what was measured of them; slow is an expression that times the first byte is multiplied by.
func (w *world) visits(from time.Time, minutes int, slow string) {
	w.t.Helper()
	for _, kind := range []string{"pageview", "vitals"} {
		w.exec(fmt.Sprintf(`INSERT INTO events (site, ts, received, type, id, page, visitor, consent, path, country, asn, device, browser, network, origin, vitals)
			SELECT 'demo', toDateTime(%[1]d, 'UTC') + intDiv(number, 40) * 60 + number %% 60, now(), '%[2]s', concat('%[2]s', toString(%[1]d + number)), toString(%[1]d + number),
				1 + number, 'essential', ['/', '/booking', '/about'][1 + number %% 3] AS path, if(number %% 8 = 0, 'RU', 'KZ'), [9198, 9198, 21299, 50482][1 + intDiv(number, 3) %% 4] AS asn, 'mobile', 'Chrome',
				concat('10.0.', toString(number %% 250), '.0/24'), 'script',
				if('%[2]s' = 'vitals', map('ttfb', toFloat32((100 + cityHash64(number) %% 200) * %[3]s), 'lcp', toFloat32(900 + cityHash64(number) %% 400)), map())
			FROM numbers(%[4]d)`, from.Unix(), kind, slow, minutes*40))
	}
}

func (w *world) diagnosis(hooks ...diagnose.Hook) *diagnose.Diagnosis {
	return w.with(diagnose.Options{Hooks: hooks})
}

func (w *world) patient(patience time.Duration) *diagnose.Diagnosis {
	return w.with(diagnose.Options{Patience: patience})
}

func (w *world) with(o diagnose.Options) *diagnose.Diagnosis {
	o.Conn, o.Log, o.Registerer = w.conn, slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	o.Now, o.Settle, o.Slack = func() time.Time { return w.now.Add(w.late) }, 100*time.Millisecond, time.Millisecond
	return diagnose.New(o)
}

func (w *world) round(d *diagnose.Diagnosis) {
	w.t.Helper()
	if _, err := d.Windows(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if _, err := d.Round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) incidents(d *diagnose.Diagnosis) []diagnose.Incident {
	w.t.Helper()
	all, err := d.List(w.t.Context(), diagnose.Question{})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// hook is a webhook that remembers, and fails at first.
type hook struct {
	mu     sync.Mutex
	asked  int
	bodies []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked++; h.asked == 1 {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	body, _ := io.ReadAll(r.Body)
	h.bodies = append(h.bodies, string(body))
}

// A network that waits for one page is found, named, told of once and, when it is over, told of again; by however many aggregators.
func TestASlowNetworkIsFoundNamedAndToldOf(t *testing.T) {
	w := newWorld(t)
	heard := &hook{}
	server := httptest.NewServer(heard)
	defer server.Close()
	hooks, err := diagnose.ParseHooks("json=" + server.URL + "/secret")
	if err != nil {
		t.Fatal(err)
	}
	one, other := w.diagnosis(hooks...), w.diagnosis(hooks...)
	w.round(one)
	w.round(other)
	if all := w.incidents(one); len(all) > 0 {
		t.Fatalf("incidents before anything is wrong: %v", all)
	}

	w.visits(w.now, 8, "if(asn = 9198 AND path = '/booking', 40, 1)")
	w.now = w.now.Add(8 * time.Minute)
	var both sync.WaitGroup
	for _, d := range []*diagnose.Diagnosis{one, other} {
		both.Go(func() { w.round(d) })
	}
	both.Wait()
	all := w.incidents(one)
	if len(all) != 1 {
		t.Fatalf("%d incidents, want one: %v", len(all), all)
	}
	i := all[0]
	if i.Signal != "ttfb" || i.State != diagnose.StateOpen || len(i.Causes) != 2 {
		t.Fatalf("incident %+v", i)
	}
	if got := fmt.Sprint(i.Causes[0].Dimension, i.Causes[0].Value, i.Causes[1].Dimension, i.Causes[1].Value); got != "asn9198path/booking" && got != "path/bookingasn9198" {
		t.Errorf("confined to %s: %s", got, i.Text)
	}
	if err := w.tell(one, other); err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatalf("a webhook that fails: %v", err)
	}
	restarted := w.diagnosis(hooks...)
	if err := w.tell(restarted, one, other); err != nil || heard.asked != 1 {
		t.Fatalf("asked %d times, %v: nobody tries again at once, not even after a restart", heard.asked, err)
	}
	w.late += 10 * time.Second
	if err := w.tell(restarted, one, other); err != nil || len(heard.bodies) != 1 || heard.asked != 2 {
		t.Fatalf("webhook asked %d times and told %d, %v: want again after a pause, and once", heard.asked, len(heard.bodies), err)
	}
	var message struct {
		Event    string
		Incident diagnose.Incident
	}
	if err := json.Unmarshal([]byte(heard.bodies[0]), &message); err != nil || message.Event != "incident_open" || message.Incident.ID != i.ID {
		t.Errorf("told %s, %v", heard.bodies[0], err)
	}

	w.visits(w.now, 30, "1")
	w.now = w.now.Add(30 * time.Minute)
	w.round(one)
	w.round(other)
	if err := w.tell(one, other); err != nil {
		t.Fatal(err)
	}
	all = w.incidents(one)
	if len(all) != 1 || all[0].State != diagnose.StateClosed || len(heard.bodies) != 2 || !strings.Contains(heard.bodies[1], "incident_closed") {
		t.Errorf("after it was over: %v, told %v", all, heard.bodies)
	}
}

func (w *world) tell(all ...*diagnose.Diagnosis) error {
	w.t.Helper()
	var problems []error
	for _, d := range all {
		for _, tell := range d.Tellers() {
			_, err := tell(w.t.Context())
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func TestASiteThatNobodyReachesIsFound(t *testing.T) {
	w := newWorld(t)
	d := w.diagnosis()
	w.round(d)
	w.now = w.now.Add(6 * time.Minute)
	w.round(d)
	all := w.incidents(d)
	if len(all) != 1 || all[0].Signal != "views" || !strings.HasPrefix(all[0].Text, "no page views in") {
		t.Errorf("incidents %v, want one of views", all)
	}
}

// What is usual follows what is taken away: the windows are computed again.
func TestErasedEventsLeaveWhatIsUsual(t *testing.T) {
	w := newWorld(t)
	d := w.diagnosis()
	w.round(d)
	views := func() (n float64) {
		if err := w.conn.QueryRow(t.Context(), "SELECT sum(views) FROM signal_windows FINAL").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := views()
	w.exec("INSERT INTO window_changes SELECT site, toStartOfFiveMinute(ts), 1, now64(3) FROM events WHERE visitor = 7 GROUP BY ALL")
	w.exec("DELETE FROM events WHERE visitor = 7")
	w.round(d)
	if after := views(); after != before-4 {
		t.Errorf("%.0f page views, then %.0f: want the four of the erased visitor gone", before, after)
	}
}

func TestHooksAreReadAndTheirSecretsNotTold(t *testing.T) {
	hooks, err := diagnose.ParseHooks("json=https://a.test/x\nslack=https://hooks.slack.test/T telegram=https://api.telegram.test/bot1:s3cret/sendMessage?chat_id=-100")
	if err != nil || len(hooks) != 3 {
		t.Errorf("%d hooks, %v", len(hooks), err)
	}
	for _, bad := range []string{"https://a.test/s3cret", "mail=https://a.test/s3cret", "json=s3cret", "telegram=https://a.test/s3cret", "json=ftp://a/s3cret"} {
		if _, err := diagnose.ParseHooks(bad); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// The log of the server tells of the same page views: they are not counted twice, and its failures are an incident of their own.
func TestTheServersOwnLogIsJudgedForFailures(t *testing.T) {
	w := newWorld(t)
	log := func(from time.Time, minutes int, status string) {
		w.exec(fmt.Sprintf(`INSERT INTO events (site, ts, received, type, id, consent, path, origin, status, asn, network)
			SELECT 'demo', toDateTime(%[1]d, 'UTC') + intDiv(number, 40) * 60 + number %% 60, now(), 'pageview', concat('log', toString(%[1]d + number)), 'essential', ['/', '/booking'][1 + number %% 2] AS path,
				'log', %[2]s, 9198, '10.0.0.0/24' FROM numbers(%[3]d)`, from.Unix(), status, minutes*40))
	}
	for day := 1; day <= 3; day++ {
		log(w.now.AddDate(0, 0, -day).Add(-90*time.Minute), 180, "200")
	}
	log(w.now.Add(-4*time.Hour), 240, "200")
	d := w.diagnosis()
	w.round(d)
	var views, answers float64
	if err := w.conn.QueryRow(t.Context(), "SELECT max(views), max(server_answers) FROM signal_windows FINAL").Scan(&views, &answers); err != nil || views != 200 || answers != 200 {
		t.Errorf("%v views and %v answers of the server in five minutes, %v: want 200 of each", views, answers, err)
	}
	w.visits(w.now, 6, "1")
	log(w.now, 6, "if(path = '/booking', 502, 200)")
	w.now = w.now.Add(6 * time.Minute)
	w.round(d)
	all := w.incidents(d)
	if len(all) != 1 || all[0].Signal != "server_failures" || len(all[0].Causes) != 1 || all[0].Causes[0].Value != "/booking" {
		t.Errorf("incidents %+v, want one of the server's failures on /booking", all)
	}
}

// After the database was away, minutes lack what collectors still hold: nothing is judged before they have brought it.
func TestNothingIsJudgedWhileCollectorsCatchUp(t *testing.T) {
	w := newWorld(t)
	d := w.patient(time.Minute)
	w.round(d)
	w.now = w.now.Add(time.Minute)
	w.visits(w.now.Add(-time.Minute), 1, "1")
	w.round(d)
	w.now = w.now.Add(20 * time.Minute) // nobody could write
	w.round(d)
	if all := w.incidents(d); len(all) > 0 {
		t.Fatalf("judged at once: %v", all)
	}
	w.visits(w.now.Add(-20*time.Minute), 22, "1") // and all came at last
	w.now = w.now.Add(2 * time.Minute)
	w.round(d)
	if all := w.incidents(d); len(all) > 0 {
		t.Errorf("judged what had not come yet: %v", all)
	}
	w.now = w.now.Add(2 * time.Minute) // but who does not come any more is missed as before
	w.round(d)
	w.now = w.now.Add(2 * time.Minute)
	w.round(d)
	w.now = w.now.Add(2 * time.Minute)
	w.round(d)
	if all := w.incidents(d); len(all) != 1 {
		t.Errorf("incidents %v, want one", all)
	}
}
