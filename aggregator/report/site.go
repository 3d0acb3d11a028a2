package report

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Site is what a report must know of a site.
type Site struct {
	ID        string
	Zone      *time.Location
	WeekStart time.Weekday
}

// sitesTimeout is how long the sites may take: who asks for anything waits for them first, also of a database that takes questions and
// answers none.
const sitesTimeout = 10 * time.Second

// StoredSites reads the sites that the aggregator has written into the database, so that a report needs no file and agrees with the
// rollups on the zone.
func StoredSites(conn driver.Conn) func(context.Context) ([]Site, error) {
	return func(ctx context.Context) ([]Site, error) {
		ctx, cancel := context.WithTimeout(ctx, sitesTimeout)
		defer cancel()
		rows, err := conn.Query(ctx, "SELECT id, time_zone, toUInt8(week_start) FROM sites FINAL ORDER BY id")
		if err != nil {
			return nil, fmt.Errorf("read sites: %w", err)
		}
		defer func() { _ = rows.Close() }() // Err tells
		var all []Site
		for rows.Next() {
			var id, zone string
			var start uint8
			if err := rows.Scan(&id, &zone, &start); err != nil {
				return nil, fmt.Errorf("read sites: %w", err)
			}
			location, err := time.LoadLocation(zone)
			if err != nil {
				return nil, fmt.Errorf("site %s: %w", id, err)
			}
			all = append(all, Site{ID: id, Zone: location, WeekStart: weekday(start)})
		}
		return all, rows.Err()
	}
}

// weekday is the day of ISO 8601's number: Monday is 1, Sunday 7; 0, which says nothing, is Monday.
func weekday(number uint8) time.Weekday {
	if number == 0 {
		return time.Monday
	}
	return time.Weekday(number % 7)
}

// VisibleSites is the sites that the reader may see.
func (r *Reports) VisibleSites(ctx context.Context, reader Reader) ([]Site, error) {
	known, err := r.Sites(ctx)
	if err != nil {
		return nil, err
	}
	var visible []Site
	for _, site := range known {
		if reader.sees(site.ID) {
			visible = append(visible, site)
		}
	}
	return visible, nil
}

// readSite finds the site that is asked for among those that the reader may see.
func (r *Reports) readSite(ctx context.Context, q *Query, id string) error {
	visible, err := r.VisibleSites(ctx, q.Reader)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(visible))
	for i, site := range visible {
		if site.ID == id {
			q.Site = &visible[i]
			return nil
		}
		ids = append(ids, site.ID)
	}
	if id == "" {
		return badf("%s", "parameter site is missing"+exist(ids))
	}
	return Missing("site", id, ids)
}
