package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/clickhouse"
)

// A real server, where one is installed. Debian's is of 2018: it stands for connecting, not for our schema.
func TestARealServerTakesConnectionsOverTheNativeProtocol(t *testing.T) {
	ours := newAuthority(t)
	plain, secure := startServer(t, ours)
	for _, dsn := range []string{
		"clickhouse://mayak@" + plain + "/default",
		"clickhouse://mayak@" + closed(t) + "," + plain + "/default",
		"clickhouse://mayak@" + silent(t) + "," + plain + "/default",
	} {
		if err := ask(t, clickhouse.Options{DSN: dsn, Password: "right"}); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
	}
	dsn := "clickhouse://mayak:hush@" + secure + "/default?secure=true"
	if err := ask(t, clickhouse.Options{DSN: dsn, Password: "right", CAFile: ours.File}); err != nil {
		t.Errorf("with TLS: %v", err)
	}
	if err := ask(t, clickhouse.Options{DSN: dsn, Password: "right"}); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("with TLS, authority unknown: %v", err)
	}
	err := ask(t, clickhouse.Options{DSN: dsn, CAFile: ours.File})
	if exception := (*driver.Exception)(nil); !errors.As(err, &exception) || strings.Contains(err.Error(), "hush") {
		t.Errorf("with a wrong password: %v", err)
	}
}

// startServer starts clickhouse-server on loopback with a plain and an encrypted port.
func startServer(t *testing.T, authority *authority) (plain, secure string) {
	t.Helper()
	binary, err := exec.LookPath("clickhouse-server")
	if err != nil {
		t.Skip("clickhouse-server is not installed: connecting to a real server over the native protocol is not tried")
	}
	dir := t.TempDir()
	plain, secure = closed(t), closed(t)
	certificate, key := authority.files(t)
	text := fmt.Sprintf(`<yandex>
		<logger><level>error</level><console>1</console><log>%[1]s/log</log><errorlog>%[1]s/errors</errorlog></logger>
		<listen_host>127.0.0.1</listen_host><tcp_port>%[2]s</tcp_port><tcp_port_secure>%[3]s</tcp_port_secure>
		<openSSL><server><certificateFile>%[4]s</certificateFile><privateKeyFile>%[5]s</privateKeyFile><verificationMode>none</verificationMode></server></openSSL>
		<path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><users_config>%[1]s/config.xml</users_config>
		<default_profile>default</default_profile><default_database>default</default_database><mark_cache_size>5368709120</mark_cache_size>
		<profiles><default/></profiles><quotas><default/></quotas>
		<users><mayak><password>right</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></mayak></users>
	</yandex>`, dir, port(plain), port(secure), certificate, key)
	config := filepath.Join(dir, "config.xml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(context.Background(), binary, "--config-file="+config)
	command.Dir = dir
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() { _ = command.Process.Kill(); <-ended }) // it may have ended by itself
	late := time.After(30 * time.Second)
	for {
		select {
		case <-late:
			t.Fatal("clickhouse-server does not listen")
		case err := <-ended:
			ended <- err
			t.Fatalf("clickhouse-server ended: %v: %s", err, said.String())
		case <-time.After(20 * time.Millisecond): // it is another process: there is nothing to wait on but what it does
		}
		if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", secure); err == nil {
			_ = conn.Close() // it was only asked whether somebody is there
			return plain, secure
		}
	}
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address) // of a listener of ours
	return port
}
