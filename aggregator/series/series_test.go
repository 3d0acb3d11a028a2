package series

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// world is a process of its own metrics, and another one behind HTTP.
type world struct {
	*Series

	now    time.Time
	own    *prometheus.Registry
	hits   *prometheus.CounterVec
	took   prometheus.Histogram
	other  *httptest.Server
	silent bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), own: prometheus.NewRegistry()}
	theirs := prometheus.NewRegistry()
	w.hits = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mayak_collector_hits_total", Help: "h"}, []string{"outcome"})
	w.took = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "mayak_collector_seconds", Help: "h", Buckets: []float64{0.01, 0.1}})
	noise := prometheus.NewGauge(prometheus.GaugeOpts{Name: "someone_elses_metric", Help: "h"})
	theirs.MustRegister(w.hits, w.took, noise)
	handler := promhttp.HandlerFor(theirs, promhttp.HandlerOpts{})
	w.other = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.silent {
			http.Error(rw, "no", http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.other.Close)
	w.Series = New(Options{
		Own: w.own, Instance: "aggregator", Targets: []string{w.other.URL + "/metrics"}, Log: slog.New(slog.DiscardHandler),
		Registerer: w.own, Now: func() time.Time { return w.now },
	})
	return w
}

// minutes lets time go by: each quarter of a minute something happens, and is read.
func (w *world) minutes(t *testing.T, n int, happen func()) {
	t.Helper()
	for range 4 * n {
		w.now = w.now.Add(every)
		happen()
		w.Read(t.Context())
	}
}

// lines asks for the last five minutes, and gives the last value of each line.
func (w *world) lines(t *testing.T, expression string) map[string]float64 {
	t.Helper()
	lines, err := w.Range(t.Context(), expression, w.now.Add(-5*time.Minute), w.now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, l := range lines {
		var name []string
		for key, value := range l.Labels {
			if key != "instance" || value == "aggregator" {
				name = append(name, key+"="+value)
			}
		}
		slices.Sort(name)
		got[strings.Join(name, ",")] = l.Points[len(l.Points)-1].Value
	}
	return got
}

func TestRatesAndQuantilesAreThoseOfWhatHappened(t *testing.T) {
	w, about := newWorld(t), cmpopts.EquateApprox(0, 1e-9)
	w.minutes(t, 10, func() {
		w.hits.WithLabelValues("stored").Add(30)
		w.hits.WithLabelValues("dropped").Add(15)
		w.took.Observe(0.005)
	})
	want := map[string]float64{"outcome=stored": 2, "outcome=dropped": 1}
	if diff := cmp.Diff(want, w.lines(t, "sum by (outcome) (rate(mayak_collector_hits_total[2m]))"), about); diff != "" {
		t.Errorf("rate (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]float64{"": 0.005}, w.lines(t, "histogram_quantile(0.5, sum by (le) (rate(mayak_collector_seconds_bucket[2m])))"), about); diff != "" {
		t.Errorf("quantile (-want +got):\n%s", diff)
	}
	if got := w.lines(t, "someone_elses_metric"); len(got) > 0 {
		t.Errorf("what no dashboard asks for is kept: %v", got)
	}
}

func TestAProcessThatDoesNotAnswerIsDownAndItsLinesEnd(t *testing.T) {
	w := newWorld(t)
	w.minutes(t, 2, func() { w.hits.WithLabelValues("stored").Inc() })
	w.silent = true
	w.minutes(t, 3, func() {})
	if diff := cmp.Diff(map[string]float64{"__name__=up,instance=aggregator": 1, "__name__=up": 0}, w.lines(t, "up")); diff != "" {
		t.Errorf("up (-want +got):\n%s", diff)
	}
	now, err := w.Instant(t.Context(), "mayak_collector_hits_total", w.now)
	if err != nil || len(now) > 0 {
		t.Errorf("three minutes after its last sample a series still has the value %v, %v", now, err)
	}
	w.silent = false
	w.minutes(t, 1, func() {})
	if got := w.lines(t, "min(up)"); got[""] != 1 {
		t.Errorf("up when it answers again = %v", got)
	}
}

func TestADayIsKeptInLittleMemory(t *testing.T) {
	held, now, hits := newStore(most, kept), time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), 0.0
	names := make([]labels.Labels, 20)
	for i := range names {
		names[i] = labels.FromStrings(model.MetricNameLabel, "hits", "outcome", strconv.Itoa(i))
	}
	for range int(26 * time.Hour / every) {
		now = now.Add(every)
		hits += float64(int(hits)%7 + 20)
		var samples []sample
		for i, name := range names {
			samples = append(samples, sample{name, hits * float64(i%2)})
		}
		held.add(now, samples)
		held.forget(now)
	}
	series, bytes := held.size()
	if each := float64(bytes) / float64(series*int(kept/every)); series != len(names) || each > 3 {
		t.Errorf("%d series take %d bytes, %.2f a sample", series, bytes, each)
	}
	for _, one := range held.all {
		if age := now.Sub(time.UnixMilli(one.chunks[0].from)); age < kept || age > kept+perChunk*every {
			t.Errorf("the oldest sample is %v old", age)
		}
	}
}

func TestThereIsRoomForSoManySeriesOnly(t *testing.T) {
	w := newWorld(t)
	w.store.most = 5
	w.minutes(t, 1, func() {
		for _, outcome := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			w.hits.WithLabelValues(outcome).Inc()
		}
	})
	if series, _ := w.store.size(); series != 5 {
		t.Errorf("%d series are kept", series)
	}
}

func TestAQuestionThatMakesNoSenseIsAnError(t *testing.T) {
	w := newWorld(t)
	for _, expression := range []string{"sum(", `"text"`, "rate(up)"} {
		if _, err := w.Range(context.Background(), expression, w.now.Add(-time.Minute), w.now, time.Second); err == nil {
			t.Errorf("Range(%s) is answered", expression)
		}
	}
}

func TestTargetsAreAddresses(t *testing.T) {
	got, err := Targets([]string{"127.0.0.1:8081", "https://collector.example/internal/metrics"})
	if diff := cmp.Diff([]string{"http://127.0.0.1:8081/metrics", "https://collector.example/internal/metrics"}, got); diff != "" || err != nil {
		t.Errorf("Targets: %v (-want +got):\n%s", err, diff)
	}
	for _, wrong := range []string{"", "ftp://host/metrics", "http://name:secret@host/metrics", "::"} {
		if _, err := Targets([]string{wrong}); err == nil {
			t.Errorf("Targets(%q) is taken", wrong)
		}
	}
}
