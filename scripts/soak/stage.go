package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"mayak/scripts/load"
	"mayak/scripts/processes"
)

const database = "mayak"

// stage is everything that runs, and what was seen of it.
type stage struct {
	settings

	engine    *processes.Engine
	collector *processes.Collector
	down      bool // the engine
	out       io.Writer
	samples   []sample

	mu     sync.Mutex // guards what follows, which the senders fill
	lately load.Latencies
	hits   int // since the last line
}

func setUp(ctx context.Context, s settings, dir string, out io.Writer) (*stage, error) {
	programs, err := processes.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	st := &stage{settings: s, out: out}
	if st.engine, err = processes.NewEngine(programs, dir); err != nil {
		return nil, err
	}
	if st.collector, err = processes.NewCollector(programs, dir, st.engine.DSN(database)); err != nil {
		return nil, err
	}
	// Files of places lie in memory whole, and how many there are is the operator's choice: the figure is that without.
	st.collector.Spec.Env = append(st.collector.Spec.Env, "MAYAK_GEOIP="+filepath.Join(dir, "no-geoip"))
	if err := st.start(ctx, programs); err != nil {
		st.collector.Kill()
		st.engine.Kill()
		return nil, err
	}
	return st, nil
}

func (st *stage) start(ctx context.Context, programs processes.Programs) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := st.engine.Run(ctx); err != nil {
		return err
	}
	if err := processes.Migrate(ctx, programs, st.engine.DSN(database)); err != nil {
		return err
	}
	return st.collector.Run(ctx)
}

// soak sends, watches and restarts, and judges at the end.
func (st *stage) soak(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := load.NewClient(st.collector.URL(), 30*time.Second)
	defer client.Close()
	sent := make(chan *load.Report, 1)
	go func() {
		sent <- load.Run(ctx, load.Plan{
			Traffic: load.New(st.seed, processes.Site, processes.Page), Client: client,
			Rate: st.rate, Hits: true, For: st.length, Watch: st.watch,
		})
	}()
	report, err := st.attend(ctx, sent)
	if err != nil {
		cancel()
		if report == nil {
			<-sent
		}
		return err
	}
	return st.judge(ctx, report)
}

// watch is told of each answer.
func (st *stage) watch(s load.Sent) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.lately.Add(s.Took)
	st.hits += len(s.Request.IDs)
}

// attend looks at the processes each second, prints at each interval and restarts the engine when its time has come, until
// everything is sent.
func (st *stage) attend(ctx context.Context, sent <-chan *load.Report) (*load.Report, error) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	began := time.Now()
	printed := began
	outages := outages(st.length, st.restarts)
	for {
		select {
		case report := <-sent:
			return report, st.endOutage(ctx, &outages)
		case <-ctx.Done():
			return nil, ctx.Err()
		case now := <-ticker.C:
			if err := st.look(ctx, now.Sub(began)); err != nil {
				return nil, err
			}
			if now.Sub(printed) >= st.every-time.Second/2 {
				printed = now
				st.print(now.Sub(began))
			}
			if err := st.restart(ctx, now.Sub(began), &outages); err != nil {
				return nil, err
			}
		}
	}
}

// outage is a time during which there is no engine.
type outage struct {
	from, to time.Duration
	begun    bool
}

// outages spreads the restarts evenly: of two, one is at a third and one at two thirds.
func outages(length time.Duration, number int) []outage {
	list := make([]outage, number)
	for i := range list {
		from := length * time.Duration(i+1) / time.Duration(number+1)
		list[i] = outage{from: from, to: from + min(15*time.Second, length/time.Duration(4*(number+1)))}
	}
	return list
}

// restart stops the engine in order, and starts it again a while later.
func (st *stage) restart(ctx context.Context, now time.Duration, outages *[]outage) error {
	if len(*outages) == 0 {
		return nil
	}
	next := &(*outages)[0]
	switch {
	case !next.begun && now >= next.from:
		next.begun = true
		fmt.Fprintf(st.out, "%8s  the engine is stopped\n", now.Round(time.Second))
		stopping, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		st.down = true
		return st.engine.Stop(stopping)
	case next.begun && now >= next.to:
		*outages = (*outages)[1:]
		fmt.Fprintf(st.out, "%8s  the engine is started again\n", now.Round(time.Second))
		st.down = false
		return st.engine.Start()
	}
	return nil
}

// endOutage starts an engine that is still down when everything is sent.
func (st *stage) endOutage(ctx context.Context, outages *[]outage) error {
	if len(*outages) == 0 || !(*outages)[0].begun {
		return nil
	}
	return st.restart(ctx, st.length+longest, outages)
}

// print tells of the time since the last line.
func (st *stage) print(now time.Duration) {
	st.mu.Lock()
	lately, hits := st.lately, st.hits
	st.lately, st.hits = load.Latencies{}, 0
	st.mu.Unlock()
	last := st.samples[len(st.samples)-1]
	fmt.Fprintf(st.out, "%8s  %d hits answered, p50 %v, p99 %v, worst %v; %d wait, %d dropped; collector %d MB, engine %d MB\n",
		now.Round(time.Second), hits, lately.Quantile(0.5), lately.Quantile(0.99), lately.Quantile(1),
		last.pending, last.dropped, last.collector>>20, last.engine>>20)
}

// look takes a sample.
func (st *stage) look(ctx context.Context, now time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	counters, err := st.collector.Counters(ctx)
	if err != nil {
		return err
	}
	s := sample{at: now, pending: counters.Pending(), dropped: int(counters["mayak_collector_dropped_total"])}
	if s.collector, err = resident(st.collector.PID()); err != nil {
		return err
	}
	if !st.down {
		s.enginePID = st.engine.PID()
		if s.engine, err = resident(s.enginePID); err != nil {
			return errors.Join(err, st.engine.AwaitReady(ctx)) // which tells how it ended
		}
	}
	st.samples = append(st.samples, s)
	return nil
}

// count asks the engine how many events there are.
func (st *stage) count(ctx context.Context, from string) (int, error) {
	text, err := st.engine.Query(ctx, "SELECT count() FROM "+database+"."+from+" FORMAT TabSeparated")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("count events: %w", err)
	}
	return n, nil
}
