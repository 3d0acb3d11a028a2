package clickhouse_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/clickhouse"
)

func TestAddressesOfEveryKindAreUnderstood(t *testing.T) {
	for _, tt := range []struct {
		dsn      string
		protocol driver.Protocol
		hosts    []string
		database string
		tls      bool
	}{
		{"http://127.0.0.1:8123", driver.HTTP, []string{"127.0.0.1:8123"}, "mayak", false},
		{"http://127.0.0.1:8123/other", driver.HTTP, []string{"127.0.0.1:8123"}, "other", false},
		{"https://ch.example:8443/mayak", driver.HTTP, []string{"ch.example:8443"}, "mayak", true},
		{"clickhouse://u:p@a:9000,b:9000/x", driver.Native, []string{"a:9000", "b:9000"}, "x", false},
		{"clickhouse://u@a:9440/x?secure=true", driver.Native, []string{"a:9440"}, "x", true},
	} {
		got, err := clickhouse.Parse(clickhouse.Options{DSN: tt.dsn})
		if err != nil {
			t.Errorf("%s: %v", tt.dsn, err)
			continue
		}
		if got.Protocol != tt.protocol || !slices.Equal(got.Addr, tt.hosts) || got.Auth.Database != tt.database || (got.TLS != nil) != tt.tls {
			t.Errorf("%s: protocol %v, hosts %v, database %s, TLS %v", tt.dsn, got.Protocol, got.Addr, got.Auth.Database, got.TLS != nil)
		}
	}
}

func TestOptionsWinOverTheAddress(t *testing.T) {
	got, err := clickhouse.Parse(clickhouse.Options{DSN: "clickhouse://u:old@a:9000", Password: "new", DialTimeout: time.Second, Connections: 9})
	if err != nil {
		t.Fatal(err)
	}
	if got.Auth.Password != "new" || got.Auth.Username != "u" || got.DialTimeout != time.Second || got.MaxOpenConns != 9 {
		t.Errorf("got %q %q %v %d", got.Auth.Password, got.Auth.Username, got.DialTimeout, got.MaxOpenConns)
	}
}

func TestABadAddressIsRefusedAndItsPasswordNotTold(t *testing.T) {
	for _, dsn := range []string{"", "nonsense", "ftp://u:hush@h/x", "http://", "clickhouse://u:hush@h:9000/x?dial_timeout=soon", "http://u:hush@h:port/x"} {
		_, err := clickhouse.Parse(clickhouse.Options{DSN: dsn})
		if err == nil {
			t.Errorf("%q was accepted", dsn)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: the error tells the password: %v", dsn, err)
		}
	}
}

func TestACertificateFileMustHoldCertificates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, file + ".gone"} {
		if _, err := clickhouse.Parse(clickhouse.Options{DSN: "https://h:8443", CAFile: path}); err == nil {
			t.Errorf("%s was accepted", path)
		}
	}
}

func TestTextMakesAnyTextALiteral(t *testing.T) {
	for text, want := range map[string]string{"": "''", "a": "'a'", "a'b": `'a\'b'`, `a\`: `'a\\'`, `\'`: `'\\\''`} {
		if got := clickhouse.Text(text); got != want {
			t.Errorf("Text(%s) = %s, want %s", text, got, want)
		}
	}
}

func TestQuoteMakesAnyNameAnIdentifier(t *testing.T) {
	for name, want := range map[string]string{"a": "`a`", "a`b": "`a\\`b`", `a\b`: "`a\\\\b`"} {
		if got := clickhouse.Quote(name); got != want {
			t.Errorf("Quote(%s) = %s, want %s", name, got, want)
		}
	}
}
