// Package diagnose finds out when something is wrong with a site's servers, since when, and for whom.
//
//	events ─► minutes ─► spans of three minutes and more ─► verdicts ─► incidents ─► API, command, webhooks
//	   └────► windows of the last weeks ─► what is usual at this hour of the week ┘
//
// A signal is judged every minute, over the shortest span in which the site has enough visitors and over longer ones. An incident opens when
// two of three looks are far beyond what is usual, by deviations and by effect and in most of the span, and closes after ten calm minutes.
// What is usual is a median, so a bad hour of the past changes nothing. Of two aggregators that find the same, the first one keeps it.
package diagnose

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/sites"
)

// Options are what a Diagnosis works with.
type Options struct {
	Conn       driver.Conn
	Sites      *sites.Sites // nil or none: every site that has events, in UTC
	Hooks      []Hook
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
	Patience   time.Duration // after a start, or after the database was away, before minutes are judged
	Slack      time.Duration // how much later than what tells of a change the change itself may be seen; zero is 15 s
	Settle     time.Duration // until what another aggregator wrote at the same moment is seen; zero is 2 s
}

// Diagnosis watches all sites. Each of Round, Windows and the Tellers may run beside the others, but not beside itself; List and End may at
// any time.
type Diagnosis struct {
	o         Options
	name      string // of this process, among those that write incidents
	metrics   *metrics
	client    *http.Client
	detectors map[string]*watched // Round's
	read      time.Time           // the end of the newest minute that was read; Round's
	answered  time.Time           // when minutes were read last; Round's
	patient   time.Time           // until when rounds wait, if they do; Round's
}

// New only remembers.
func New(o Options) *Diagnosis {
	if o.Settle == 0 {
		o.Settle = 2 * time.Second
	}
	if o.Slack == 0 {
		o.Slack = 15 * time.Second
	}
	var name [8]byte
	_, _ = rand.Read(name[:]) // never fails
	return &Diagnosis{
		o: o, name: hex.EncodeToString(name[:]), metrics: newMetrics(o.Registerer, o.Hooks), detectors: map[string]*watched{},
		client: &http.Client{
			Timeout:       postTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a message goes where it was meant to go
		},
	}
}
