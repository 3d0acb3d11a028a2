package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mayak/schema/embedded"
	"mayak/scripts/processes"
)

// stack is what `make run` starts: the run program with engine, aggregator, collector and the demo site, all of them
// processes of their own on ports and in folders of their own.
type stack struct {
	programs, data, log string

	demo, collector, engine, reports string   // host:port
	services                         string   // folder of the services' programs
	env                              []string // settings

	patience time.Duration // with its start

	command *exec.Cmd
	ended   chan struct{}
	err     error // how the program ended, once ended is closed
}

// greeting is the end of what the run program prints when everything works.
const greeting = "Ctrl-C stops everything"

// newStack builds the programs, and more of them if they are named, and finds free ports. Without the engine's library the test is
// skipped, or failed where CI is set.
func newStack(t *testing.T, more ...string) *stack {
	t.Helper()
	if _, err := embedded.Locate(os.Getenv); errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &stack{programs: filepath.Join(dir, "programs"), data: filepath.Join(dir, "data"), log: filepath.Join(dir, "run.log"), patience: time.Minute}
	build := exec.Command("go", "build", "-o", s.programs+"/", "mayak/scripts/run")
	services := s.programs
	if given := os.Getenv("MAYAK_TEST_PROGRAMS"); given != "" && len(more) == 0 { // somebody has just built them
		services = given
	} else {
		build.Args = append(append(build.Args, more...), "mayak/collector", "mayak/aggregator", "mayak/schema/embedded/engine")
	}
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	s.services = services
	var admin, aggregator string
	for _, address := range []*string{&s.demo, &s.collector, &s.engine, &s.reports, &admin, &aggregator} {
		var err error
		if *address, err = processes.FreeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	sites := filepath.Join(dir, "sites.yaml")
	if err := os.WriteFile(sites, []byte(sitesFile(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"MAYAK_DATA=" + s.data, "MAYAK_RUN_PROGRAMS=" + services, "MAYAK_RUN_DEMO_LISTEN=" + s.demo,
		"MAYAK_COLLECTOR_LISTEN=" + s.collector, "MAYAK_COLLECTOR_ADMIN_LISTEN=" + admin,
		"MAYAK_AGGREGATOR_ADMIN_LISTEN=" + aggregator, "MAYAK_AGGREGATOR_LISTEN=" + s.reports, "MAYAK_ENGINE_LISTEN=" + s.engine, "MAYAK_COLLECTOR_SITES=" + sites,
		"MAYAK_COLLECTOR_TRUSTED_PROXIES=127.0.0.1", // so that a hit can come from another address than this machine's
	}
	return s
}

// sitesFile is the demo's own, and a site that takes the browser's signals for a refusal.
func sitesFile(t *testing.T) string {
	t.Helper()
	own, err := os.ReadFile("../run/sites.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(own) + `
  - id: refusing
    hostnames: [localhost]
    time_zone: Asia/Almaty
    gpc: refuse
    dnt: refuse
  - id: failing
    hostnames: [failing.test]
    time_zone: Asia/Almaty
`
}

// start runs the program until the test ends, and returns when it has greeted.
func (s *stack) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.command = exec.Command(filepath.Join(s.programs, "run"))
	s.command.Env = append(withoutSettings(os.Environ()), s.env...)
	s.command.Stdout, s.command.Stderr = log, log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	s.ended = ended
	go func() {
		s.err = s.command.Wait()
		close(ended)
	}()
	t.Cleanup(func() { s.kill(t) })
	s.awaitOutput(t, greeting)
}

// withoutSettings is environ without the settings of somebody else's Mayak; where the engine's library is stays.
func withoutSettings(environ []string) []string {
	var kept []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "MAYAK_") || name == "MAYAK_ENGINE_LIBRARY" || name == "MAYAK_CACHE" {
			kept = append(kept, variable)
		}
	}
	return kept
}

// awaitOutput waits until the program has printed text.
func (s *stack) awaitOutput(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.patience)
	defer cancel()
	err := processes.Poll(ctx, func() (bool, error) {
		select {
		case <-s.ended:
			return false, fmt.Errorf("it ended: %w", s.err)
		default:
			return strings.Contains(s.output(t), text), nil
		}
	})
	if err != nil {
		t.Fatalf("wait until run prints %q: %v\n%s", text, err, s.output(t))
	}
}

func (s *stack) output(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// interrupt is Ctrl-C. It returns when the program has ended, which may take as long as patience.
func (s *stack) interrupt(t *testing.T, patience time.Duration) error {
	t.Helper()
	if err := s.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
		return s.err
	case <-time.After(patience):
		return fmt.Errorf("it still runs %v after the interrupt", patience)
	}
}

// kill ends whatever of the stack still runs, for a test that failed in between.
func (s *stack) kill(t *testing.T) {
	t.Helper()
	select {
	case <-s.ended:
		return
	default:
	}
	children := s.children(t)
	if s.interrupt(t, 15*time.Second) == nil {
		return
	}
	_ = s.command.Process.Kill() // it may have ended by itself
	for _, child := range children {
		_ = syscall.Kill(child.pid, syscall.SIGKILL)
	}
	<-s.ended
}

// child is a process that the run program has started.
type child struct {
	pid  int
	args []string
}

// children lists them, as the system knows them.
func (s *stack) children(t *testing.T) []child {
	t.Helper()
	if runtime.GOOS != "linux" {
		return nil
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []child
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (name) state parent …
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(s.command.Process.Pid) {
			continue
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, child{pid, strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")})
	}
	return found
}

// service is the process of the program that is called name. Its parent is not told of what is done to it.
func (s *stack) service(t *testing.T, name string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("finding another program's processes needs Linux's /proc")
	}
	for _, child := range s.children(t) {
		if filepath.Base(child.args[0]) == name && !slices.Contains(child.args, "explain") { // the demo asks another collector
			return child.pid
		}
	}
	t.Fatalf("run has no process called %s: %v", name, s.children(t))
	return 0
}

// signal tells the process something.
func signal(t *testing.T, pid int, what syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, what); err != nil {
		t.Fatalf("signal %v: %v", what, err)
	}
}
