package series

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// mostAnswer is more than any process of ours answers.
const mostAnswer = 16 << 20

// Read reads every target once, one after the other: they answer within milliseconds.
func (s *Series) Read(ctx context.Context) {
	families, err := s.o.Own.Gather()
	s.keep(s.o.Instance, families, err)
	for _, target := range s.o.Targets {
		families, err := s.fetch(ctx, target)
		if ctx.Err() != nil {
			return
		}
		s.keep(instance(target), families, err)
	}
	s.store.forget(s.o.Now())
	series, bytes := s.store.size()
	s.metrics.series.Set(float64(series))
	s.metrics.bytes.Set(float64(bytes))
}

func (s *Series) fetch(ctx context.Context, target string) ([]*dto.MetricFamily, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	request.Header.Set("Accept", string(format))
	response, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // what was read counts
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read metrics: %s answers %s", instance(target), response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := parser.TextToMetricFamilies(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	return slices.Collect(maps.Values(byName)), nil
}

// keep adds what a process told, and whether it told anything.
func (s *Series) keep(instance string, families []*dto.MetricFamily, err error) {
	up := 1.0
	if err != nil {
		up = 0
	}
	if err != nil != s.silent[instance] {
		s.silent[instance] = err != nil
		if err != nil {
			s.o.Log.Warn("a process does not tell its metrics", "instance", instance, "err", err)
		} else {
			s.o.Log.Info("a process tells its metrics again", "instance", instance)
		}
	}
	samples := []sample{{labels.FromStrings(model.MetricNameLabel, "up", "instance", instance), up}}
	for _, family := range families {
		if ours(family.GetName()) {
			samples = append(samples, flatten(family, instance)...)
		}
	}
	if refused := s.store.add(s.o.Now(), samples); refused > 0 {
		s.metrics.refused.Add(float64(refused))
	}
}

// ours are the metrics that dashboards may ask for: the processes' own and those of every process. Those of the runtime would be the most.
func ours(name string) bool {
	return strings.HasPrefix(name, "mayak_") || strings.HasPrefix(name, "process_") || name == "go_goroutines" || name == "go_info"
}

// flatten makes samples as the text format has them.
func flatten(family *dto.MetricFamily, instance string) (all []sample) {
	name := family.GetName()
	for _, m := range family.GetMetric() {
		add := func(suffix string, value float64, more ...string) {
			b := labels.NewScratchBuilder(len(m.GetLabel()) + 3)
			b.Add(model.MetricNameLabel, name+suffix)
			b.Add("instance", instance)
			for _, pair := range m.GetLabel() {
				b.Add(pair.GetName(), pair.GetValue())
			}
			if len(more) == 2 {
				b.Add(more[0], more[1])
			}
			b.Sort()
			all = append(all, sample{b.Labels(), value})
		}
		switch {
		case m.GetHistogram() != nil:
			h := m.GetHistogram()
			for _, bucket := range h.GetBucket() {
				if !math.IsInf(bucket.GetUpperBound(), 1) {
					add("_bucket", float64(bucket.GetCumulativeCount()), "le", number(bucket.GetUpperBound()))
				}
			}
			add("_bucket", float64(h.GetSampleCount()), "le", "+Inf")
			add("_sum", h.GetSampleSum())
			add("_count", float64(h.GetSampleCount()))
		case m.GetSummary() != nil:
			for _, q := range m.GetSummary().GetQuantile() {
				add("", q.GetValue(), "quantile", number(q.GetQuantile()))
			}
			add("_sum", m.GetSummary().GetSampleSum())
			add("_count", float64(m.GetSummary().GetSampleCount()))
		case m.GetCounter() != nil:
			add("", m.GetCounter().GetValue())
		case m.GetGauge() != nil:
			add("", m.GetGauge().GetValue())
		default:
			add("", m.GetUntyped().GetValue())
		}
	}
	return all
}

func number(f float64) string { return model.SampleValue(f).String() }

// instance is what a target is called: its host and port.
func instance(target string) string {
	if u, err := url.Parse(target); err == nil {
		return u.Host
	}
	return target
}

// Targets reads a list of addresses. What has no path means /metrics.
func Targets(list []string) (all []string, err error) {
	for _, text := range list {
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		u, parseErr := url.Parse(text)
		if parseErr != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
			err = errors.Join(err, fmt.Errorf("%q is no address of metrics: want host:port or http://host:port/metrics", text))
			continue
		}
		if u.Path == "" || u.Path == "/" {
			u.Path = "/metrics"
		}
		all = append(all, u.String())
	}
	return all, err
}
