package roles_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/policy"
	"mayak/schema/roles"
)

func options(t *testing.T) *roles.Options {
	t.Helper()
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &roles.Options{Policy: rules, Database: "mayak"}
}

// The embedded engine cannot make roles, but its parser is a server's.
func TestAServerUnderstandsEachStatement(t *testing.T) {
	conn := clickhousetest.New(t).Conn(t)
	for _, cluster := range []string{"", "main"} {
		o := options(t)
		o.Cluster = "main"
		if cluster == "" {
			o.Cluster = ""
		}
		kinds := map[string]int{}
		for _, statement := range o.SQL() {
			var formatted string
			if err := conn.QueryRow(t.Context(), "SELECT formatQuerySingleLine(?)", statement).Scan(&formatted); err != nil {
				t.Errorf("%s: %v", statement, err)
			}
			if cluster != "" && !strings.Contains(formatted, "ON CLUSTER") {
				t.Errorf("only one node is told: %s", statement)
			}
			for _, kind := range []string{"CREATE ROLE", "REVOKE", "GRANT", "CREATE SETTINGS PROFILE", "CREATE QUOTA", "CREATE ROW POLICY"} {
				if strings.HasPrefix(statement, kind) {
					kinds[kind]++
				}
			}
		}
		for _, kind := range []string{"CREATE ROLE", "REVOKE", "GRANT", "CREATE SETTINGS PROFILE", "CREATE QUOTA", "CREATE ROW POLICY"} {
			if kinds[kind] == 0 {
				t.Errorf("no %s among the statements", kind)
			}
		}
	}
}

func TestTheGrantsFollowThePolicyFile(t *testing.T) {
	o := options(t)
	granted := func(role string) string {
		var all []string
		for _, statement := range o.SQL() {
			if strings.HasPrefix(statement, "GRANT") && strings.HasSuffix(statement, " TO mayak_"+role) {
				all = append(all, statement)
			}
		}
		return strings.Join(all, "\n")
	}
	if got := granted("ops"); !strings.Contains(got, "`error_stack`") || !strings.Contains(got, "`address`") {
		t.Errorf("ops: %s", got)
	}
	if got := granted("security"); strings.Contains(got, "`error_stack`") || strings.Contains(got, "`title`") {
		t.Errorf("security reads what the policy gives to others: %s", got)
	}
	if got, want := granted("analyst"), "GRANT SELECT ON `mayak`.analyst_* TO mayak_analyst"; got != want {
		t.Errorf("analyst: %s", got)
	}
	column := o.Policy.Tables["network_log"].Columns["address"]
	column.Roles = nil
	o.Policy.Tables["network_log"].Columns["address"] = column
	if got := granted("ops"); strings.Contains(got, "`address`") {
		t.Errorf("ops reads the address still: %s", got)
	}
	want := []string{"id", "site", "ts", "user_agent"}
	if diff := cmp.Diff(want, o.Readable(roles.Ops, "network_log")); diff != "" {
		t.Error(diff)
	}
}

func TestPasswordsAreMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwords")
	first, err := roles.Passwords(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := roles.Passwords(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("other passwords: %s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	seen := map[string]bool{}
	users := string(options(t).UsersFile(first))
	for _, role := range roles.All() {
		if len(first[role]) < 30 || seen[first[role]] || strings.Contains(users, first[role]) {
			t.Errorf("password of %s: short, not its own, or in the users file", role)
		}
		seen[first[role]] = true
	}
	if err := os.WriteFile(path, []byte("collector secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := roles.Passwords(path); err == nil || !strings.Contains(err.Error(), "no line for visitor") {
		t.Errorf("a file without all roles: %v", err)
	}
}
