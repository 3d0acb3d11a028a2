package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mayak/dashboards/grafanatest"
)

// tryMetrics asks an aggregator that has worked for its metrics, as Prometheus does: every one that is named somewhere is there.
func (w *boardWorld) tryMetrics(t *testing.T) {
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(w.made.registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	told, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	absent, err := grafanatest.Absent("..", "aggregator", string(told))
	if err != nil || len(absent) > 0 {
		t.Errorf("nobody has %q: %v", absent, err)
	}
}
