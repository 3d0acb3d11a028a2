package spool

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics add up at any moment of rest: recovered + spooled = delivered + pending + refused + damaged + forgotten,
// in records.
type metrics struct {
	records         prometheus.Counter
	bytes           prometheus.Counter
	recovered       prometheus.Counter
	delivered       prometheus.Counter
	damagedRecords  prometheus.Counter
	refusedSegments prometheus.Counter
	corruptSegments prometheus.Counter
	forgotten       prometheus.Counter
	fsyncSeconds    prometheus.Histogram
	commitRecords   prometheus.Histogram

	rejectedFull     prometheus.Counter
	rejectedTooLarge prometheus.Counter
	rejectedClosed   prometheus.Counter
	rejectedIO       prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s *Spool) *metrics {
	const prefix = "mayak_collector_spool_"
	f := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: prefix + name, Help: help})
	}
	rejected := f.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "rejected_total", Help: "Records not taken, by reason.",
	}, []string{"reason"})
	m := &metrics{
		records:         counter("records_total", "Records acknowledged as durable."),
		bytes:           counter("bytes_total", "Bytes of the records acknowledged as durable, as stored."),
		recovered:       counter("recovered_records_total", "Records found undelivered at start, refused ones included."),
		delivered:       counter("delivered_records_total", "Records in segments that were delivered and removed."),
		damagedRecords:  counter("damaged_records_total", "Records lost to damage on disk; their bytes are kept as .corrupt."),
		refusedSegments: counter("refused_segments_total", "Segments set aside because the receiver will never take them."),
		forgotten:       counter("forgotten_records_total", "Records that were set aside and removed when their time was over."),
		corruptSegments: counter("corrupt_segments_total", "Segments found damaged on disk."),
		fsyncSeconds: f.NewHistogram(prometheus.HistogramOpts{
			Name: prefix + "fsync_seconds", Help: "Time that one fsync of a segment took.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16),
		}),
		commitRecords: f.NewHistogram(prometheus.HistogramOpts{
			Name: prefix + "commit_records", Help: "Records that one fsync made durable.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 14),
		}),
		rejectedFull:     rejected.WithLabelValues("full"),
		rejectedTooLarge: rejected.WithLabelValues("too_large"),
		rejectedClosed:   rejected.WithLabelValues("closed"),
		rejectedIO:       rejected.WithLabelValues("io"),
	}
	gauge := func(name, help string, labels prometheus.Labels, value func() int64) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Name: prefix + name, Help: help, ConstLabels: labels}, func() float64 {
			s.mu.Lock()
			defer s.mu.Unlock()
			return float64(value())
		})
	}
	for _, state := range []string{stateOpen, stateSealed, stateRefused, stateCorrupt} {
		gauge("segments", "Segments on disk, by state.", prometheus.Labels{"state": state},
			func() int64 { return s.stock.by[state].segments })
	}
	gauge("pending_records", "Records that wait for delivery.", nil,
		func() int64 { return s.stock.pending().records })
	gauge("pending_bytes", "Bytes of the segments that wait for delivery.", nil,
		func() int64 { return s.stock.pending().bytes })
	gauge("oldest_seconds", "Age of the event that has waited longest for delivery; 0 when none waits.", nil, func() int64 {
		if oldest := s.oldest(); !oldest.IsZero() {
			return max(0, int64(time.Since(oldest).Seconds()))
		}
		return 0
	})
	gauge("refused_records", "Records in segments that are set aside.", nil,
		func() int64 { return s.stock.by[stateRefused].records })
	m.recovered.Add(float64(s.stock.pending().records + s.stock.by[stateRefused].records))
	return m
}

// committed counts a group that was written, or was not.
func (m *metrics) committed(records int, size int64, err error) {
	switch {
	case err == nil:
		m.records.Add(float64(records))
		m.bytes.Add(float64(size))
		m.commitRecords.Observe(float64(records))
	case errors.Is(err, ErrFull):
		m.rejectedFull.Add(float64(records))
	default:
		m.rejectedIO.Add(float64(records))
	}
}
