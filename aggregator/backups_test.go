package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/subject"
	"mayak/schema/clickhouse/clickhousetest"
	visitorkey "mayak/schema/visitor"
)

// drill is a database that is backed up, lost and brought back.
type drill struct {
	t      *testing.T
	db     *clickhousetest.DB
	dir    string
	conn   driver.Conn
	person [16]byte
}

func newDrill(t *testing.T) *drill {
	t.Helper()
	db := clickhousetest.New(t)
	return &drill{t: t, db: db, dir: t.TempDir(), conn: db.Conn(t), person: [16]byte{1, 2, 3}}
}

// config is that of each aggregator of the installation: the files beside the database outlive it.
func (d *drill) config() *Config {
	file := func(name string) string { return filepath.Join(d.dir, name) }
	return &Config{
		AdminListen: "127.0.0.1:0", DSN: d.db.DSN,
		SubjectConfig: SubjectConfig{
			VisitorKey: file("visitor.key"), AuditAnchors: file("anchors"), Erased: file("erased"), Backups: 720 * time.Hour, RequestDeadline: time.Hour,
		},
	}
}

// work lets an aggregator do its jobs once, and tells what the report of pages says.
func (d *drill) work() string {
	d.t.Helper()
	a := made(d.t, d.config())
	ctx := d.t.Context()
	var subjects error
	err := a.sessions.Round(ctx)
	if err == nil {
		_, subjects = a.subjects.Round(ctx)
		_, err = a.engine.Round(ctx)
	}
	if err := errors.Join(err, subjects); err != nil {
		d.t.Fatal(err)
	}
	said, err := d.run("report", "pages", "--site", "demo", "--range", "7d", "--format", "csv", "--limit", "100")
	if err != nil {
		d.t.Fatalf("report: %v\n%s", err, said)
	}
	return said
}

func (d *drill) exec(statement string) {
	d.t.Helper()
	if err := d.conn.Exec(d.t.Context(), statement); err != nil {
		d.t.Fatalf("%s: %v", statement, err)
	}
}

// counts are the rows of the tables that matter.
func (d *drill) counts(tables ...string) map[string]uint64 {
	d.t.Helper()
	all := map[string]uint64{}
	for _, table := range tables {
		var n uint64
		if err := d.conn.QueryRow(d.t.Context(), "SELECT count() FROM "+table).Scan(&n); err != nil {
			d.t.Fatal(err)
		}
		all[table] = n
	}
	return all
}

func (d *drill) erase(cookie string) {
	d.t.Helper()
	a := made(d.t, d.config())
	who := subject.Actor{Name: "aigerim", Role: "officer", Origin: "command", Why: "letter of the person"}
	t, err := a.subjects.Open(d.t.Context(), who, subject.Erase, &subject.Wanted{Site: "demo", Cookie: cookie})
	if err == nil {
		_, err = a.subjects.Confirm(d.t.Context(), who, t.ID, t.Code)
	}
	if err == nil {
		_, err = a.subjects.Carry(d.t.Context(), t.ID)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *drill) run(args ...string) (string, error) {
	d.t.Helper()
	file := func(name string) string { return filepath.Join(d.dir, name) }
	d.t.Setenv("MAYAK_DATA", d.dir)
	var out, errs bytes.Buffer
	err := run(d.t.Context(), append(args, "--clickhouse-dsn", d.db.DSN, "--visitor-key", file("visitor.key"),
		"--audit-anchors", file("anchors"), "--erased", file("erased")), &out, &errs)
	return out.String() + errs.String(), err
}

// A database that was lost is what it was, but for the salts, and for who was erased after the backup was made.
func TestADatabaseComesBackFromItsBackupWithoutWhoWasErasedSince(t *testing.T) {
	d := newDrill(t)
	if err := made(t, d.config()).prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, err := visitorkey.OpenKey(filepath.Join(d.dir, "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Register(t.Context(), d.conn, time.Now()); err != nil {
		t.Fatal(err)
	}
	const cookie = "AQIDAAAAAAAAAAAAAAAAAA"
	id := key.Consented("demo", d.person)
	d.exec("INSERT INTO sites (id, time_zone, week_start) VALUES ('demo', 'Asia/Almaty', 1)")
	d.exec("INSERT INTO salts (day, salt, made) SELECT today(), 'planted-salt', now64(6)")
	d.exec(fmt.Sprintf(`INSERT INTO events (site, visitor, id, ts, received, type, path, consent)
		SELECT 'demo', if(number %% 10 = 0, %d, number %% 10), number, now64(3) - 3600 - number, now64(3), 'pageview', concat('/', toString(number %% 7)), 'analytics' FROM numbers(2000)`, id))
	before := d.work()
	said, err := d.run("backup", "--why", "drill")
	if err != nil {
		t.Fatalf("backup: %v\n%s", err, said)
	}
	file := strings.TrimSpace(said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:])

	if said, err := d.run("restore", file, "--why", "drill"); err == nil || !strings.Contains(err.Error(), "has rows in arrivals, audit_log, ") {
		t.Errorf("restore over a database that is in use: %v\n%s", err, said)
	}
	d.erase(cookie)
	want, rows := d.work(), d.counts("events", "visits", "actions", "traffic_days", "migrations", "sites")
	if want == before {
		t.Error("the erasure changes no report")
	}
	d.exec("DROP DATABASE " + d.db.Name + " SYNC")
	if said, err = d.run("restore", file, "--why", "drill"); err != nil {
		t.Fatalf("restore: %v\n%s", err, said)
	}
	if !strings.Contains(said, file+" is back: 1800 events, erased again 1") {
		t.Errorf("restore says %q", said)
	}
	if diff := cmp.Diff(want, d.work()); diff != "" {
		t.Errorf("the report of pages (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(rows, d.counts("events", "visits", "actions", "traffic_days", "migrations", "sites")); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	theirs := fmt.Sprintf("events WHERE visitor = %d", id)
	if diff := cmp.Diff(map[string]uint64{"salts": 0, theirs: 0}, d.counts("salts", theirs)); diff != "" {
		t.Errorf("what must not come back (-want +got):\n%s", diff)
	}
}
