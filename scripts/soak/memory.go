package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// sample is what was seen at one moment.
type sample struct {
	at        time.Duration
	pending   int // events that wait for the database
	dropped   int // hits, so far
	collector int // bytes resident
	engine    int // the same; 0 while it is down
	enginePID int
}

// growth is how the memory of a process went on after it had warmed up.
type growth struct {
	name    string
	mean    int           // bytes
	most    int           // bytes
	grown   int           // bytes over the time, by a straight line through all samples
	over    time.Duration // how long it was looked at
	allowed int           // bytes that it may grow by in that time
}

// What memory may grow by while it is looked at. A collector that kept two bytes of each event would be found out in half
// an hour. The engine fills its caches and merges when it likes: it may go up and down by more.
const (
	collectorMargin = 16 << 20
	engineMargin    = 256 << 20
	warmUp          = 4               // the first of so many parts of the time does not count
	shortest        = 2 * time.Minute // what is looked at for less says nothing
)

// growths looks at the collector over the whole time and at the engine since its last start.
func (st *stage) growths() []growth {
	var collector, engine []point
	for _, s := range st.samples {
		collector = append(collector, point{s.at, s.collector})
		if s.enginePID == st.engine.PID() {
			engine = append(engine, point{s.at, s.engine})
		}
	}
	return []growth{
		newGrowth("collector", settled(collector), collectorMargin),
		newGrowth("engine since its last start", settled(engine), engineMargin),
	}
}

// point is a number of bytes at a time.
type point struct {
	at    time.Duration
	bytes int
}

func settled(points []point) []point { return points[len(points)/warmUp:] }

// newGrowth lays a straight line through the points: the one with the least squares.
func newGrowth(name string, points []point, margin int) growth {
	g := growth{name: name}
	if len(points) < 2 {
		return g
	}
	var sumT, sumB, sumTT, sumTB float64
	for _, p := range points {
		t, b := p.at.Seconds(), float64(p.bytes)
		sumT, sumB, sumTT, sumTB = sumT+t, sumB+b, sumTT+t*t, sumTB+t*b
		g.most = max(g.most, p.bytes)
	}
	n := float64(len(points))
	slope := (n*sumTB - sumT*sumB) / (n*sumTT - sumT*sumT)
	g.over = points[len(points)-1].at - points[0].at
	g.mean, g.grown = int(sumB/n), int(slope*g.over.Seconds())
	g.allowed = max(margin, g.mean/10)
	return g
}

func (g growth) String() string {
	bound := fmt.Sprintf("allowed: %d MB", g.allowed>>20)
	if g.over < shortest {
		bound = "too short to judge"
	}
	return fmt.Sprintf("%s: mean %d MB, most %d MB, grown by %+.1f MB in %v (%s)",
		g.name, g.mean>>20, g.most>>20, float64(g.grown)/(1<<20), g.over.Round(time.Second), bound)
}

// problem is that the memory is not flat. A short look finds none.
func (g growth) problem() error {
	if g.over >= shortest && g.grown > g.allowed {
		return fmt.Errorf("memory is not flat: %v", g)
	}
	return nil
}

// resident is how much memory of a process is in the machine's, in bytes.
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, errors.New("resident memory: not the form of /proc/PID/statm")
	}
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	return pages * os.Getpagesize(), nil
}

// loadAverage is the machine's load average of the last minute.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
