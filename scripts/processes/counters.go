package processes

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Counters are what a collector says of itself: the sum of each metric over its labels, and under "name{value}" that
// of each label's value.
type Counters map[string]float64

// Counters asks the collector for its metrics.
func (c *Collector) Counters(ctx context.Context) (Counters, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.admin+"/metrics", http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask for metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask for metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	counters := Counters{}
	for name, family := range families {
		for _, metric := range family.GetMetric() {
			counters[name] += value(metric)
			for _, label := range metric.GetLabel() {
				counters[name+"{"+label.GetValue()+"}"] += value(metric)
			}
		}
	}
	return counters, nil
}

func value(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
}

// AddUp holds the counters to the two sums that every hit and every event must be found in.
func (c Counters) AddUp() error {
	const collector, spool, deliver = "mayak_collector_", "mayak_collector_spool_", "mayak_collector_deliver_"
	var problems []error
	equal := func(what string, left, right float64) {
		if left != right {
			problems = append(problems, fmt.Errorf("%s: %v is not %v", what, left, right))
		}
	}
	spooled := c[spool+"records_total"]
	equal("received = dropped + spooled", c[collector+"received_total"], c[collector+"dropped_total"]+spooled)
	equal("recovered + spooled = delivered + pending + set aside + damaged",
		c[spool+"recovered_records_total"]+spooled,
		c[spool+"delivered_records_total"]+c[spool+"pending_records"]+c[spool+"refused_records"]+c[spool+"damaged_records_total"])
	equal("what the database confirmed = what left the spool", c[deliver+"rows_total"], c[spool+"delivered_records_total"])
	return errors.Join(problems...)
}

// Pending is how many events wait for the database.
func (c Counters) Pending() int { return int(c["mayak_collector_spool_pending_records"]) }

// Drained waits until nothing waits for the database any more, and returns the counters of that moment.
func (c *Collector) Drained(ctx context.Context) (Counters, error) {
	return c.await(ctx, func(now Counters) error {
		if now.Pending() > 0 {
			return fmt.Errorf("%d events wait for delivery", now.Pending())
		}
		return now.AddUp()
	})
}

// AtRest waits until the counters add up, which they do between two requests and two deliveries.
func (c *Collector) AtRest(ctx context.Context) (Counters, error) {
	return c.await(ctx, Counters.AddUp)
}

func (c *Collector) await(ctx context.Context, problem func(Counters) error) (Counters, error) {
	var counters Counters
	last := errors.New("no counters yet")
	err := Poll(ctx, func() (bool, error) {
		now, err := c.Counters(ctx)
		if err != nil {
			return false, errors.Join(err, last)
		}
		counters, last = now, problem(now)
		return last == nil, nil
	})
	if err != nil {
		return counters, fmt.Errorf("%w: %w\n%s", err, last, c.lastLines())
	}
	return counters, nil
}
