package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Deployment is a new version of a site, which may be why numbers change.
type Deployment struct {
	Site    string    `json:"site"`
	At      time.Time `json:"at"` // when visitors got it; zero is now
	Version string    `json:"version"`
	Text    string    `json:"text"` // what is new, in a line; may be empty
}

const (
	longestVersion    = 64
	longestNews       = 200
	oldestDeployment  = 400 * 24 * time.Hour
	furtherDeployment = 24 * time.Hour // that one may be told ahead
)

// ErrDeployment is a deployment that cannot be noted as it is told; the error that wraps it says why.
var ErrDeployment = errors.New("not a deployment")

// check refuses what is no line of text, or may be read as markup where it is shown.
func (d *Deployment) check(now time.Time) error {
	line := func(text string, longest int) bool {
		return utf8.ValidString(text) && utf8.RuneCountInString(text) <= longest && !strings.ContainsFunc(text, unicode.IsControl) && !strings.ContainsAny(text, "<>")
	}
	switch {
	case d.Site == "":
		return fmt.Errorf("%w: it has no site", ErrDeployment)
	case d.Version == "" || !line(d.Version, longestVersion):
		return fmt.Errorf("%w: want a version of 1 to %d characters in a line, without < and >", ErrDeployment, longestVersion)
	case !line(d.Text, longestNews):
		return fmt.Errorf("%w: want a text of at most %d characters in a line, without < and >", ErrDeployment, longestNews)
	case d.At.Before(now.Add(-oldestDeployment)) || d.At.After(now.Add(furtherDeployment)):
		return fmt.Errorf("%w: it was at %s; want a time of the last 400 days, or of the next", ErrDeployment, d.At.UTC().Format(time.RFC3339))
	}
	return nil
}

// Deploy notes a deployment. The same one told again replaces the first.
func (d *Diagnosis) Deploy(ctx context.Context, deployed *Deployment) error {
	now := d.o.Now()
	if deployed.At.IsZero() {
		deployed.At = now
	}
	deployed.At = deployed.At.UTC().Truncate(time.Second)
	if err := deployed.check(now); err != nil {
		return err
	}
	err := d.o.Conn.Exec(ctx, fmt.Sprintf("INSERT INTO deployments (site, at, version, text) SELECT %s, %s, %s, %s",
		text(deployed.Site), moment(deployed.At), text(deployed.Version), text(deployed.Text)))
	if err != nil {
		return fmt.Errorf("note a deployment: %w", err)
	}
	return nil
}

// Deployments lists those of a site, or of all when it is empty, the newest first.
func (d *Diagnosis) Deployments(ctx context.Context, site string, limit int) ([]Deployment, error) {
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf("SELECT site, at, version, text FROM deployments FINAL WHERE %[1]s IN ('', site) ORDER BY at DESC, site, version LIMIT %[2]d", text(site), limit))
	if err != nil {
		return nil, fmt.Errorf("read deployments: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var all []Deployment
	for rows.Next() {
		var one Deployment
		if err := rows.Scan(&one.Site, &one.At, &one.Version, &one.Text); err != nil {
			return nil, fmt.Errorf("read deployments: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
