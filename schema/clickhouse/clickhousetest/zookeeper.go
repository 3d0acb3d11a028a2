package clickhousetest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// zooKeeper is where Debian's package has it.
const zooKeeper = "/usr/share/java/zookeeper.jar"

// StartZooKeeper starts a ZooKeeper, which replicated tables need, and stops it when the test ends. Without one the test is skipped.
func StartZooKeeper(tb testing.TB) (host, port string) {
	tb.Helper()
	java, err := exec.LookPath("java")
	if _, missing := os.Stat(zooKeeper); err != nil || missing != nil {
		tb.Skip("ZooKeeper is not installed (apt-get install zookeeper): replicated tables are not tried")
	}
	address := FreeAddress(tb)
	host, port, _ = net.SplitHostPort(address) // of a listener of ours
	dir := tb.TempDir()
	config := filepath.Join(dir, "zoo.cfg")
	text := fmt.Sprintf("tickTime=2000\ndataDir=%s/data\nclientPort=%s\nclientPortAddress=%s\nadmin.enableServer=false\n4lw.commands.whitelist=srvr\n", dir, port, host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	command := exec.CommandContext(context.Background(), java, "-Xmx128m", "-cp", zooKeeper, "org.apache.zookeeper.server.ZooKeeperServerMain", config) //nolint:gosec // a test's own file
	Start(tb, command, address)
	for range 1000 { // it listens before it serves, and then cuts off who asks; each try takes its time
		if serves(tb.Context(), address) {
			return host, port
		}
		<-time.After(20 * time.Millisecond) // it is another process: there is nothing to wait on but what it does
	}
	tb.Fatal("ZooKeeper does not serve")
	return "", ""
}

func serves(ctx context.Context, address string) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()               // it was only asked
	_ = conn.SetDeadline(time.Now().Add(time.Second)) // it may take the question and never answer
	if _, err := conn.Write([]byte("srvr")); err != nil {
		return false
	}
	answer, err := io.ReadAll(conn)
	return err == nil && strings.Contains(string(answer), "Mode:")
}

// Start starts another program, waits until it listens, and kills it when the test ends or when the function that it returns is called.
func Start(tb testing.TB, command *exec.Cmd, address string) (kill func()) {
	tb.Helper()
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	kill = func() {
		_ = command.Process.Kill() // it may have ended by itself
		ended <- <-ended           // for whoever asks next
	}
	tb.Cleanup(func() {
		kill()
		if tb.Failed() {
			tb.Logf("%s said: %s", command.Path, said.String())
		}
	})
	late := time.After(time.Minute)
	for {
		select {
		case <-late:
			tb.Fatalf("%s does not listen", command.Path)
		case err := <-ended:
			ended <- err
			tb.Fatalf("%s ended: %v: %s", command.Path, err, said.String())
		case <-time.After(20 * time.Millisecond): // it is another process: there is nothing to wait on but what it does
		}
		if conn, err := new(net.Dialer).DialContext(tb.Context(), "tcp", address); err == nil {
			_ = conn.Close() // it was only asked whether somebody is there
			return kill
		}
	}
}

// FreeAddress is one on loopback that nobody listens on. Somebody else may take it first; tests here have nobody who would.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // it took nothing
	return listener.Addr().String()
}
