package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/policy"
	"mayak/schema/roles"
)

// fortress is a database that is only entered by the roles' passwords.
type fortress struct {
	process   *clickhousetest.Process
	passwords map[string]string
	rights    *roles.Options
	made      *aggregator // its own account has the rights that the policy gives it, and no more
}

// newFortress makes one, with an aggregator of these further settings.
func newFortress(t *testing.T, further Config) *fortress {
	t.Helper()
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f := &fortress{rights: &roles.Options{Policy: rules, Database: "mayak"}}
	if f.passwords, err = roles.Passwords(filepath.Join(dir, "passwords")); err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users.xml")
	if err := os.WriteFile(users, f.rights.UsersFile(f.passwords), 0o600); err != nil {
		t.Fatal(err)
	}
	f.process = clickhousetest.StartProcess(t, filepath.Join(dir, "data"), "MAYAK_ENGINE_USERS_FILE="+users)
	further.AdminListen, further.DSN = "127.0.0.1:0", f.dsn(roles.Aggregator)
	f.made = made(t, &further)
	if err := f.made.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fortress) dsn(role string) string {
	return strings.Replace(f.process.DSN(), "http://", "http://"+role+":"+f.passwords[role]+"@", 1) + "/mayak"
}

func (f *fortress) as(t *testing.T, role string) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(clickhouse.Options{DSN: f.dsn(role)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// try gives a statement as the role does, and tells the number of the database's refusal; 0 is none. The driver would dial anew after each.
func (f *fortress) try(t *testing.T, role, statement string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.process.DSN()+"/?database=mayak", strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(role, f.passwords[role])
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode == http.StatusOK {
		return 0
	}
	code, err := strconv.Atoi(answer.Header.Get("X-ClickHouse-Exception-Code"))
	if err != nil {
		t.Fatalf("%s: status %d without a code", statement, answer.StatusCode)
	}
	return code
}

const accessDenied = 497

// view is a view that is asked with parameters.
var asked = map[string]string{
	"analyst": "(site = 'a', since = '2026-01-01 00:00:00', until = '2026-01-02 00:00:00', grain = 'day', zone = 'UTC')",
	"visitor": "(site = 'a', visitor = 1)",
}

// thing is what a role may try to read: a column of a table, or a view.
type thing struct {
	table, column string
	query         string
	long          bool // a view with a long text, which the database takes a second to understand, for every one that asks and may not
}

// things are everything in the database that can be read.
func (f *fortress) things(t *testing.T) []thing {
	t.Helper()
	rows, err := f.made.conn.Query(t.Context(), `SELECT name, engine, create_table_query, (SELECT groupArray(c.name) FROM system.columns AS c WHERE c.database = 'mayak' AND c.table = t.name)
		FROM system.tables AS t WHERE database = 'mayak' ORDER BY startsWith(name, 'analyst_'), name`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []thing
	lengths := map[string]int{} // of the texts of views
	for rows.Next() {
		var table, engine, made string
		var columns []string
		if err := rows.Scan(&table, &engine, &made, &columns); err != nil {
			t.Fatal(err)
		}
		lengths[table] = len(made)
		switch {
		case engine == "View" && strings.Contains(made, "{visitor:"):
			all = append(all, thing{table: table, column: "*", query: "SELECT * FROM " + table + asked["visitor"]})
		case engine == "View" && strings.Contains(made, "{site:"):
			all = append(all, thing{table, "*", "SELECT * FROM " + table + asked["analyst"], len(made) > long || lengths[base(made)] > long})
		case engine == "View": // the columns of another's rows
			all = append(all, single(table, columns[0]))
		default:
			for _, column := range columns {
				all = append(all, single(table, column))
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func single(table, column string) thing {
	return thing{table: table, column: column, query: "SELECT " + clickhouse.Quote(column) + " FROM " + clickhouse.Quote(table) + " LIMIT 1"}
}

// asks are what a role tries, which is less than all things by what the answer is known of: who may not count the rows of a table may read no
// column of it; and that those who may not read one of the views with long texts may not is tried of every other.
func (f *fortress) asks(role string, all []thing) (asks []thing) {
	readable := map[string]bool{}
	for _, w := range all {
		readable[w.table] = readable[w.table] || f.may(role, w)
	}
	shut := map[string]bool{}
	for i, w := range all {
		switch {
		case readable[w.table] || w.column == "*" && (!w.long || i%2 == 0):
			asks = append(asks, w)
		case w.column != "*" && !shut[w.table]:
			shut[w.table] = true
			asks = append(asks, thing{table: w.table, query: "SELECT count() FROM " + clickhouse.Quote(w.table)})
		}
	}
	return asks
}

var under = regexp.MustCompile(`FROM (?:\w+\.)?(\w+)\(`)

// base is the view that an analyst's view is made of.
func base(made string) string {
	if found := under.FindStringSubmatch(made); found != nil {
		return found[1]
	}
	return ""
}

// long is from which length of its text on the database takes as long to understand a view as to answer from it.
const long = 9000

// may is what the policy file says of it.
func (f *fortress) may(role string, w thing) bool {
	table, ours := f.rights.Policy.Tables[w.table]
	switch role {
	case roles.Collector:
		return ours && slices.Contains(table.Collector, "select")
	case roles.Visitor:
		return strings.HasPrefix(w.table, "visitor_")
	case roles.Analyst:
		return strings.HasPrefix(w.table, "analyst_")
	}
	return strings.HasPrefix(w.table, role+"_") || ours && slices.Contains(table.Columns[w.column].Roles, role)
}

func TestEachRoleReadsWhatThePolicyGivesItAndNothingElse(t *testing.T) {
	f := newFortress(t, Config{})
	all := f.things(t)
	t.Run("columns", func(t *testing.T) { f.tryColumns(t, all) })
	t.Run("changes", f.tryChanges)
	t.Run("ways around", f.tryWaysAround)
	t.Run("small groups", f.trySmallGroups)
	t.Run("a file that was changed", f.tryAnotherFile)
	t.Run("what was changed by hand is told", f.tryDeviations)
}

func (f *fortress) tryColumns(t *testing.T, all []thing) {
	for _, role := range []string{roles.Collector, roles.Visitor, roles.Analyst, roles.Ops, roles.Security} {
		allowed, denied := 0, 0
		var mu sync.Mutex
		var trying sync.WaitGroup
		started := time.Now()
		asks := f.asks(role, all)
		for part := range slices.Chunk(asks, (len(asks)+1)/2) {
			trying.Go(func() {
				for _, w := range part {
					code := f.try(t, role, w.query)
					mu.Lock()
					switch code {
					case 0:
						allowed++
					case accessDenied:
						denied++
					default:
						t.Errorf("%s: %s: exception %d", role, w.query, code)
					}
					if (code == 0) != f.may(role, w) {
						t.Errorf("%s: %s.%s: exception %d, and the policy says %v", role, w.table, w.column, code, f.may(role, w))
					}
					mu.Unlock()
				}
			})
		}
		trying.Wait()
		t.Logf("%-9s %4d tried, %4d allowed, %4d denied in %v", role, len(asks), allowed, denied, time.Since(started).Round(time.Millisecond))
		if allowed == 0 || denied == 0 {
			t.Errorf("%s: %d allowed and %d denied: the test tells nothing", role, allowed, denied)
		}
	}
}

// tryChanges: of all tables, who may insert and delete.
func (f *fortress) tryChanges(t *testing.T) {
	for _, role := range []string{roles.Collector, roles.Visitor, roles.Analyst, roles.Ops, roles.Security} {
		tried, allowed := 0, 0
		for _, table := range slices.Sorted(maps.Keys(f.rights.Policy.Tables)) {
			rights := f.rights.Policy.Tables[table].Collector
			if role != roles.Collector {
				rights = nil
			}
			for statement, right := range map[string]string{
				"INSERT INTO %s SELECT * FROM %[1]s WHERE 0": "both",
				"ALTER TABLE %s DELETE WHERE 0":              "drop",
			} {
				may := slices.Contains(rights, right) || right == "both" && slices.Contains(rights, "insert") && slices.Contains(rights, "select")
				code := f.try(t, role, fmt.Sprintf(statement, table))
				tried++
				if code == 0 {
					allowed++
				}
				if (code == 0) != may {
					t.Errorf("%s: %s: exception %d, and the policy says %v", role, fmt.Sprintf(statement, table), code, may)
				}
			}
		}
		t.Logf("%-9s %4d changes tried, %d allowed", role, tried, allowed)
	}
	if code := f.try(t, roles.Collector, "INSERT INTO events (site, ts, id) SELECT 'a', toDateTime64('2026-11-22 08:00:00', 3, 'UTC'), 'x'"); code != 0 {
		t.Errorf("the collector cannot insert: exception %d", code)
	}
	var changes uint64
	if err := f.made.conn.QueryRow(t.Context(), "SELECT sum(changes) FROM window_changes WHERE site = 'a'").Scan(&changes); err != nil || changes != 1 {
		t.Errorf("the feed of changes saw %d of the collector's events: %v", changes, err)
	}
}

// tryWaysAround are other ways to rows than naming them.
func (f *fortress) tryWaysAround(t *testing.T) {
	parameters := asked["analyst"]
	for _, statement := range []string{
		"SELECT * FROM merge('mayak', '^events$')",
		"SELECT * FROM merge('mayak', '.*')",
		"SELECT * FROM view(SELECT visitor FROM events)",
		"SELECT * FROM viewIfPermitted(SELECT visitor FROM events ELSE null('visitor UInt64')) HAVING count() > 0",
		"SELECT * FROM mergeTreeIndex(mayak, events)",
		"SELECT * FROM mergeTreeProjection(mayak, events, x)",
		"SELECT * FROM url('http://127.0.0.1/', 'CSV', 'a String')",
		"SELECT * FROM file('/etc/hostname')",
		"SELECT * FROM remote('127.0.0.1', mayak, events)",
		"SELECT * FROM cluster('default', mayak, events)",
		"SELECT * FROM dictionary('x')",
		"SELECT joinGet('mayak.events', 'visitor', 1)",
		"SELECT * FROM analyst_pages" + parameters + " SETTINGS additional_table_filters = {'mayak.presence': 'visitor = 1'}",
		"SELECT * FROM analyst_pages" + parameters + " SETTINGS profile = 'default', additional_table_filters = {'mayak.presence': 'visitor = 1'}",
		"SELECT * FROM analyst_pages" + parameters + " SETTINGS max_memory_usage = 0",
		"SELECT 1 SETTINGS readonly = 0",
		"SELECT sleepEachRow(1) FROM numbers(100) SETTINGS max_execution_time = 3600",
		"SELECT throwIf(getSetting('readonly') = 2 AND getSetting('max_execution_time') = 60)", // so the limits hold
		"TRUNCATE TABLE events",
		"DROP TABLE events",
		"ALTER TABLE events ADD COLUMN mine UInt8",
		"RENAME TABLE events TO mine",
		"OPTIMIZE TABLE events",
		"SYSTEM STOP MERGES events",
		"GRANT SELECT ON events TO mayak_user_analyst",
		"CREATE TEMPORARY TABLE mine AS SELECT 1",
		"CREATE VIEW mine AS SELECT * FROM events",
		"CREATE VIEW mine SQL SECURITY NONE AS SELECT * FROM events",
		"CREATE OR REPLACE VIEW analyst_pages SQL SECURITY NONE AS SELECT * FROM events",
		"SET ROLE mayak_user_aggregator",
		"KILL QUERY WHERE 1",
	} {
		code := f.try(t, roles.Analyst, statement)
		if code == 0 && !strings.HasPrefix(statement, "SET ROLE") && !strings.HasPrefix(statement, "KILL") { // these have nothing to change
			t.Errorf("an analyst may: %s", statement)
		}
	}
	if code := f.try(t, roles.Analyst, "SELECT visitor FROM events"); code != accessDenied {
		t.Errorf("after all that, events: exception %d", code)
	}
	var tables []string
	if err := f.as(t, roles.Analyst).QueryRow(t.Context(), "SELECT groupUniqArray(table) FROM system.columns WHERE database = 'mayak' AND NOT startsWith(table, 'analyst_')").Scan(&tables); err != nil || len(tables) > 0 {
		t.Errorf("an analyst sees what there is: %v, %v", tables, err)
	}
}

// tryDeviations: the check is silent, until somebody changes the database.
func (f *fortress) tryDeviations(t *testing.T) {
	told := func() []string {
		t.Helper()
		all, notes, err := f.made.obedience.deviations(t.Context())
		if err != nil || len(notes) > 0 {
			t.Fatal(notes, err)
		}
		return all
	}
	if all := told(); len(all) > 0 {
		t.Fatalf("the database that was just made deviates: %q", all)
	}
	for _, statement := range []string{
		"ALTER TABLE network_log MODIFY TTL toDateTime(ts) + INTERVAL 300 DAY",
		"ALTER TABLE events MODIFY COLUMN click_id REMOVE TTL",
		"ALTER TABLE events ADD COLUMN shoe_size UInt8",
		"CREATE OR REPLACE VIEW analyst_pages SQL SECURITY NONE AS SELECT * FROM events",
	} {
		if err := f.made.conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	f.made.obedience.rights.Policy.Tables["network_log"].Columns["address"] = policy.Column{Roles: []string{"security"}}
	want := []string{
		"column events.shoe_size is stored, and the policy does not name it",
		"column events.click_id: the TTL of the policy is toDateTime(ts) + toIntervalDay(180), that of the database is none",
		"table network_log: the TTL of the policy is toDateTime(ts) + toIntervalDay(30), that of the database is toDateTime(ts) + toIntervalDay(300)",
		"role ops: the database grants SELECT(address) on network_log, the policy does not",
		"view analyst_pages is not what the policy makes of it",
	}
	if diff := cmp.Diff(want, told()); diff != "" {
		t.Errorf("deviations: %s", diff)
	}
	if err := f.made.prepare(t.Context()); !errors.Is(err, errUnnamed) || !strings.Contains(err.Error(), "events.shoe_size") {
		t.Errorf("a column that the policy does not name: start = %v", err)
	}
}
