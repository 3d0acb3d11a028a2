package cluster_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/schema"
	"mayak/schema/cluster"
)

var update = flag.Bool("update", false, "write the golden files anew")

const name = cluster.Name("cyan")

// The rule that every migration file keeps: whatever it holds has a form on a cluster.
func TestEveryMigrationHasAFormOnACluster(t *testing.T) {
	files, err := fs.Glob(schema.Migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	made := map[string]bool{"migrations": true} // migrate makes this one
	for _, file := range files {
		text, err := schema.Migrations.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		worded, err := name.Migration("mayak", string(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if !strings.HasPrefix(worded, "-- +goose Up\n") && err == nil {
			t.Errorf("%s: no longer a migration", file)
		}
		for _, found := range regexp.MustCompile(`CREATE TABLE IF NOT EXISTS (\w+)\n`).FindAllStringSubmatch(string(text), -1) {
			made[found[1]] = true
		}
		if plain, err := cluster.Name("").Migration("mayak", string(text)); err != nil || plain != string(text) {
			t.Errorf("%s: on a single server it is not run as it is: %v", file, err)
		}
	}
	for table := range cluster.Placements() {
		if !made[table] {
			t.Errorf("placement.go places %s, which no migration makes", table)
		}
	}
}

func TestStatementsAreWordedForACluster(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "plain.sql"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := name.Migration("mayak", string(text))
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "cluster.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatHasNoFormOnAClusterIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a table that nobody placed", "CREATE TABLE IF NOT EXISTS unheard\n(\n x Int8\n)\nENGINE = MergeTree\nORDER BY x;", "placement.go"},
		{"an engine in the middle of a line", "CREATE TABLE IF NOT EXISTS events (x Int8) ENGINE = MergeTree\nORDER BY x;", "on a line of its own"},
		{"an engine that cannot be replicated", "CREATE TABLE IF NOT EXISTS events\n(\n x Int8\n)\nENGINE = Memory;", "MergeTree"},
		{"a table made without asking whether it is there", "CREATE TABLE events\n(\n x Int8\n)\nENGINE = MergeTree\nORDER BY x;", "IF NOT EXISTS"},
		{"a view that keeps its rows itself", "CREATE MATERIALIZED VIEW IF NOT EXISTS v\nENGINE = MergeTree ORDER BY x AS SELECT x FROM events;", "TO table"},
		{"a view that joins", "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO events AS\nSELECT x FROM events JOIN salts USING x;", "one FROM"},
		{"rows", "INSERT INTO salts VALUES (1);", "may hold"},
		{"a deletion", "ALTER TABLE events DELETE WHERE 1;", "may hold"},
		{"columns and settings in one statement", "ALTER TABLE events ADD COLUMN a Int8,\nMODIFY SETTING x = 1;", "one kind"},
		{"a statement without an end", "SELECT 1", "ends with ;"},
		{"goose's own blocks", "-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd", "StatementBegin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := name.Migration("mayak", "-- +goose Up\n"+tt.text+"\n")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one about %q", err, tt.want)
			}
			if tt.want != "placement.go" && !errors.Is(err, cluster.ErrShape) {
				t.Errorf("%v does not list what a migration may hold", err)
			}
		})
	}
}

func TestStoredRowsAreNamedWhereTheyAre(t *testing.T) {
	for _, tt := range []struct {
		cluster       cluster.Name
		table         string
		local, stored string
	}{
		{"", "events", "events", "events"},
		{"", "salts", "salts", "salts"},
		{"cyan", "events", "events_local", "events_local ON CLUSTER `cyan`"},
		{"cyan", "salts", "salts", "salts"},
	} {
		if local, stored := tt.cluster.Local(tt.table), tt.cluster.Stored(tt.table); local != tt.local || stored != tt.stored {
			t.Errorf("cluster %q: %s is stored in %q, changed as %q; want %q, %q", tt.cluster, tt.table, local, stored, tt.local, tt.stored)
		}
	}
}

func TestANameThatNoClusterCanHaveIsRefused(t *testing.T) {
	for _, good := range []cluster.Name{"", "cyan", "shop_2-a"} {
		if err := good.Check(); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []cluster.Name{"a b", "x`y", "'", "2x", "{cluster}"} {
		if bad.Check() == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
