package report

import (
	"context"
	"net/url"
	"slices"

	"mayak/aggregator/report/period"
)

// SiteSpan is a site and a range of it, for what is no report.
type SiteSpan struct {
	Site string
	period.Range
}

// Span reads the parameters site and range of a reader. Its error is a MistakeError, unless the sites cannot be read.
func (r *Reports) Span(ctx context.Context, given url.Values, reader Reader) (*SiteSpan, error) {
	q := &Query{Definition: &Definition{}, Reader: reader, now: r.Now()}
	for key, values := range given {
		if known := []string{"site", "range", "format", "columns"}; !slices.Contains(known, key) {
			return nil, badf("%s", unknown("parameter", key, known))
		}
		if len(values) != 1 {
			return nil, badf("parameter %s is given %d times", key, len(values))
		}
	}
	if err := r.readSite(ctx, q, given.Get("site")); err != nil {
		return nil, err
	}
	if err := readRange(q, given); err != nil {
		return nil, err
	}
	return &SiteSpan{q.Site.ID, q.Range}, nil
}
