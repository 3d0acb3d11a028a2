package clickhousetest_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse/clickhousetest"
)

func TestTwoDatabasesAreSeparate(t *testing.T) {
	ctx := context.Background()
	one, two := clickhousetest.New(t), clickhousetest.New(t)
	for _, db := range []*clickhousetest.DB{one, two} {
		conn := db.Conn(t)
		if err := conn.Exec(ctx, "CREATE TABLE rows (name String) ENGINE = MergeTree ORDER BY name"); err != nil {
			t.Fatal(err)
		}
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO rows")
		if err != nil {
			t.Fatal(err)
		}
		if err := batch.Append(db.Name); err != nil {
			t.Fatal(err)
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
	}
	for _, db := range []*clickhousetest.DB{one, two} {
		var got []string
		if err := db.Conn(t).QueryRow(ctx, "SELECT groupArray(name) FROM rows").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{db.Name}, got); diff != "" {
			t.Errorf("rows of %s (-want +got):\n%s", db.Name, diff)
		}
	}
}
