package faults_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTheDatabaseIsDownUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.loadStored(t, 100, time.Second)
	w.proxy.Stop()
	w.loadStored(t, 300, 6*time.Second)
	counters := w.counters(t)
	if counters.Pending() == 0 || !retried(counters) {
		t.Errorf("%d events wait, deliveries were tried again: %v", counters.Pending(), retried(counters))
	}
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	w.loadStored(t, 100, time.Second)
	w.settle(t)
}

func TestTheEngineIsRestartedUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	restarted := make(chan error, 1)
	go func() {
		<-time.After(500 * time.Millisecond)
		if err := w.engine.Stop(ctx); err != nil {
			restarted <- err
			return
		}
		restarted <- w.engine.Run(ctx)
	}()
	w.loadStored(t, 200, 4*time.Second)
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	w.settle(t)
}

func TestTheDatabaseIsSlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, `{"type": "latency", "stream": "downstream", "attributes": {"latency": 4000}}`)
	w.set(t, `{"type": "bandwidth", "stream": "upstream", "attributes": {"rate": 64}}`)
	report := w.loadStored(t, 300, 4*time.Second)
	if w.counters(t).Pending() == 0 {
		t.Error("nothing waits: the database was not slow")
	}
	// On busy cores single answers may be late; were the database waited for, every one would be.
	if median := report.Quantile(0.5); median > 2*time.Second {
		t.Errorf("visitors wait for the database: the median answer takes %v", median)
	}
	w.heal()
	w.settle(t)
}

// Each refusal passes by itself, so nothing may be set aside for it.
func TestTheDatabaseRefuses(t *testing.T) {
	for _, tt := range []struct {
		name           string
		refuse, relent func(t *testing.T, w *world)
	}{
		{
			"the table is not there",
			func(t *testing.T, w *world) { w.query(t, "RENAME TABLE "+database+".events TO "+database+".away") },
			func(t *testing.T, w *world) { w.query(t, "RENAME TABLE "+database+".away TO "+database+".events") },
		},
		{
			"the password is another",
			func(t *testing.T, w *world) { w.restartEngine(t, "MAYAK_ENGINE_PASSWORD=changed") },
			func(t *testing.T, w *world) { w.restartEngine(t) },
		},
		{
			"the user may only read",
			func(t *testing.T, w *world) { w.restartEngine(t, "MAYAK_ENGINE_USERS_FILE="+readers(t)) },
			func(t *testing.T, w *world) { w.restartEngine(t) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.loadStored(t, 100, time.Second)
			tt.refuse(t, w)
			w.loadStored(t, 200, 2*time.Second)
			w.await(t, "a delivery was refused", retried)
			tt.relent(t, w)
			if counters := w.settle(t); counters["mayak_collector_deliver_set_aside_segments_total"] > 0 {
				t.Errorf("%v segments were set aside for what passes", counters["mayak_collector_deliver_set_aside_segments_total"])
			}
		})
	}
}

// restartEngine starts the engine again with further settings in place of those given before.
func (w *world) restartEngine(t *testing.T, settings ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.engine.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	w.engine.Spec.Env = settings
	if err := w.engine.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// readers is a users file whose only user may read and nothing else.
func readers(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.xml")
	const users = `<clickhouse><users><default><password></password><grants><query>GRANT SELECT ON *.*</query></grants></default></users></clickhouse>`
	if err := os.WriteFile(file, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestConnectionsAreCutInTheMiddleOfAnInsert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.loadStored(t, 100, time.Second)
	w.set(t, `{"type": "limit_data", "stream": "upstream", "attributes": {"bytes": 3000}}`)
	w.loadStored(t, 300, 3*time.Second)
	w.await(t, "an insert was cut", retried)
	w.heal()
	w.settle(t)
}

// The worst moment: the database has taken the rows, and the collector never hears of it.
func TestTheAnswerToAnInsertIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := false
	for range 5 { // a connection that has to be made anew greets first, and then the answer to that is what is lost
		w.loadStored(t, 100, time.Second)
		if _, err := w.collector.Drained(context.Background()); err != nil {
			t.Fatal(err)
		}
		delivered := w.count(t, "count()")
		w.set(t, `{"type": "limit_data", "stream": "downstream", "attributes": {"bytes": 0}}`)
		w.loadStored(t, 100, 2*time.Second)
		w.await(t, "an answer was lost", retried)
		lost = w.count(t, "count()") > delivered
		w.heal()
		if lost {
			break
		}
	}
	if !lost {
		t.Error("no insert reached the database, so no answer to one was lost")
	}
	w.settle(t)
}

func TestAConnectionIsResetAgainAndAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, `{"type": "reset_peer", "stream": "downstream", "attributes": {"timeout": 5}}`)
	w.loadStored(t, 200, 4*time.Second)
	w.await(t, "a connection was reset", retried)
	w.heal()
	w.settle(t)
}
