package embedded_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"mayak/schema/embedded"
)

func TestRunEndsEverythingThatItStarted(t *testing.T) {
	library, err := embedded.Locate(os.Getenv)
	if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	must(t, err)
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	engine := embedded.New(embedded.Config{
		Library: library, Dir: t.TempDir(), Listen: "127.0.0.1:0", Memory: 512 << 20, Concurrency: 2, Wait: time.Second, Drain: time.Second, Backups: t.TempDir(),
	}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	select {
	case <-engine.Ready():
	case err := <-ended:
		t.Fatal(err)
	}
	if status, text := said(t, post(t, "http://"+engine.Addr(), "SELECT sum(number) FROM numbers(1000) FORMAT JSON", nil)); status != 200 || !strings.Contains(text, "499500") {
		t.Errorf("%d %s", status, text)
	}
	cancel()
	must(t, <-ended)
	goleak.VerifyNone(t, before)
}
