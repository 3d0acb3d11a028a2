package clickhousetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"mayak/schema/embedded"
)

// Process is an engine in a process of its own, which a test may kill.
type Process struct {
	Addr string // host and port of ClickHouse's HTTP interface; stays the same over restarts
	Dir  string // data directory

	command *exec.Cmd
	stdin   io.Closer
}

// StartProcess starts an engine on a data directory and stops it when the test ends. Further settings are given as
// environment, like "MAYAK_ENGINE_MEMORY=512MiB".
func StartProcess(tb testing.TB, dir string, environment ...string) *Process {
	tb.Helper()
	process, err := launch(dir, "127.0.0.1:0", environment...)
	if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
		tb.Skip(err)
	} else if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(process.Kill)
	return process
}

// DSN is what clickhouse.ParseDSN takes, without a database.
func (p *Process) DSN() string { return "http://" + p.Addr }

// PID is the engine's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Kill ends the engine as a crash does: at once, with nothing written.
func (p *Process) Kill() {
	_ = p.command.Process.Kill() // it may have ended by itself
	_ = p.command.Wait()         // says only that it was killed
	_ = p.stdin.Close()          // the process is gone
}

// Stop ends the engine as an operator does, and tells how it ended.
func (p *Process) Stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the engine: %w", err)
	}
	err := p.command.Wait()
	_ = p.stdin.Close() // the process is gone
	if err != nil {
		return fmt.Errorf("the engine did not stop cleanly: %w", err)
	}
	return nil
}

// Restart starts an engine that was stopped or killed again, on the same directory and address.
func (p *Process) Restart() error {
	again, err := launch(p.Dir, p.Addr, p.command.Env...)
	if err != nil {
		return err
	}
	*p = *again
	return nil
}

// launch starts an engine and waits until it answers. The engine ends with this process, because its standard input does.
func launch(dir, listen string, environment ...string) (*Process, error) {
	if _, err := embedded.Locate(os.Getenv); err != nil {
		return nil, err
	}
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	logName := filepath.Join(dir, "engine.log")
	log, err := os.Create(logName)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()                                                                               // the engine has its own handle
	command := exec.CommandContext(context.Background(), binary, "--stop-at-eof", "--data", dir, "--listen", listen) //nolint:gosec // built from this source
	command.Env = append(os.Environ(), environment...)
	command.Stderr = log
	command.Stdout = log
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	process := &Process{Dir: dir, command: command, stdin: stdin}
	if process.Addr, err = awaitReady(logName); err != nil {
		process.Kill()
		return nil, err
	}
	return process, nil
}

// awaitReady waits until an engine tells its address in its log and answers there. It is another process: there is nothing
// to wait on but what it does.
func awaitReady(logName string) (address string, err error) {
	ready := regexp.MustCompile(`msg="engine ready" address=(\S+)`)
	var text []byte
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if text, err = os.ReadFile(logName); err != nil {
			return "", err
		}
		if bytes.HasPrefix(text, []byte("engine: ")) || bytes.Contains(text, []byte("\nengine: ")) {
			return "", fmt.Errorf("the engine did not start: %s", bytes.TrimSpace(text))
		}
		if found := ready.FindSubmatch(text); found != nil {
			return string(found[1]), ping(string(found[1]))
		}
	}
	return "", fmt.Errorf("the engine was not ready within a minute: %s", text)
}

func ping(address string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+address+"/ping", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// Binary gives the engine's program: what MAYAK_TEST_ENGINE names, otherwise one built from this source. Go's own cache makes
// that quick, and a lock keeps the test binaries of one run from building it all at once.
func Binary() (string, error) {
	if given := os.Getenv("MAYAK_TEST_ENGINE"); given != "" {
		return given, nil
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("mayak-test-engine-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("lock the engine's build: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end unlocks too
	binary := filepath.Join(dir, "engine")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "mayak/schema/embedded/engine") //nolint:gosec // fixed but for a directory of ours
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the engine: %w: %s", err, output)
	}
	return binary, nil
}

const sweepPattern = "mayak-clickhousetest-*"

// sweep removes the directories of engines that have ended: nobody was left to do it then.
func sweep() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), sweepPattern)) // a fixed pattern has no error
	for _, dir := range old {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute { // a young one may not be locked yet
			continue
		}
		lock := flock.New(filepath.Join(dir, "lock"))
		if free, err := lock.TryLock(); err != nil || !free {
			continue
		}
		_ = os.RemoveAll(dir) // the next sweep tries again
		_ = lock.Unlock()     // its file is gone
	}
}
