package clickhousetest_test

import (
	"context"
	"strings"
	"testing"

	"mayak/schema/clickhouse/clickhousetest"
)

func TestGivenServerIsUsedAndLeftClean(t *testing.T) {
	process := clickhousetest.StartProcess(t, t.TempDir(), "MAYAK_ENGINE_PASSWORD=word")
	server := strings.Replace(process.DSN(), "http://", "http://default:word@", 1)
	t.Setenv("MAYAK_TEST_DSN", server)
	var made string
	t.Run("uses it", func(t *testing.T) {
		db := clickhousetest.New(t)
		made = db.Name
		var current string
		if err := db.Conn(t).QueryRow(context.Background(), "SELECT currentDatabase()").Scan(&current); err != nil || current != made {
			t.Errorf("current database %q, %v, want %q", current, err, made)
		}
	})
	t.Run("leaves nothing", func(t *testing.T) {
		var left []string
		if err := clickhousetest.New(t).Conn(t).QueryRow(context.Background(), "SELECT groupArray(name) FROM system.databases").Scan(&left); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(left, " "), made) {
			t.Errorf("databases %q", left)
		}
	})
}
