package series

import (
	"errors"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

var errNames = errors.New("names of labels are not looked up here")

// found goes through series that were read out.
type found struct {
	series []storage.Series
	next   int
}

// Next goes on to the next series.
func (f *found) Next() bool { f.next++; return f.next < len(f.series) }

// At is the series that it stands at.
func (f *found) At() storage.Series { return f.series[f.next] }

// Err is always nil: everything was read before.
func (f *found) Err() error { return nil }

// Warnings are none.
func (f *found) Warnings() annotations.Annotations { return nil }

// point is a sample as the engine wants it. There are no native histograms: the text format has none.
type point struct {
	at    int64
	value float64
}

// T is the sample's time in milliseconds.
func (p point) T() int64 { return p.at }

// ST is when its series began, which is not known.
func (p point) ST() int64 { return 0 }

// F is the sample's value.
func (p point) F() float64 { return p.value }

// H is the native histogram that it is not.
func (p point) H() *histogram.Histogram { return nil }

// FH is the native histogram that it is not.
func (p point) FH() *histogram.FloatHistogram { return nil }

// Type is always that of a number.
func (p point) Type() chunkenc.ValueType { return chunkenc.ValFloat }

// Copy is the sample itself, which nobody changes.
func (p point) Copy() chunks.Sample { return p }
