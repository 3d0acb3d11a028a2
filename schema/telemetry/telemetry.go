// Package telemetry is how a process tells of itself: a logger, a registry of metrics, and the admin listener with
// /metrics, /healthz and /readyz.
//
// /healthz answers 200 for as long as the process can answer at all. /readyz answers 200 when every registered check
// passes, else 503, with one line of JSON that names each check. Nothing here speaks of visitors: what a check says
// and what a metric is labelled with must be about the process only.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Logger writes to w what is at least as severe as level ("debug", "info", "warn", "error"), in the format "json" or "text".
func Logger(w io.Writer, level, format string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: want debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	default:
		return nil, fmt.Errorf("log format %q: want json or text", format)
	}
}

// NewRegistry knows the process, the Go runtime and the build already.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(),
		collectors.NewBuildInfoCollector(),
	)
	return r
}
