package main

import (
	"context"
	"time"

	"mayak/aggregator/rollup"
	"mayak/aggregator/session"
)

// visits gives the rollups the visits that sessions are put together to: neither package knows of the other.
type visits struct{ folder *session.Folder }

// Name is that of the table of visits.
func (visits) Name() string { return session.Visits }

// Changes is the table that tells of visits that are over.
func (visits) Changes() string { return session.Changes }

// Compute writes the visits that began in the unit's windows. Of what the tier below has made is of no use: sessions know themselves.
func (v visits) Compute(ctx context.Context, unit rollup.Unit) error {
	windows := make([]session.Window, len(unit.Windows))
	for i, w := range unit.Windows {
		windows[i] = session.Window{Tier: w.Tier.String(), From: w.Start, To: w.End}
	}
	return v.folder.ComputeVisits(ctx, unit.Site, unit.Generation, windows)
}

// Live is a SELECT of the visits that began in spans of time in which nothing is computed.
func (v visits) Live() string { return v.folder.LiveVisits("{site}", "{gaps}", "{first}", "{last}") }

// Ended is a SELECT of the visits that began in a span of time and ended long ago.
func (v visits) Ended(ctx context.Context, site string, since, until time.Time) (string, error) {
	return v.folder.EndedVisits(ctx, site, since, until)
}

// LiveIn is Live for some gaps of one site, as of some seconds ago.
func (v visits) LiveIn(ctx context.Context, site string, gaps []rollup.Span) (string, error) {
	spans := make([]session.Span, len(gaps))
	for i, gap := range gaps {
		spans[i] = session.Span(gap)
	}
	return v.folder.OpenVisitsIn(ctx, site, spans)
}
