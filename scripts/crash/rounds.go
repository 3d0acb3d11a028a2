package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"mayak/scripts/processes"
)

const database = "mayak"

// victims are what a round kills; the collector holds the promise, so it dies most often.
type victims struct{ collector, engine bool }

func (v victims) String() string {
	switch {
	case v.collector && v.engine:
		return "both"
	case v.engine:
		return "engine"
	default:
		return "collector"
	}
}

// stage is everything that runs.
type stage struct {
	engine    *processes.Engine
	collector *processes.Collector
	chance    *rand.Rand
	out       io.Writer
}

// prove runs all rounds and returns what was found in the database afterwards.
func prove(ctx context.Context, s settings, dir string, out io.Writer) (*verdict, error) {
	st, err := setUp(ctx, s, dir, out)
	if err != nil {
		return nil, err
	}
	defer st.engine.Kill()
	defer st.collector.Kill()

	sending, stopSending := context.WithCancel(ctx)
	defer stopSending()
	senders := startClients(sending, st.collector.URL(), s)
	for round := range s.rounds {
		if err := st.round(ctx, round+1); err != nil {
			return nil, fmt.Errorf("round %d: %w", round+1, err)
		}
	}
	answered := senders.stop()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := st.settle(ctx); err != nil {
		return nil, err
	}
	found, err := count(ctx, st.engine)
	if err != nil {
		return nil, err
	}
	v := judge(s.rounds, answered, found)
	v.refusals = senders.refusals
	fmt.Fprintf(out, "crash: %d requests were sent again; %d rows before merging, %d of them of an id that stands there already\n",
		senders.retries.Load(), found.rows, found.rows-len(found.merged))
	v.print(out)
	return v, nil
}

func setUp(ctx context.Context, s settings, dir string, out io.Writer) (*stage, error) {
	programs, err := processes.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	engine, err := processes.NewEngine(programs, dir)
	if err != nil {
		return nil, err
	}
	collector, err := processes.NewCollector(programs, dir, engine.DSN(database))
	if err != nil {
		return nil, err
	}
	if err := engine.Run(ctx); err != nil {
		return nil, err
	}
	if err := processes.Migrate(ctx, programs, engine.DSN(database)); err != nil {
		engine.Kill()
		return nil, err
	}
	if err := collector.Run(ctx); err != nil {
		engine.Kill()
		return nil, err
	}
	return &stage{engine: engine, collector: collector, chance: rand.New(rand.NewPCG(s.seed, 0)), out: out}, nil
}

// round waits for a random moment, kills, waits another, and starts everything again.
func (st *stage) round(ctx context.Context, number int) error {
	doomed := []victims{{collector: true}, {collector: true}, {engine: true}, {collector: true, engine: true}}[st.chance.IntN(4)]
	wait := st.moment(50, 900)
	if err := pause(ctx, wait); err != nil {
		return err
	}
	kills := 1
	st.kill(doomed)
	for st.chance.IntN(4) == 0 { // killed again while it starts
		kills++
		if err := st.start(doomed); err != nil {
			return err
		}
		if err := pause(ctx, st.moment(0, 400)); err != nil {
			return err
		}
		st.kill(doomed)
	}
	down := st.moment(0, 500)
	if err := pause(ctx, down); err != nil {
		return err
	}
	began := time.Now()
	if err := st.start(doomed); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := st.await(ctx, doomed); err != nil {
		return err
	}
	fmt.Fprintf(st.out, "round %2d: after %3d ms kill -9 %-9s %s down %3d ms, back after %d ms\n",
		number, wait.Milliseconds(), doomed, strings.Repeat("x", kills), down.Milliseconds(), time.Since(began).Milliseconds())
	return nil
}

// kill kills in either order, for either may see the other's end.
func (st *stage) kill(v victims) {
	first := st.chance.IntN(2) == 0
	if v.collector && first {
		st.collector.Kill()
	}
	if v.engine {
		st.engine.Kill()
	}
	if v.collector && !first {
		st.collector.Kill()
	}
}

func (st *stage) start(v victims) error {
	if v.engine {
		if err := st.engine.Start(); err != nil {
			return err
		}
	}
	if v.collector {
		return st.collector.Start()
	}
	return nil
}

func (st *stage) await(ctx context.Context, v victims) error {
	if v.engine {
		if err := st.engine.AwaitReady(ctx); err != nil {
			return err
		}
	}
	if v.collector {
		return st.collector.AwaitReady(ctx)
	}
	return nil
}

// settle lets the collector deliver all that waits, once as it is and once more after an orderly stop and start of both.
func (st *stage) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if _, err := st.collector.Drained(ctx); err != nil {
		return err
	}
	if err := st.collector.Stop(ctx); err != nil {
		return err
	}
	if err := st.engine.Stop(ctx); err != nil {
		return err
	}
	if err := st.engine.Run(ctx); err != nil {
		return err
	}
	if err := st.collector.Run(ctx); err != nil {
		return err
	}
	_, err := st.collector.Drained(ctx)
	return err
}

// moment is a random time between two numbers of milliseconds.
func (st *stage) moment(least, most int) time.Duration {
	return time.Duration(least+st.chance.IntN(most-least)) * time.Millisecond
}

func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-time.After(length):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
