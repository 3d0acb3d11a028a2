package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"mayak/aggregator/audit"
	"mayak/aggregator/risk"
	"mayak/aggregator/schedule"
	"mayak/schema/geoip"
	"mayak/schema/settings"
)

// RiskConfig is the settings of questions about risk.
type RiskConfig struct {
	GeoIP     string  `env:"MAYAK_GEOIP" name:"geoip" help:"folder with *.mmdb files (country, city, ASN), the same as the collectors'; default: geoip in the user's cache folder; without, risk knows no places"`
	RiskLists string  `env:"MAYAK_AGGREGATOR_RISK_LISTS" help:"folder of lists *.txt and *.list with an address, a prefix or a network like AS64500 a line: tor* are exits of Tor, good* are never listed, all others are bad; read again when they change; default: aggregator/risk under MAYAK_DATA or under the user's data folder"`
	RiskRate  float64 `env:"MAYAK_AGGREGATOR_RISK_RATE" default:"1000" help:"questions about risk a second that one token may ask; 0 is no limit"`
}

// riskCommands are for who looks after the signals.
type riskCommands struct {
	Evaluate struct {
		Site  string        `help:"id of the site; all when empty"`
		Since time.Duration `default:"2160h" help:"how far back the verdicts go"`
	} `cmd:"" help:"compare scores with the verdicts that came back: precision and recall of each signal"`
	Signals struct{} `cmd:"" help:"list the signals with what each weighs and why"`
}

// run carries a command about risk out.
func (c *riskCommands) run(ctx context.Context, command string, a *aggregator, out io.Writer) error {
	if command == "risk signals" {
		for _, s := range risk.Catalogue() {
			if _, err := fmt.Fprintf(out, "%-18s %5.1f  %s: %s\n", s.Name, s.Weight, s.About, s.Why); err != nil {
				return err
			}
		}
		return nil
	}
	e, err := risk.Evaluate(ctx, a.conn, c.Evaluate.Site, time.Now().Add(-c.Evaluate.Since))
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, e)
	return err
}

// newRisk makes the desk that answers the payment step. Only who serves needs it: reading the databases of places takes a second.
func (a *aggregator) newRisk() error {
	lists, err := settings.DataFile(os.Getenv, a.config.RiskLists, "aggregator", "risk")
	if err != nil {
		return err
	}
	places, err := geoip.New(geoip.Options{
		Directory: a.config.geoIP(), Log: a.log, Registerer: a.registry, Metrics: "mayak_aggregator_geoip",
	})
	if err != nil {
		return err
	}
	a.risk, err = risk.NewDesk(risk.Options{
		Conn: a.conn, Places: places, Lists: lists, Key: a.keys.now, Blocked: a.subjects.BlockedVisitors, Log: a.log,
		Registerer: a.registry, Now: time.Now,
		Note: func(ctx context.Context, t *risk.Tally) error {
			return a.audit.Write(ctx, audit.Entry{Who: t.Caller, Role: t.Role, Action: "risk asked", Site: t.Site, Detail: t.Detail()})
		},
		Read: func(ctx context.Context, r *risk.Reading) error {
			return a.audit.Write(ctx, audit.Entry{Who: r.Caller, Role: r.Role, Action: "risk scores read", Site: r.Site, Detail: r.Detail})
		},
	})
	a.robots = risk.NewRobots(a.conn, a.registry)
	return err
}

// riskJobs are what keeps the desk up to date.
func (a *aggregator) riskJobs() []schedule.Job {
	if a.risk == nil {
		return nil
	}
	return []schedule.Job{
		{Name: "risk_window", Every: 2 * time.Second, Run: a.risk.Refresh},
		{Name: "robots", Every: time.Minute, Run: a.robots.Round},
		{Name: "risk_standing", Every: time.Minute, Run: a.risk.Stand},
	}
}

// geoIP is the folder of the databases; it may be missing.
func (c *Config) geoIP() string {
	if c.GeoIP != "" {
		return c.GeoIP
	}
	cache, err := settings.CacheFolder(os.Getenv)
	if err != nil {
		return "" // without a home there is no default
	}
	return filepath.Join(cache, "geoip")
}
