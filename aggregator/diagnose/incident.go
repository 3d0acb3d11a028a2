package diagnose

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The states of an incident.
const (
	StateOpen   = "open"
	StateClosed = "closed"
)

// Incident is one time that a signal of a site was out of the ordinary. It knows no person: only sums of many.
type Incident struct {
	ID      string    `json:"id"`
	Site    string    `json:"site"`
	Zone    string    `json:"time_zone"`
	Signal  string    `json:"signal"`
	State   string    `json:"state"`
	Started time.Time `json:"started"`         // about when it began
	Opened  time.Time `json:"opened"`          // when it was found
	Closed  time.Time `json:"closed,omitzero"` // when it was calm again
	Value   float64   `json:"value"`           // views in the span, ms, or a share
	Usual   float64   `json:"usual"`           // the same, as it usually is
	Ratio   float64   `json:"ratio"`           // times what is usual; of views, times less
	Score   float64   `json:"score"`           // robust deviations, at worst
	Count   float64   `json:"count"`           // views, times or answers that it was judged by
	Minutes int       `json:"minutes"`         // length of the span
	Causes  []Cause   `json:"causes"`          // the first one explains most; none when it concerns everybody
	Text    string    `json:"text"`
	Reason  string    `json:"reason,omitempty"` // why it was closed, where nobody saw that it was calm again
}

// ID is that of an incident of a site, so that all who find it call it by the same name.
func ID(site string, s Signal, started time.Time) string {
	sum := sha256.Sum256([]byte(site + "\x00" + s.String() + "\x00" + strconv.FormatInt(started.Unix()/60, 10)))
	return hex.EncodeToString(sum[:8])
}

// NewIncident makes one of a finding that opens it.
func NewIncident(site string, zone *time.Location, f Finding, causes []Cause) *Incident {
	i := &Incident{
		ID: ID(site, f.Signal, f.Started), Site: site, Zone: zone.String(), Signal: f.Signal.String(), State: StateOpen,
		Started: f.Started.UTC(), Opened: f.At.UTC(), Causes: causes,
	}
	i.take(f.Signal, f.Verdict)
	i.Text = i.words(f.Signal, zone)
	return i
}

// take takes over the numbers of a verdict.
func (i *Incident) take(s Signal, v Verdict) {
	i.Value, i.Usual, i.Ratio, i.Score, i.Count, i.Minutes = v.Value, v.Usual, v.Ratio, v.Score, v.Count, v.Minutes
	if s.isShare() {
		i.Value = v.Value / max(1, v.Count)
	}
}

// close ends it with what was worst.
func (i *Incident) close(f Finding, zone *time.Location) {
	i.State, i.Closed = StateClosed, f.At.UTC()
	if f.Worst.Score > i.Score {
		i.take(f.Signal, f.Worst)
		i.Text = i.words(f.Signal, zone)
	}
	i.Text += " until " + clock(i.Closed, i.Started, zone)
}

// end closes it though nobody saw that it is over.
func (i *Incident) end(at time.Time, reason string) {
	zone, err := time.LoadLocation(i.Zone)
	if err != nil {
		zone = time.UTC
	}
	i.State, i.Closed, i.Reason = StateClosed, at.UTC(), reason
	i.Text += " until " + clock(i.Closed, i.Started, zone) + " (" + reason + ")"
}

// clock is a time of the site's day, with its date where that is another one.
func clock(at, beside time.Time, zone *time.Location) string {
	at, beside = at.In(zone), beside.In(zone)
	if at.YearDay() == beside.YearDay() && at.Year() == beside.Year() {
		return at.Format("15:04")
	}
	return at.Format("2006-01-02 15:04")
}

// words say it in one line.
func (i *Incident) words(s Signal, zone *time.Location) string {
	parts := []string{i.what(s)}
	for _, c := range i.Causes {
		parts = append(parts, c.words())
	}
	return strings.Join(append(parts, "since "+i.Started.In(zone).Format("15:04")), " ")
}

func (i *Incident) what(s Signal) string {
	times := fmt.Sprintf("×%s", short(i.Ratio))
	if len(i.Causes) > 0 && s != Views {
		times = fmt.Sprintf("×%s", short(i.Causes[len(i.Causes)-1].Ratio))
	}
	switch s {
	case Views:
		if i.Value < 1 {
			return fmt.Sprintf("no page views in %d minutes, usually %s,", i.Minutes, short(i.Usual))
		}
		return fmt.Sprintf("only %s page views in %d minutes, usually %s,", short(i.Value), i.Minutes, short(i.Usual))
	case TTFB, LCP, INP:
		return fmt.Sprintf("%s p75 %s (of all %s ms, usually %s)", strings.ToUpper(s.String()), times, short(i.Value), short(i.Usual))
	case Errors:
		return fmt.Sprintf("script errors %s (%s in 100 page views, usually %s)", times, short(100*i.Value), short(100*i.Usual))
	case Failures:
		return fmt.Sprintf("server errors %s (%s %% of answers, usually %s)", times, short(100*i.Value), short(100*i.Usual))
	case ServerFailures:
		return fmt.Sprintf("server errors in its own log %s (%s %% of answers, usually %s)", times, short(100*i.Value), short(100*i.Usual))
	case Network:
		return fmt.Sprintf("network errors %s (%s in 100 page views, usually %s)", times, short(100*i.Value), short(100*i.Usual))
	}
	return s.String()
}

func (c Cause) words() string {
	switch c.Dimension {
	case Country:
		return "in " + c.Value
	case ASN:
		return "for AS" + c.Value
	case Path:
		return "on " + c.Value
	case Section:
		return "below " + c.Value
	case Device:
		return "on " + c.Value
	case Browser:
		return "in " + c.Value
	case Protocol:
		return "over " + c.Value
	case NetworkKind:
		return "in " + c.Value + " networks"
	}
	return "for " + c.Value
}

// short is a number with two digits that count.
func short(n float64) string {
	switch {
	case n >= 10 || n == math.Trunc(n):
		return strconv.FormatFloat(math.Round(n), 'f', -1, 64)
	case n >= 1:
		return strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', 2, 64)
}
