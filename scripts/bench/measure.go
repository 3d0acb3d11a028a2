package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	folders "mayak/schema/settings"
	"mayak/scripts/processes"
)

// stage is everything that runs.
type stage struct {
	settings  settings
	out       io.Writer
	engine    *processes.Engine
	collector *processes.Collector
	located   *processes.Collector // looks places up; nil without databases of them
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
	places      bool // of the collector that looks them up
}

func turns(places bool) []turn {
	all := []turn{{"/e", "/e", 64, false}, {"/e", "/e", 256, false}, {"/p.gif", "/p.gif", 256, false}}
	if places {
		all = append(all, turn{"/e, places", "/e", 256, true})
	}
	return all
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
	if st.located != nil {
		defer st.located.Kill()
	}
	f := &figures{loadBefore: loadAverage()}
	fmt.Fprintf(out, "bench: load average %s; %d rounds of %v, the database is away\n", f.loadBefore, s.rounds, s.length)
	if f.pairs, err = st.requests(ctx, dir); err != nil {
		return nil, err
	}
	if st.located != nil {
		st.located.Kill() // its events are nobody's
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
	if st.collector, err = newCollector(programs, dir, st.engine.DSN(database), filepath.Join(dir, "no-geoip")); err != nil {
		return nil, err
	}
	services := []*processes.Service{st.collector.Service}
	if geoIP := geoIPFolder(); geoIP != "" {
		if st.located, err = newCollector(programs, filepath.Join(dir, "located"), st.engine.DSN("nowhere"), geoIP); err != nil {
			return nil, err
		}
		services = append(services, st.located.Service)
	}
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
	for _, service := range append(services, st.bare) {
		if err := service.Run(ctx); err != nil {
			for _, started := range append(services, st.bare) {
				started.Kill()
			}
			return nil, err
		}
	}
	return st, nil
}

// newCollector prepares a collector that a load from one machine does not exceed: wrk is one client to the machine and
// thousands to the collector, each of which sends far more than a person does.
func newCollector(programs processes.Programs, dir, dsn, geoIP string) (*processes.Collector, error) {
	c, err := processes.NewCollector(programs, dir, dsn)
	if err != nil {
		return nil, err
	}
	c.Spec.Env = append(c.Spec.Env, "MAYAK_COLLECTOR_RATE=1000000", "MAYAK_COLLECTOR_RATE_BURST=1000000", "MAYAK_GEOIP="+geoIP)
	return c, nil
}

// geoIPFolder is where this user has databases of places; empty without any.
func geoIPFolder() string {
	cache, err := folders.CacheFolder(os.Getenv)
	if err != nil {
		return ""
	}
	folder := filepath.Join(cache, "geoip")
	if found, err := filepath.Glob(filepath.Join(folder, "*.mmdb")); err != nil || len(found) == 0 {
		return ""
	}
	return folder
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
	for _, t := range turns(st.located != nil) {
		pairs = append(pairs, pair{turn: t})
	}
	seed := os.Getpid()
	for range st.settings.rounds {
		for i := range pairs {
			p := &pairs[i]
			w := wrk{script: scripts[p.path], connections: p.connections, length: st.settings.length}
			collector := st.collector
			if p.places {
				collector = st.located
			}
			for _, server := range []struct {
				url  string
				pid  int
				into *[]result
			}{
				{st.bareURL, st.bare.PID(), &p.bare},
				{collector.URL(), collector.PID(), &p.collector},
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
			fmt.Fprintf(st.out, "  %-10s %3d connections: bare %6.0f/s, collector %6.0f/s, p99 %v\n", p.name, p.connections, bare.rate, own.rate, own.p99)
		}
	}
	return pairs, nil
}
