package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"mayak/scripts/processes"
)

// stage is everything that runs.
type stage struct {
	settings  settings
	out       io.Writer
	engine    *processes.Engine
	collector *processes.Collector
	bare      *processes.Service
	bareURL   string
	mix       *mix
}

const (
	database     = "mayak"
	startTimeout = time.Minute
)

// turn is one thing to measure on both servers.
type turn struct {
	name        string
	path        string
	connections int
}

func turns() []turn {
	return []turn{{"/e", "/e", 64}, {"/e", "/e", 256}, {"/p.gif", "/p.gif", 256}}
}

// pair are the runs of one turn.
type pair struct {
	turn
	bare, collector []result
}

func measure(ctx context.Context, s settings, dir string, out io.Writer) (*figures, error) {
	st, err := setUp(ctx, s, dir, out)
	if err != nil {
		return nil, err
	}
	defer st.bare.Kill()
	defer st.engine.Kill()
	defer st.collector.Kill()
	f := &figures{loadBefore: loadAverage()}
	fmt.Fprintf(out, "bench: load average %s; %d rounds of %v, the database is away\n", f.loadBefore, s.rounds, s.length)
	if f.pairs, err = st.requests(ctx, dir); err != nil {
		return nil, err
	}
	counters, err := st.collector.AtRest(ctx)
	if err != nil {
		return nil, err
	}
	f.dropped = counters["mayak_collector_dropped_total"] / counters["mayak_collector_received_total"]
	fmt.Fprintf(out, "bench: %d events wait; delivering\n", counters.Pending())
	if f.delivery, err = st.deliver(ctx); err != nil {
		return nil, err
	}
	if f.peakMB, err = peakMB(st.collector.PID()); err != nil {
		return nil, err
	}
	if f.bytesPerRow, err = st.bytesPerRow(ctx); err != nil {
		return nil, err
	}
	f.loadAfter = loadAverage()
	return f, nil
}

// setUp starts everything but the engine, which has made its tables and is away again.
func setUp(ctx context.Context, s settings, dir string, out io.Writer) (*stage, error) {
	programs, err := processes.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	st := &stage{settings: s, out: out, mix: newMix(1)}
	if st.engine, err = processes.NewEngine(programs, dir); err != nil {
		return nil, err
	}
	if st.collector, err = processes.NewCollector(programs, dir, st.engine.DSN(database)); err != nil {
		return nil, err
	}
	// Wrk is one client to the machine and thousands to the collector, each of which sends far more than a person does.
	st.collector.Spec.Env = append(st.collector.Spec.Env,
		"MAYAK_COLLECTOR_RATE=1000000", "MAYAK_COLLECTOR_RATE_BURST=1000000", "MAYAK_GEOIP="+filepath.Join(dir, "no-geoip"))
	if st.bare, st.bareURL, err = newBare(dir); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer st.engine.Kill()
	if err := st.engine.Run(ctx); err != nil {
		return nil, err
	}
	if err := processes.Migrate(ctx, programs, st.engine.DSN(database)); err != nil {
		return nil, err
	}
	for _, service := range []*processes.Service{st.bare, st.collector.Service} {
		if err := service.Run(ctx); err != nil {
			st.bare.Kill()
			return nil, err
		}
	}
	return st, nil
}

// requests lets the servers take turns.
func (st *stage) requests(ctx context.Context, dir string) ([]pair, error) {
	events, err := st.mix.write(dir, "event", st.mix.event)
	if err != nil {
		return nil, err
	}
	pixels, err := st.mix.write(dir, "pixel", st.mix.pixel)
	if err != nil {
		return nil, err
	}
	scripts := map[string]string{"/e": events, "/p.gif": pixels}
	var pairs []pair
	for _, t := range turns() {
		pairs = append(pairs, pair{turn: t})
	}
	seed := os.Getpid()
	for range st.settings.rounds {
		for i := range pairs {
			p := &pairs[i]
			w := wrk{script: scripts[p.path], connections: p.connections, length: st.settings.length}
			for _, server := range []struct {
				url  string
				pid  int
				into *[]result
			}{
				{st.bareURL, st.bare.PID(), &p.bare},
				{st.collector.URL(), st.collector.PID(), &p.collector},
			} {
				seed++
				w.url, w.seed = server.url+p.path, seed
				r, err := w.run(ctx, server.pid)
				if err != nil {
					return nil, err
				}
				*server.into = append(*server.into, r)
			}
			bare, own := p.bare[len(p.bare)-1], p.collector[len(p.collector)-1]
			fmt.Fprintf(st.out, "  %-6s %3d connections: bare %6.0f/s, collector %6.0f/s, p99 %v\n", p.name, p.connections, bare.rate, own.rate, own.p99)
		}
	}
	return pairs, nil
}
