package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"mayak/schema/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLoggerFormats(t *testing.T) {
	for _, tt := range []struct{ format, want string }{
		{"json", `"msg":"spool opened","segments":3`},
		{"text", `msg="spool opened" segments=3`},
	} {
		t.Run(tt.format, func(t *testing.T) {
			var out bytes.Buffer
			log, err := telemetry.Logger(&out, "info", tt.format)
			if err != nil {
				t.Fatal(err)
			}
			log.Debug("too fine")
			log.Info("spool opened", "segments", 3)
			if got := out.String(); !strings.Contains(got, tt.want) || strings.Contains(got, "too fine") {
				t.Errorf("wrote %q, want %q and nothing of debug", got, tt.want)
			}
		})
	}
	if _, err := telemetry.Logger(io.Discard, "loud", "text"); err == nil {
		t.Error("an unknown level is taken")
	}
	if _, err := telemetry.Logger(io.Discard, "info", "xml"); err == nil {
		t.Error("format xml was taken")
	}
}

func TestReadiness(t *testing.T) {
	ready := func(detail string) telemetry.Check {
		return func(context.Context) (string, error) { return detail, nil }
	}
	unready := func(context.Context) (string, error) { return "", errors.New("no answer") }
	for _, tt := range []struct {
		name   string
		checks map[string]telemetry.Check
		status int
		body   string
	}{
		{"no check is ready", nil, 200, `{"ready":true,"checks":[]}`},
		{
			"all pass",
			map[string]telemetry.Check{"spool": ready("2 segments wait"), "beacon": ready("")},
			200,
			`{"ready":true,"checks":[{"name":"beacon","ready":true},{"name":"spool","ready":true,"detail":"2 segments wait"}]}`,
		},
		{
			"one fails",
			map[string]telemetry.Check{"spool": unready, "beacon": ready("open")},
			503,
			`{"ready":false,"checks":[{"name":"beacon","ready":true,"detail":"open"},{"name":"spool","ready":false,"detail":"no answer"}]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var checks telemetry.Checks
			for name, check := range tt.checks {
				checks.Add(name, check)
			}
			answer := httptest.NewRecorder()
			checks.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			if answer.Code != tt.status {
				t.Errorf("status = %d, want %d", answer.Code, tt.status)
			}
			if diff := cmp.Diff(tt.body+"\n", answer.Body.String()); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAHangingCheckDoesNotHangReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks telemetry.Checks
		checks.Add("engine", func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		asked := time.Now()
		answer := httptest.NewRecorder()
		checks.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if took := time.Since(asked); answer.Code != 503 || took > time.Second {
			t.Errorf("status %d after %s, want 503 within a second", answer.Code, took)
		}
	})
}

func TestAdminServes(t *testing.T) {
	admin := &telemetry.Admin{
		Address: "127.0.0.1:0", Registry: telemetry.NewRegistry(), Checks: new(telemetry.Checks), Log: slog.New(slog.DiscardHandler),
		Routes: map[string]http.Handler{"GET /unknown": http.NotFoundHandler()},
	}
	address, err := admin.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second := &telemetry.Admin{Address: address.String()}
	if _, err := second.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "listen for admin") {
		t.Errorf("a port in use: err = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- admin.Run(ctx) }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, tt := range []struct {
		path   string
		status int
		want   string
	}{
		{"/healthz", 200, "ok\n"},
		{"/readyz", 200, `"ready":true`},
		{"/metrics", 200, "go_build_info"},
		{"/metrics", 200, "process_resident_memory_bytes"},
		{"/unknown", 404, ""},
		{"/", 404, ""},
	} {
		answer, err := client.Get("http://" + address.String() + tt.path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != tt.status || !strings.Contains(string(body), tt.want) {
			t.Errorf("GET %s = %d, want %d with %q", tt.path, answer.StatusCode, tt.status, tt.want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run() = %v", err)
	}
	if _, err := client.Get("http://" + address.String() + "/healthz"); err == nil {
		t.Error("the port is open after Run has returned")
	}
}

// broken answers nothing: it is a connection whose other end has gone.
type broken struct{ http.ResponseWriter }

func (broken) Write([]byte) (int, error) {
	return 0, &net.OpError{Op: "write", Err: errors.New("broken pipe")}
}

func TestAScraperThatGoesAwayIsNoNews(t *testing.T) {
	var out bytes.Buffer
	log, err := telemetry.Logger(&out, "info", "text")
	if err != nil {
		t.Fatal(err)
	}
	registry := telemetry.NewRegistry()
	admin := &telemetry.Admin{Registry: registry, Checks: new(telemetry.Checks), Log: log}
	scrape := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	telemetry.Handler(admin).ServeHTTP(broken{httptest.NewRecorder()}, scrape)
	if out.Len() > 0 {
		t.Errorf("logged of a scraper that has gone: %s", out.String())
	}
	registry.MustRegister(unreadable{})
	telemetry.Handler(admin).ServeHTTP(httptest.NewRecorder(), scrape)
	if !strings.Contains(out.String(), "metrics not told") || !strings.Contains(out.String(), "no such sensor") {
		t.Errorf("logged of a metric that cannot be read: %q", out.String())
	}
}

// unreadable is a metric that cannot be told.
type unreadable struct{}

func (unreadable) Describe(chan<- *prometheus.Desc) {}

func (unreadable) Collect(to chan<- prometheus.Metric) {
	to <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(errors.New("no such sensor")), errors.New("no such sensor"))
}
