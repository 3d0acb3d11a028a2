package main

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/report"
	"mayak/aggregator/report/api"
	"mayak/dashboards"
	"mayak/dashboards/viewer"
)

// boards are the dashboards as the viewer asks for them. Grafana sends the same queries to the database, which reads views; here the
// statement that a view of a report stands for is written in its place, with the windows that it needs found out before, as for a report.
func (a *aggregator) boards(conn driver.Conn, reports *report.Reports) (b api.Boards, err error) {
	b = api.Boards{Conn: conn, Metrics: a.series}
	if b.Set, err = dashboards.Load(); err != nil {
		return b, fmt.Errorf("dashboards: %w", err)
	}
	if b.Pages, err = viewer.Handler(); err != nil {
		return b, err
	}
	b.Rows = func(ctx context.Context, c dashboards.Call) (string, error) {
		query, found, err := a.readers.Rows(c.View, func(view string) (string, error) {
			return reports.Select(ctx, report.View{Name: view, Site: c.Site, Since: c.Since, Until: c.Until, Grain: c.Grain, Zone: c.Zone})
		})
		switch {
		case err != nil:
			return "", err
		case found:
			return "(" + query + ")", nil
		}
		return c.SQL(), nil // small enough to be understood as it is
	}
	return b, nil
}
