package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"mayak/scripts/load"
	"mayak/scripts/processes"
)

func TestTheSpoolIsAtItsLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *processes.Collector) {
		c.Spec.Env = append(c.Spec.Env, "MAYAK_COLLECTOR_SPOOL_LIMIT=1MiB")
	})
	w.fillAndRecover(t)
}

func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *processes.Collector) {
		mountSmall(t, c.Data())
		// Not the share that is kept free by default, but the disk itself must be what stops it.
		c.Spec.Env = append(c.Spec.Env, "MAYAK_COLLECTOR_DISK_SHARE=1")
	})
	w.fillAndRecover(t)
}

func TestTheDiskIsFullerThanTheCollectorMayMakeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *processes.Collector) {
		mountSmall(t, c.Data())
		c.Spec.Env = append(c.Spec.Env, "MAYAK_COLLECTOR_DISK_SHARE=0.5")
	})
	w.fillAndRecover(t)
}

// mountSmall puts a file system of 1 MiB on a folder.
func mountSmall(t *testing.T, folder string) {
	t.Helper()
	mount := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder)
	if output, err := mount.CombinedOutput(); err != nil {
		t.Skipf("no small disk can be mounted here: %v: %s", err, bytes.TrimSpace(output))
	}
	t.Cleanup(func() {
		if output, err := exec.Command("umount", "-l", folder).CombinedOutput(); err != nil {
			t.Errorf("unmount: %v: %s", err, output)
		}
	})
}

// fillAndRecover takes the database away until the collector can store no more, looks at what it says then, and gives the
// database back.
func (w *world) fillAndRecover(t *testing.T) {
	t.Helper()
	w.proxy.Stop()
	full := false
	for range 30 {
		report := w.load(400, time.Second)
		if others := outcomesBut(report, "stored"); others != "" {
			t.Logf("full: %s", others)
			full = true
			break
		}
	}
	if !full {
		t.Fatalf("still storing after %d hits", w.hits)
	}
	w.fillTheRest(t)
	w.wantToldWhenFull(t)
	w.counters(t)
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	// Room comes with the deliveries, and until the last of them there may be too little for what comes next.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := w.collector.Drained(ctx); err != nil {
		t.Fatal(err)
	}
	w.awaitStoring(t)
	w.loadStored(t, 100, time.Second)
	w.settle(t)
}

// fillTheRest sends the least that a hit can be, since that may fit where others no longer do.
func (w *world) fillTheRest(t *testing.T) {
	t.Helper()
	const most = 500
	for n := range most {
		w.hits++
		answer, err := w.client.Send(t.Context(), load.Request{
			Method: http.MethodPost, Path: "/e", Body: fmt.Appendf(nil, `{"site": "demo", "url": "%s/", "id": "r%d"}`, processes.Page, n),
		})
		if err != nil {
			t.Fatal(err)
		}
		if !answer.Stored() {
			return
		}
	}
	t.Fatalf("%d hits more were stored", most)
}

// wantToldWhenFull asks with both ways in: a page's script can try again and is told when, a picture is never broken.
func (w *world) wantToldWhenFull(t *testing.T) {
	t.Helper()
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		retryAfter               bool
	}{
		{"beacon", http.MethodPost, "/e", `{"site": "demo", "url": "` + processes.Page + `/", "id": "full-beacon"}`, http.StatusServiceUnavailable, true},
		{"pixel", http.MethodGet, "/p.gif?site=demo&id=full-pixel&url=" + processes.Page + "/", "", http.StatusOK, false},
	} {
		w.hits++
		request, err := http.NewRequestWithContext(context.Background(), tt.method, w.collector.URL()+tt.path, bytes.NewReader([]byte(tt.body)))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close() // read to its end
		outcome := response.Header.Get("Mayak-Outcome")
		if response.StatusCode != tt.status || outcome != "dropped; reason=overloaded" || (response.Header.Get("Retry-After") != "") != tt.retryAfter {
			t.Errorf("%s: %d, %q, Retry-After %q", tt.name, response.StatusCode, outcome, response.Header.Get("Retry-After"))
		}
		if tt.name == "pixel" && !bytes.HasPrefix(body, []byte("GIF89a")) {
			t.Errorf("the picture is broken: %q", body)
		}
	}
}

// awaitStoring waits until the collector takes hits again, by itself.
func (w *world) awaitStoring(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tries := 0
	err := processes.Poll(ctx, func() (bool, error) {
		w.hits++
		tries++
		answer, err := w.client.Send(ctx, load.Request{
			Method: http.MethodPost, Path: "/e",
			Body: fmt.Appendf(nil, `{"site": "demo", "url": "%s/", "id": "again-%d"}`, processes.Page, tries),
		})
		return answer.Stored(), err
	})
	if err != nil {
		t.Fatalf("it does not recover: %v", err)
	}
}
