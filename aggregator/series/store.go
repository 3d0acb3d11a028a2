package series

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// store holds samples in memory, packed as Prometheus packs them: one to two bytes each where a value changes little.
type store struct {
	most int
	kept time.Duration

	mu  sync.RWMutex
	all map[string]*one // by the labels' text
}

// one is one series. Its last chunk is still written to.
type one struct {
	labels labels.Labels
	chunks []*chunk
}

type chunk struct {
	data     *chunkenc.XORChunk
	appender chunkenc.Appender
	from, to int64 // times of the first and last sample, in milliseconds
}

// perChunk is how many samples a chunk holds.
const perChunk = 120

func newStore(most int, kept time.Duration) *store {
	return &store{most: most, kept: kept, all: map[string]*one{}}
}

// sample is one value that was read.
type sample struct {
	labels labels.Labels
	value  float64
}

// add keeps the samples of a moment, and tells how many had no room.
func (s *store) add(at time.Time, samples []sample) (refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := at.UnixMilli()
	for _, sample := range samples {
		name := string(sample.labels.Bytes(nil))
		held := s.all[name]
		if held == nil {
			if len(s.all) >= s.most {
				refused++
				continue
			}
			held = &one{labels: sample.labels}
			s.all[name] = held
		}
		held.add(ms, sample.value)
	}
	return refused
}

func (o *one) add(ms int64, value float64) {
	last := o.last()
	if last != nil && ms <= last.to {
		return // the clock was set back
	}
	if last == nil || last.data.NumSamples() >= perChunk {
		data := chunkenc.NewXORChunk()
		appender, err := data.Appender()
		if err != nil {
			return // an empty chunk always has one
		}
		last = &chunk{data: data, appender: appender, from: ms}
		o.chunks = append(o.chunks, last)
	}
	last.appender.Append(0, ms, value)
	last.to = ms
}

func (o *one) last() *chunk {
	if len(o.chunks) == 0 {
		return nil
	}
	return o.chunks[len(o.chunks)-1]
}

// forget removes what is older than is kept.
func (s *store) forget(now time.Time) {
	oldest := now.Add(-s.kept).UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, held := range s.all {
		held.chunks = slices.DeleteFunc(held.chunks, func(c *chunk) bool { return c.to < oldest })
		if len(held.chunks) == 0 {
			delete(s.all, name)
		}
	}
}

// size is how many series there are, and of how many bytes.
func (s *store) size() (series, bytes int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, held := range s.all {
		for _, c := range held.chunks {
			bytes += len(c.data.Bytes())
		}
	}
	return len(s.all), bytes
}

// Querier implements storage.Queryable.
func (s *store) Querier(from, to int64) (storage.Querier, error) {
	return &querier{store: s, from: from, to: to}, nil
}

type querier struct {
	store    *store
	from, to int64
}

// Select reads out what matches.
func (q *querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	q.store.mu.RLock()
	defer q.store.mu.RUnlock()
	set := &found{next: -1}
	for _, held := range q.store.all {
		if !matches(held.labels, matchers) {
			continue
		}
		if samples := held.within(q.from, q.to); len(samples) > 0 {
			set.series = append(set.series, storage.NewListSeries(held.labels, samples))
		}
	}
	slices.SortFunc(set.series, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return set
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(l.Get(m.Name)) })
}

func (o *one) within(from, to int64) (samples []chunks.Sample) {
	for _, c := range o.chunks {
		if c.to < from || c.from > to {
			continue
		}
		for it := c.data.Iterator(nil); it.Next() != chunkenc.ValNone; {
			if at, value := it.At(); at >= from && at <= to {
				samples = append(samples, point{at, value})
			}
		}
	}
	return samples
}

// LabelValues is for completing what somebody types, which nobody does here.
func (q *querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errNames
}

// LabelNames is for the same.
func (q *querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errNames
}

// Close has nothing to give back.
func (q *querier) Close() error { return nil }
