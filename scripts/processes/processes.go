// Package processes runs engine and collector as what they are, processes of their own, so that a proof can kill them,
// stop them and start them again on the same data.
//
// The programs are built from this source. Everything that a Service writes stands below the folder that it was given,
// its log included. A Service is used by one goroutine at a time.
package processes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Spec says what a Service is.
type Spec struct {
	Name    string
	Program string
	Args    []string
	Env     []string // its settings; no other MAYAK_ variable of this process reaches it, but for where the engine's library is
	Ready   string   // address that answers 200 once the service can do its work
	Log     string   // file that its output is appended to
}

// Service is one program that can be started again and again with the same settings.
type Service struct {
	Spec    Spec     // what is changed counts from the next start
	process *process // nil while it is not running
}

// New makes a Service that does not run yet.
func New(s Spec) *Service { return &Service{Spec: s} }

// Name is what the service is called.
func (s *Service) Name() string { return s.Spec.Name }

// PID is the process that was started last. Call it only after Start.
func (s *Service) PID() int { return s.process.command.Process.Pid }

// Ended is closed when the process that was started last has ended. Call it only after Start.
func (s *Service) Ended() <-chan struct{} { return s.process.ended }

// process is one run of a service.
type process struct {
	command *exec.Cmd
	stdin   io.Closer
	ended   chan struct{}
	err     error // how it ended, once ended is closed
}

// Start starts the service and does not wait until it can do its work.
func (s *Service) Start() error {
	log, err := os.OpenFile(s.Spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log of %s: %w", s.Spec.Name, err)
	}
	defer func() { _ = log.Close() }()                      // the process has its own handle
	command := exec.Command(s.Spec.Program, s.Spec.Args...) //nolint:noctx // Kill and Stop end it
	command.Env = append(cleanEnviron(), s.Spec.Env...)
	command.Stdout, command.Stderr = log, log
	// A group of its own: an interrupt from the terminal is for whoever started the service, which stops it in order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := command.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Spec.Name, err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.Spec.Name, err)
	}
	p := &process{command: command, stdin: stdin, ended: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		close(p.ended)
	}()
	s.process = p
	return nil
}

// readyTimeout is the longest that a service may take to start, also if whoever waits would wait for ever.
const readyTimeout = 2 * time.Minute

// AwaitReady waits until the service says that it can do its work, or says what it says instead.
func (s *Service) AwaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	var said string
	err := Poll(ctx, func() (bool, error) {
		select {
		case <-s.process.ended:
			return false, fmt.Errorf("it ended: %w\n%s", s.process.err, s.lastLines())
		default:
			ready, answer := answers(ctx, s.Spec.Ready)
			if answer != "" {
				said = answer
			}
			return ready, nil
		}
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("start %s: it is not ready in time: %q\n%s", s.Spec.Name, said, s.lastLines())
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Spec.Name, err)
	}
	return nil
}

// Run starts the service and waits until it can do its work.
func (s *Service) Run(ctx context.Context) error {
	if err := s.Start(); err != nil {
		return err
	}
	return s.AwaitReady(ctx)
}

// Kill ends the service at once, as a power cut does, and returns when it is gone. It may be gone already.
func (s *Service) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.command.Process.Kill() // it may have ended by itself
	<-s.process.ended
	_ = s.process.stdin.Close() // nobody reads it any more
	s.process = nil
}

// Stop ends the service as an operator does. An error means that it did not stop well, or not in time; it is gone then too.
func (s *Service) Stop(ctx context.Context) error {
	defer s.Kill()
	if err := s.process.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", s.Spec.Name, err)
	}
	select {
	case <-s.process.ended:
		if s.process.err != nil {
			return fmt.Errorf("stop %s: %w\n%s", s.Spec.Name, s.process.err, s.lastLines())
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop %s: %w\n%s", s.Spec.Name, ctx.Err(), s.lastLines())
	}
}

// Log is everything that the service has written.
func (s *Service) Log() string {
	text, err := os.ReadFile(s.Spec.Log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *Service) lastLines() string {
	lines := strings.Split(strings.TrimSpace(s.Log()), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// Poll asks again and again until the answer is yes or an error. Other processes cannot be waited on in a better way.
func Poll(ctx context.Context, ask func() (bool, error)) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// answers tells whether the address answers 200, and what else it says.
func answers(ctx context.Context, address string) (ready bool, said string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false, err.Error()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, ""
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10)) // what is there is enough to know more
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK, strings.TrimSpace(string(body))
}

// cleanEnviron is the environment without the settings of somebody else's Mayak; where the engine's library is stays.
func cleanEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "MAYAK_") &&
			!strings.HasPrefix(variable, "MAYAK_ENGINE_LIBRARY=") && !strings.HasPrefix(variable, "MAYAK_CACHE=")
	})
}

// FreeAddress is an address that nobody listens on now. It lies below the ports that the system gives to clients, so that
// no client's connection can take it while the service that it is for is down.
func FreeAddress() (string, error) {
	for range 100 {
		listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 20_000 + rand.IntN(10_000)})
		if err == nil {
			return listener.Addr().String(), listener.Close()
		}
	}
	return "", errors.New("find a free port: none of a hundred was")
}

// Programs are the programs, built.
type Programs struct{ dir string }

// Build builds the programs into a folder below dir, unless MAYAK_TEST_PROGRAMS names one that has them: Go's own cache
// makes compiling quick, but not linking.
func Build(ctx context.Context, dir string) (Programs, error) {
	if given := os.Getenv("MAYAK_TEST_PROGRAMS"); given != "" {
		return Programs{dir: given}, nil
	}
	p := Programs{dir: filepath.Join(dir, "programs")}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return p, fmt.Errorf("build: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", p.dir, "mayak/collector", "mayak/aggregator", "mayak/schema/embedded/engine")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return p, fmt.Errorf("build: %w\n%s", err, output)
	}
	return p, nil
}

func (p Programs) path(name string) string { return filepath.Join(p.dir, name) }
