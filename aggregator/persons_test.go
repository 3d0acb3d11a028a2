package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/report/access"
	"mayak/aggregator/subject"
	"mayak/schema/clickhouse/clickhousetest"
	visitorkey "mayak/schema/visitor"
)

// clinic is an aggregator with traffic of forty visitors, and one more who will ask for something.
type clinic struct {
	*aggregator

	t      *testing.T
	dir    string
	tokens map[access.Role]string
	person uint64
}

// clinicSites are two alike: the other one is where the person never was.
const clinicSites = `
sites:
  - {id: demo, hostnames: [localhost], time_zone: Asia/Almaty, goals: [{name: booked, event: booking}]}
  - {id: other, hostnames: [other.test], time_zone: Asia/Almaty, goals: [{name: booked, event: booking}]}
`

const personCookie = "AQEBAQEBAQEBAQEBAQEBAQ"

func newClinic(t *testing.T) *clinic {
	t.Helper()
	db := clickhousetest.Migrated(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("sites.yaml"), []byte(clinicSites), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &clinic{t: t, dir: dir, tokens: map[access.Role]string{}}
	c.aggregator = made(t, &Config{
		AdminListen: "127.0.0.1:0", DSN: db.DSN, Sites: file("sites.yaml"),
		ReportConfig:  ReportConfig{Listen: "127.0.0.1:0", Tokens: file("tokens.yaml"), SmallestGroup: 1},
		SubjectConfig: SubjectConfig{VisitorKey: file("visitor.key"), AuditAnchors: file("anchors"), Backups: 24 * time.Hour},
	})
	t.Cleanup(c.reports.close)
	if err := c.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	for _, role := range []access.Role{access.Analyst, access.Officer} {
		if c.tokens[role], err = access.Create(file("tokens.yaml"), access.Caller{Name: string(role), Role: role}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	key, err := visitorkey.OpenKey(file("visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Register(t.Context(), c.conn, time.Now()); err != nil {
		t.Fatal(err)
	}
	c.person = key.Consented("demo", [16]byte([]byte(strings.Repeat("\x01", 16))))
	stir(t, c.conn, rand.New(rand.NewPCG(3, 4)), 80, 9*time.Minute)
	c.exec(fmt.Sprintf(`INSERT INTO events (site, ts, received, type, id, visitor, consent, path, channel, utm_source, utm_campaign, engaged_ms, name, value, currency)
		SELECT site, ts + 1, received, type, concat('own ', id), %d, 'analytics', path, channel, utm_source, utm_campaign, engaged_ms, name, value, currency FROM events WHERE visitor < 6`, c.person))
	c.exec(fmt.Sprintf("INSERT INTO events SELECT * REPLACE ('other' AS site) FROM events WHERE visitor != %d", c.person))
	c.exec("INSERT INTO network_log (site, ts, id, address) SELECT site, ts, id, toIPv6('2001:db8::1') FROM events")
	return c
}

func (c *clinic) exec(statement string) {
	c.t.Helper()
	if err := c.conn.Exec(c.t.Context(), statement); err != nil {
		c.t.Fatalf("%s: %v", statement, err)
	}
}

func (c *clinic) settle() {
	c.t.Helper()
	if err := c.sessions.Round(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.engine.Round(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// ask asks the API as the holder of the token of a role.
func (c *clinic) ask(role access.Role, method, path, body string) (int, string) {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.tokens[role])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.reports.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// shown is everything that reports and exports say, but for when it was asked.
func (c *clinic) shown(site string) map[string]string {
	c.t.Helper()
	all := map[string]string{}
	for _, name := range []string{"traffic", "pages", "visits"} {
		code, body := c.ask(access.Analyst, http.MethodGet, "/api/report/"+name+"?site="+site+"&range=3d", "")
		var answer reported
		if err := json.Unmarshal([]byte(body), &answer); err != nil || code != http.StatusOK {
			c.t.Fatalf("%s: %d %s", name, code, body)
		}
		all[name] = fmt.Sprint(answer.Rows, answer.Totals)
	}
	var rows []string
	if err := c.conn.QueryRow(c.t.Context(), "SELECT arraySort(groupArray(concat(id, ' ', toString(visitor)))) FROM counted WHERE site = '"+site+"'").Scan(&rows); err != nil {
		c.t.Fatal(err)
	}
	all["rows that are exported"] = strings.Join(rows, "\n")
	return all
}

func (c *clinic) differs(when string, want, got map[string]string) {
	c.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("%s: reports (-want +got):\n%.3000s", when, diff)
	}
}

func (c *clinic) requested(kind subject.Kind) *subject.Ticket {
	c.t.Helper()
	code, body := c.ask(access.Officer, http.MethodPost, "/api/persons/requests", fmt.Sprintf(`{"kind":%q,"site":"demo","cookie":%q,"why":"letter 17"}`, kind, personCookie))
	if code != http.StatusCreated {
		c.t.Fatalf("%d %s", code, body)
	}
	return c.ticketOf(body)
}

func (c *clinic) ticketOf(body string) *subject.Ticket {
	c.t.Helper()
	var t subject.Ticket
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		c.t.Fatal(err)
	}
	return &t
}

func (c *clinic) carried(want subject.State, id string) *subject.Ticket {
	c.t.Helper()
	if _, err := c.subjects.Round(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	code, body := c.ask(access.Officer, http.MethodGet, "/api/persons/requests/"+id, "")
	t := c.ticketOf(body)
	if code != http.StatusOK || t.State != want {
		c.t.Fatalf("ticket is %s, want %s: %d %s", t.State, want, code, body)
	}
	return t
}

// Reports are as if the person had never come: at once, before anything is computed again, and after that; and as before when unblocked.
func TestWhoIsBlockedOrErasedIsInNoReport(t *testing.T) {
	c := newClinic(t)
	c.settle()
	before, without := c.shown("demo"), c.shown("other")
	for name := range before {
		if before[name] == without[name] {
			t.Errorf("that the person was there makes no difference to %s", name)
		}
	}

	block := c.requested(subject.Block)
	c.carried(subject.Blocked, block.ID)
	c.differs("blocked", without, c.shown("demo"))

	if code, body := c.ask(access.Officer, http.MethodPost, "/api/persons/requests/"+block.ID+"/unblock", `{"why":"the data is right"}`); code != http.StatusAccepted {
		t.Fatalf("%d %s", code, body)
	}
	c.carried(subject.Unblocked, block.ID)
	c.settle() // visits are cut again
	c.differs("unblocked", before, c.shown("demo"))

	erase := c.requested(subject.Erase)
	c.carried(subject.Opened, erase.ID)
	code, body := c.ask(access.Officer, http.MethodPost, "/api/persons/requests/"+erase.ID+"/confirm", fmt.Sprintf(`{"code":%q,"why":"letter 18"}`, erase.Code))
	if code != http.StatusAccepted {
		t.Fatalf("%d %s", code, body)
	}
	began := time.Now()
	erased := c.carried(subject.Erased, erase.ID)
	t.Logf("erased %v in %v", erased.Receipt.Statement.Rows, time.Since(began))
	c.differs("erased", without, c.shown("demo"))
	c.settle()
	c.differs("erased, and computed again", without, c.shown("demo"))

	if code, body := c.ask(access.Officer, http.MethodGet, "/api/audit/verify", ""); code != http.StatusOK || !strings.Contains(body, `"problems":[]`) {
		t.Errorf("audit: %d %s", code, body)
	}
	if code, body := c.ask(access.Officer, http.MethodGet, "/api/audit?limit=100", ""); code != http.StatusOK || strings.Count(body, "token officer") < 4 || strings.Contains(body, fmt.Sprint(c.person)) {
		t.Errorf("entries: %d %s", code, body)
	}
}

func TestCommandsAboutPersons(t *testing.T) {
	c := newClinic(t)
	for key, value := range map[string]string{
		"MAYAK_DATA": c.dir, "MAYAK_VISITOR_KEY": c.config.VisitorKey, "MAYAK_AGGREGATOR_AUDIT_ANCHORS": c.config.AuditAnchors,
		"MAYAK_CLICKHOUSE_DSN": c.config.DSN, "MAYAK_AGGREGATOR_SITES": c.config.Sites, "MAYAK_AGGREGATOR_TOKENS": c.config.Tokens,
	} {
		t.Setenv(key, value)
	}
	command := func(want string, args ...string) string {
		t.Helper()
		var out strings.Builder
		err := run(t.Context(), args, &out, &strings.Builder{})
		said := out.String()
		if err != nil {
			said += err.Error()
		}
		if !strings.Contains(said, want) {
			t.Errorf("%v: %s, want %q", args, said, want)
		}
		return said
	}
	whom := []string{"--site=demo", "--cookie=" + personCookie, "--why=letter 17"}
	with := func(args ...string) []string { return append(args, whom...) }
	command(`"table": "events"`, with("subject", "find")...)
	command("there are demo", "subject", "find", "--site=shop", "--cookie="+personCookie, "--why=letter 17")
	file := filepath.Join(t.TempDir(), "export.json")
	command("rows written to "+file, with("subject", "export", "--out="+file)...)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("export: %v, %v", info, err)
	}
	command("exists", with("subject", "export", "--out="+file)...)
	said := command("nothing was erased yet", with("subject", "erase")...)
	_, next, _ := strings.Cut(said, "subject confirm ")
	words := strings.Fields(next)
	command("E-", "subject", "status")
	command("the code is not that", "subject", "confirm", words[0], "wrong", "--why=letter 18")
	command(`"state": "erased"`, "subject", "confirm", words[0], words[1], "--why=letter 18")
	receipt, err := json.Marshal(c.carried(subject.Erased, words[0]).Receipt)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, receipt, 0o600); err != nil {
		t.Fatal(err)
	}
	command("as this installation signed it", "subject", "check-receipt", file)
	command("erase confirmed", "audit", "list", "--ticket="+words[0])
	command(", 0 of them past their time; head ", "audit", "verify")
	c.exec("ALTER TABLE audit_log DELETE WHERE action = 'find' SETTINGS mutations_sync = 2")
	command("the audit log is not whole", "audit", "verify")
	command("", "user", "create", "--name=aigerim", "--role=officer")
	command("aigerim\tofficer\tevery site", "user", "list")
	command("there are aigerim", "user", "remove", "nobody")
	command("", "user", "remove", "aigerim")
}
