package clickhouse_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	driver "github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/clickhouse/nativetest"
)

// ask connects and asks for 1.
func ask(t *testing.T, o clickhouse.Options) error {
	t.Helper()
	conn, err := clickhouse.Open(o)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is left unsent
	if err := conn.Ping(t.Context()); err != nil {
		return err
	}
	var one uint8
	if err := conn.QueryRow(t.Context(), "SELECT 1").Scan(&one); err != nil {
		return err
	}
	if one != 1 {
		t.Errorf("SELECT 1 is %d", one)
	}
	return nil
}

// front puts a server, with TLS or without, before the embedded engine.
func front(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	target, err := url.Parse(clickhousetest.New(t).DSN)
	if err != nil {
		t.Fatal(err)
	}
	target.Path = ""
	server := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(target))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if server.TLS = config; config != nil {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestTLSTrustsTheGivenAuthority(t *testing.T) {
	ours := newAuthority(t)
	native := nativetest.Start(t, nativetest.Options{TLS: ours.server(t), Password: "hush"})
	https := front(t, ours.server(t))
	for _, dsn := range []string{
		"clickhouse://default:hush@" + native.Addr + "?secure=true",
		"clickhouse://default:hush@" + native.Addr, // a certificate file means TLS
		"https://" + https + "/default",
	} {
		if err := ask(t, clickhouse.Options{DSN: dsn, CAFile: ours.File}); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestTLSRefusesAStrangerAndTellsNoPassword(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	native := nativetest.Start(t, nativetest.Options{TLS: theirs.server(t), Password: "hush"})
	https := front(t, theirs.server(t))
	for _, o := range []clickhouse.Options{
		{DSN: "clickhouse://default:hush@" + native.Addr + "?secure=true"},
		{DSN: "clickhouse://default:hush@" + native.Addr + "?secure=true", CAFile: ours.File},
		{DSN: "https://default:hush@" + https + "/default"},
		{DSN: "https://" + https + "/default", CAFile: ours.File, Password: "hush"},
	} {
		err := ask(t, o)
		if unknown := (x509.UnknownAuthorityError{}); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
			t.Errorf("%s: %v", o.DSN, err)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	if n := native.Logins(); n != 0 {
		t.Errorf("%d logins at a server that is not trusted", n)
	}
}

// The driver greets a server over HTTP with a statement of its own, whose text is in no compressed frame.
func TestAServerIsGreetedWithoutTheSettingsOfTheStatementThatWaits(t *testing.T) {
	db := clickhousetest.New(t)
	if err := db.Conn(t).Exec(t.Context(), "CREATE TABLE numbers (n UInt8) ENGINE = Memory"); err != nil {
		t.Fatal(err)
	}
	frames := compress.NewWriter(compress.LevelZero, compress.LZ4)
	if err := frames.Compress([]byte("7\n")); err != nil {
		t.Fatal(err)
	}
	fresh, err := clickhouse.Open(clickhouse.Options{DSN: db.DSN})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fresh.Close() }() // nothing is left unsent
	ctx := driver.Context(t.Context(), driver.WithSettings(driver.Settings{"decompress": 1}))
	if err := fresh.InsertFormat(ctx, "TSV", "INSERT INTO numbers", bytes.NewReader(frames.Data)); err != nil {
		t.Fatalf("as the first statement: %v", err)
	}
	var n uint8
	if err := db.Conn(t).QueryRow(t.Context(), "SELECT n FROM numbers").Scan(&n); err != nil || n != 7 {
		t.Errorf("stored %d, %v", n, err)
	}
}

func TestACertificateFileForAnAddressWithoutTLSIsRefused(t *testing.T) {
	if _, err := clickhouse.Parse(clickhouse.Options{DSN: "http://h:8123", CAFile: newAuthority(t).File}); err == nil {
		t.Error("accepted: the operator would think that the connection is encrypted")
	}
}

func TestAWrongPasswordIsRefusedAndNotTold(t *testing.T) {
	native := nativetest.Start(t, nativetest.Options{User: "mayak", Password: "right"})
	engine := clickhousetest.StartProcess(t, t.TempDir(), "MAYAK_ENGINE_PASSWORD=right")
	for _, dsn := range []string{"clickhouse://mayak:hush@" + native.Addr, "http://default:hush@" + engine.Addr + "/default"} {
		err := ask(t, clickhouse.Options{DSN: dsn})
		if exception := (*driver.Exception)(nil); strings.HasPrefix(dsn, "clickhouse:") && (!errors.As(err, &exception) || exception.Code != 516) {
			t.Errorf("%s: %v, want code 516", dsn, err)
		}
		if err == nil || !strings.Contains(err.Error(), "Authentication failed") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", dsn, err)
		}
		if err := ask(t, clickhouse.Options{DSN: dsn, Password: "right"}); err != nil {
			t.Errorf("%s with the password of the options: %v", dsn, err)
		}
	}
	if n := native.Logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

// closed is an address that refuses, silent one that takes connections and never answers, as of a machine that hangs.
func closed(t *testing.T) (address string) {
	t.Helper()
	listener := listen(t)
	_ = listener.Close() // its address is what is wanted
	return listener.Addr().String()
}

func silent(t *testing.T) (address string) {
	t.Helper()
	listener := listen(t)
	t.Cleanup(func() { _ = listener.Close() }) // nothing hangs on it
	return listener.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func TestOfSeveralHostsOneThatAnswersIsFound(t *testing.T) {
	native, http := nativetest.Start(t, nativetest.Options{}).Addr, front(t, nil)
	refusing, hanging := closed(t), silent(t)
	for _, dsn := range []string{
		"clickhouse://" + refusing + "," + native,
		"clickhouse://" + native + "," + refusing,
		"clickhouse://" + refusing + "," + native + "?connection_open_strategy=round_robin",
		"clickhouse://" + hanging + "," + native,
		"http://" + refusing + "," + http + "/default",
		"http://" + hanging + "," + http + "/default",
	} {
		if err := ask(t, clickhouse.Options{DSN: dsn, DialTimeout: time.Second}); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestAConnectionInUseMovesToAnotherHostAndBack(t *testing.T) {
	first, second := nativetest.Start(t, nativetest.Options{}), nativetest.Start(t, nativetest.Options{})
	conn, err := clickhouse.Open(clickhouse.Options{DSN: "clickhouse://" + first.Addr + "," + second.Addr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // nothing is left unsent
	ping := func() {
		t.Helper()
		if err := conn.Ping(t.Context()); err != nil && conn.Ping(t.Context()) != nil { // a ping may meet the end of the connection
			t.Fatal(err)
		}
	}
	ping()
	first.GoAway()
	ping()
	if one, two := first.Logins(), second.Logins(); one != 1 || two != 1 {
		t.Fatalf("%d logins at the first host, %d at the second", one, two)
	}
	first.Return()
	second.GoAway()
	ping()
	if n := first.Logins(); n != 2 {
		t.Errorf("%d logins at the first host, want 2", n)
	}
}
