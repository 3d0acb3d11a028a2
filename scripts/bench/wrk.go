package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// result is what one run of wrk says, and what the server used meanwhile.
type result struct {
	requests float64
	rate     float64 // requests a second
	p50, p99 time.Duration
	cpu      time.Duration // of the server
	cost     float64       // CPU seconds of the server for a million requests
	refused  int           // answers other than 2xx, and broken connections
}

// wrk sends requests of one kind from so many connections at once.
type wrk struct {
	script      string
	url         string
	connections int
	length      time.Duration
	seed        int // makes the ids of this run
}

// threads is how many wrk has; more than the machine's cores would only wait for each other.
const threads = 2

// run drives the server whose process is pid.
func (w wrk) run(ctx context.Context, pid int) (result, error) {
	before, err := cpuOf(pid)
	if err != nil {
		return result{}, err
	}
	command := exec.CommandContext(ctx, "wrk", "--latency", "-t", strconv.Itoa(threads), "-c", strconv.Itoa(w.connections),
		"-d", strconv.Itoa(int(w.length.Seconds()))+"s", "--timeout", "10s", "-s", w.script, w.url, "--", strconv.Itoa(w.seed))
	output, err := command.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("wrk: %w\n%s", err, output)
	}
	after, err := cpuOf(pid)
	if err != nil {
		return result{}, err
	}
	r, err := parse(string(output))
	r.cpu = after - before
	r.cost = r.cpu.Seconds() / r.requests * 1e6
	return r, err
}

// parse reads what wrk prints.
func parse(output string) (result, error) {
	var r result
	number := func(pattern string) (value float64, unit string) {
		found := regexp.MustCompile(pattern).FindStringSubmatch(output)
		if found == nil {
			return 0, ""
		}
		value, _ = strconv.ParseFloat(found[1], 64) // the pattern lets numbers pass only
		return value, found[2]
	}
	duration := func(pattern string) time.Duration {
		value, unit := number(pattern)
		d, _ := time.ParseDuration(strconv.FormatFloat(value, 'f', -1, 64) + unit) // as above
		return d
	}
	r.requests, _ = number(`(\d+) requests in()`)
	r.rate, _ = number(`Requests/sec:\s+([\d.]+)()`)
	r.p50, r.p99 = duration(`50%\s+([\d.]+)([mu]?s)`), duration(`99%\s+([\d.]+)([mu]?s)`)
	for _, pattern := range []string{`Non-2xx or 3xx responses: (\d+)()`, `connect (\d+)()`, `read (\d+)()`, `write (\d+)()`, `timeout (\d+)()`} {
		count, _ := number(pattern)
		r.refused += int(count)
	}
	if r.requests == 0 || r.rate == 0 || r.p99 == 0 {
		return r, fmt.Errorf("wrk: cannot read what it printed:\n%s", output)
	}
	return r, nil
}
