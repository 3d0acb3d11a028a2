package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/subject"
	"mayak/schema/roles"
	visitorkey "mayak/schema/visitor"
)

// drill is a database that is backed up, lost and brought back, by an aggregator with the rights of its role and no others.
type drill struct {
	*fortress

	t      *testing.T
	dir    string
	conn   driver.Conn
	person [16]byte
}

func newDrill(t *testing.T) *drill {
	t.Helper()
	d := &drill{t: t, dir: t.TempDir(), person: [16]byte{1, 2, 3}}
	d.fortress = newFortress(t, Config{SubjectConfig: d.beside()})
	t.Cleanup(d.made.reports.close)
	d.conn = d.as(t, roles.Aggregator)
	return d
}

// beside are the files that outlive the database.
func (d *drill) beside() SubjectConfig {
	file := func(name string) string { return filepath.Join(d.dir, name) }
	return SubjectConfig{VisitorKey: file("visitor.key"), AuditAnchors: file("anchors"), Erased: file("erased"), Backups: 720 * time.Hour, RequestDeadline: time.Hour}
}

// config is that of each aggregator of the installation.
func (d *drill) config() *Config {
	return &Config{AdminListen: "127.0.0.1:0", DSN: d.dsn(roles.Aggregator), SubjectConfig: d.beside()}
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
	d.t.Setenv("MAYAK_DATA", d.dir)
	b := d.beside()
	var out, errs bytes.Buffer
	err := run(d.t.Context(), append(args, "--clickhouse-dsn", d.dsn(roles.Aggregator), "--visitor-key", b.VisitorKey, "--audit-anchors", b.AuditAnchors,
		"--erased", b.Erased, "--backup-folder", d.folder(), "--backup-spare", "0"), &out, &errs)
	return out.String() + errs.String(), err
}

// folder is that of the backups.
func (d *drill) folder() string { return filepath.Join(d.process.Dir, "backups") }

// backUp makes a backup, and tells its name and size.
func (d *drill) backUp() (file string, size int64) {
	d.t.Helper()
	said, err := d.run("backup", "--why", "drill")
	if err != nil {
		d.t.Fatalf("backup: %v\n%s", err, said)
	}
	said = strings.TrimSpace(said)
	file = said[strings.LastIndex(said, "\n")+1:]
	info, err := os.Stat(filepath.Join(d.folder(), file))
	if err != nil {
		d.t.Fatal(err)
	}
	return file, info.Size()
}

// backUpByItself lets an aggregator that serves do what is due: one backup, and no second one.
func (d *drill) backUpByItself() (file string, size int64) {
	d.t.Helper()
	c := d.config()
	c.BackupConfig = BackupConfig{BackupFolder: d.folder(), BackupEvery: time.Hour}
	for range 2 {
		if _, err := made(d.t, c).backupJobs()[0].Run(d.t.Context()); err != nil {
			d.t.Fatalf("backup: %v", err)
		}
	}
	files, err := os.ReadDir(d.folder())
	if err != nil || len(files) != 1 {
		d.t.Fatalf("%d backups: %v", len(files), err)
	}
	info, err := files[0].Info()
	if err != nil {
		d.t.Fatal(err)
	}
	return files[0].Name(), info.Size()
}

// happen writes page views of ten visitors, of whom one is the person.
func (d *drill) happen(begin, count int, person uint64) {
	d.t.Helper()
	d.exec(fmt.Sprintf(`INSERT INTO events (site, visitor, id, ts, received, type, path, consent)
		SELECT 'demo', if(number %% 10 = 0, %d, number %% 10), number, now64(3) - 3600 - number, now64(3), 'pageview', concat('/', toString(number %% 7)), 'analytics' FROM numbers(%d, %d)`, person, begin, count))
}

// A database that was lost is what it was, but for the salts, and for who was erased after the backup was made. The backup holds what the
// one of the night before lacks.
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
	d.happen(0, 2000, id)
	d.tryRetention()
	first, whole := d.backUpByItself()
	d.happen(2001, 19, 3)
	before := d.work()
	file, size := d.backUp()
	t.Logf("%s: %d bytes, %s: %d bytes", first, whole, file, size)
	if want := "-on-" + strings.TrimPrefix(first, "mayak-"); !strings.HasSuffix(file, want) || size >= whole {
		t.Errorf("the second night: %s of %d bytes after %s of %d", file, size, first, whole)
	}
	if said, err := d.run("restore", file, "--why", "drill"); err == nil || !strings.Contains(err.Error(), "has rows in arrivals, audit_log, ") {
		t.Errorf("restore over a database that is in use: %v\n%s", err, said)
	}
	d.erase(cookie)
	want, rows := d.work(), d.counts("events", "visits", "actions", "traffic_days", "migrations", "sites")
	if want == before {
		t.Error("the erasure changes no report")
	}
	d.exec("DROP DATABASE mayak SYNC")
	said, err := d.run("restore", file, "--why", "drill")
	if err != nil {
		t.Fatalf("restore: %v\n%s", err, said)
	}
	if !strings.Contains(said, file+" is back: 1819 events, erased again 1") {
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

// tryRetention lets an aggregator remove what is past its time, with the rights of its role.
func (d *drill) tryRetention() {
	d.t.Helper()
	d.exec("INSERT INTO events (site, visitor, id, ts, received, type, path, consent) SELECT 'demo', 5, 'old', now64(3) - INTERVAL 3000 DAY, now64(3), 'pageview', '/old', 'analytics'")
	if _, err := d.made.obedience.keeper.Round(d.t.Context()); err != nil {
		d.t.Errorf("retention: %v", err)
	}
	if diff := cmp.Diff(map[string]uint64{"events WHERE id = 'old'": 0}, d.counts("events WHERE id = 'old'")); diff != "" {
		d.t.Errorf("what is past its time (-want +got):\n%s", diff)
	}
}
