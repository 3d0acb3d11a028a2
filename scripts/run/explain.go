package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"mayak/scripts/demo"
)

// explainer keeps a `collector explain` running and asks it line by line. It is started at the first question, and
// again after it has died. Safe for concurrent use.
type explainer struct {
	program string
	env     []string

	mu      sync.Mutex
	command *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
}

func newExplainer(program string, env []string) *explainer {
	return &explainer{program: program, env: env}
}

// ask returns what happened to what a browser said.
func (e *explainer) ask(raw demo.Raw) ([]demo.Note, error) {
	question, err := json.Marshal(ask(raw))
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.start(); err != nil {
		return nil, err
	}
	if _, err := e.stdin.Write(append(question, '\n')); err != nil {
		e.end()
		return nil, err
	}
	line, err := e.stdout.ReadBytes('\n')
	if err != nil {
		e.end()
		return nil, err
	}
	var answer struct {
		Notes []demo.Note `json:"notes"`
		Error string      `json:"error"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("collector explain: %s", answer.Error)
	}
	return answer.Notes, nil
}

// ask is the line for collector explain.
func ask(raw demo.Raw) map[string]any {
	headers := map[string]string{}
	for name := range raw.Header {
		if strings.HasPrefix(name, "Sec-Ch-") || strings.HasPrefix(name, "Sec-Gpc") || name == "Dnt" || name == "Cookie" || name == "User-Agent" || name == "Accept-Language" {
			headers[name] = raw.Header.Get(name)
		}
	}
	line := map[string]any{"site": "demo", "url": raw.URL, "headers": headers, "ip": raw.Address.String()}
	if raw.URL == "" {
		line["url"] = raw.Header.Get("Referer") // the page that holds the frame
		return line
	}
	for key, value := range map[string]any{
		"referrer": raw.Referrer, "title": raw.Title, "screen": raw.Screen, "viewport": raw.Viewport, "dpr": raw.DPR,
		"lang": raw.Language, "tz": raw.TimeZone, "webdriver": raw.Webdriver, "hints": raw.Hints,
	} {
		line[key] = value
	}
	return line
}

func (e *explainer) start() error {
	if e.command != nil {
		return nil
	}
	command := exec.Command(e.program, "explain") //nolint:noctx // it ends when its input does.
	command.Env = append(os.Environ(), e.env...)
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := command.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	e.command, e.stdin, e.stdout = command, stdin, bufio.NewReader(stdout)
	return nil
}

// end lets the program end by ending its input.
func (e *explainer) end() {
	_ = e.stdin.Close()  // it may be gone
	_ = e.command.Wait() // how it ended does not matter any more
	e.command = nil
}

func (e *explainer) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.command != nil {
		e.end()
	}
}
