package rollup

import (
	"context"
	"time"
)

// Source is a base that is more than sums over counted, as sessions are: somebody else fills its table.
//
// The table begins with the columns that the engine reads by: site, tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2), window DateTime('UTC'),
// generation UInt64, visitor UInt64, consented UInt8. Its tier day holds the rows of visitors who consented only, its tiers 5m and
// hour those of all. Rows are added, never changed; the engine deletes those of generations that nobody reads any more.
type Source interface {
	// Name is that of the table, and what a report's file gives as its source.
	Name() string
	// Changes is the table that tells which 5-minute windows can be computed, or have to be computed again, shaped as window_changes.
	Changes() string
	// Compute writes the rows of the unit's windows.
	Compute(ctx context.Context, unit Unit) error
	// Live is a SELECT of rows as the table's, without site, tier and generation and in the order of its columns, for spans of time in
	// which nothing is computed yet: {gaps} is an array of tuples (since, until), {first} and {last} its first and last moment, {site}
	// the site.
	Live() string
	// LiveIn is Live for these gaps of one site.
	LiveIn(ctx context.Context, site string, gaps []Span) (string, error)
	// Ended is a SELECT of rows as Live's of what began from since to before until and is long over. It does not look at events.
	Ended(ctx context.Context, site string, since, until time.Time) (string, error)
}

// settle is how long after its end an hour or a day of a Source waits for what began in it and goes on: as long as the Source waits itself, at
// most. Its five minutes come when its changes say so, and those that have not come are read from events.
const settle = 3 * time.Hour

// Unit is what is computed at once: windows of one tier of one site, in order and without others between them.
type Unit struct {
	Site       string
	Zone       string
	Tier       Tier
	Windows    []Window
	Generation uint64
	// From are the windows of the tier below to make them of, with the generation to read each at; empty means from counted.
	From []Computed
}

// Computed is a window with the generation that holds its rows.
type Computed struct {
	Window

	Generation uint64
}

// foreignNames are the sources that other packages bring.
func foreignNames() []string { return []string{"visits"} }
