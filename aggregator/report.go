package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
	"mayak/aggregator/report/api"
	"mayak/aggregator/report/terminal"
	"mayak/aggregator/rollup"
	"mayak/aggregator/session"
	"mayak/schema/clickhouse"
	"mayak/schema/policy"
	"mayak/schema/proxies"
)

// ReportConfig is the settings of the reports.
type ReportConfig struct {
	Listen        string   `env:"MAYAK_AGGREGATOR_LISTEN" default:"127.0.0.1:8090" help:"address of the report API"`
	Hosts         []string `env:"MAYAK_AGGREGATOR_HOSTS" help:"host names that the report API is reached by, beside its address and localhost"`
	Proxies       []string `env:"MAYAK_AGGREGATOR_TRUSTED_PROXIES" name:"trusted-proxies" placeholder:"CIDR,…" help:"proxies whose X-Forwarded-For or Forwarded is believed; without them all who log in through one share the limit on wrong passwords"`
	Tokens        string   `env:"MAYAK_AGGREGATOR_TOKENS" help:"file of the tokens that the report API answers; default: aggregator/tokens.yaml under MAYAK_DATA or under the user's data folder"`
	SmallestGroup int      `env:"MAYAK_AGGREGATOR_SMALLEST_GROUP" default:"0" help:"analysts see no group of fewer visitors; 0 is the number of the policy file, 1 shows every group"`
	ExportDSN     string   `env:"MAYAK_AGGREGATOR_EXPORT_DSN" name:"export-dsn" help:"http(s):// address of the database for exports, where MAYAK_CLICKHOUSE_DSN is clickhouse://"`
	Processes     []string `env:"MAYAK_AGGREGATOR_PROCESSES" default:"127.0.0.1:8081" help:"addresses of the collectors' and the engine's metrics, which the dashboards show beside the aggregator's own"`
	Policy        string   `env:"MAYAK_POLICY" help:"the policy file; the built-in policy when empty"`
}

// trusted are the proxies that say for whom they ask.
func (c *ReportConfig) trusted() (proxies.Trusted, error) {
	all, err := proxies.Parse(c.Proxies)
	if err != nil {
		return nil, fmt.Errorf("trusted-proxies: %w", err)
	}
	return all, nil
}

// reportCommand is what can be said of a report on the command line: what the API's parameters say.
type reportCommand struct {
	Name        string `arg:"" help:"name of the report; one that does not exist lists those that do"`
	Site        string `required:"" help:"id of the site"`
	Range       string `default:"7d" help:"today, yesterday, 7d, 12mo, 2026-01, 2026-01-01..2026-02-01 or an ISO 8601 interval; its end is not part of it"`
	Granularity string `help:"a row for each minute, hour, day, week or month"`
	Filter      string `help:"conditions, as path=~/news/*;country==KZ|RU"`
	Compare     bool   `help:"with the period before"`
	Sort        string `help:"columns to sort by, as -views,path"`
	Limit       int    `default:"20" help:"rows of a page"`
	Page        int    `default:"1" help:"which page"`
	Format      string `default:"table" enum:"table,json,csv" help:"${enum}; json and csv are what the API answers"`
	Role        string `help:"show what a caller of this role is answered: analyst, ops or security; everything when empty"`
}

func (c *reportCommand) parameters() url.Values {
	values := url.Values{"site": {c.Site}, "range": {c.Range}, "limit": {strconv.Itoa(c.Limit)}, "page": {strconv.Itoa(c.Page)}}
	for name, value := range map[string]string{"granularity": c.Granularity, "filter": c.Filter, "sort": c.Sort} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if c.Compare {
		values.Set("compare", "previous")
	}
	return values
}

// newReports makes the catalogue's reports on a database.
func (a *aggregator) newReports(conn driver.Conn, definitions []report.Definition) (*report.Reports, error) {
	ofSessions := map[string]bool{}
	for _, r := range session.Reports() {
		ofSessions[r.Name] = true
	}
	return report.New(report.Options{
		Conn: conn, Sites: report.StoredSites(conn), Definitions: definitions, Lag: a.engine.Lag, Now: time.Now,
		Select: func(ctx context.Context, v report.View) (string, error) {
			if ofSessions[v.Name] {
				return a.sessions.Report(ctx, v.Name, v.Site, v.Since, v.Until, v.Grain, v.Zone)
			}
			return a.engine.Select(ctx, rollup.Question{Report: v.Name, Site: v.Site, Since: v.Since, Until: v.Until, Grain: v.Grain, Zone: v.Zone})
		},
	})
}

// describe lists the reports as the policy lets them be read.
func describe(rules *policy.Policy) ([]report.Definition, error) {
	catalogue, err := rollup.Catalogue()
	if err != nil {
		return nil, err
	}
	for _, r := range session.Reports() {
		catalogue = append(catalogue, asRollup(r))
	}
	return report.Definitions(catalogue, rules)
}

// smallest is the least group of visitors that an analyst is shown.
func (c *Config) smallest(rules *policy.Policy) int {
	if c.SmallestGroup > 0 {
		return c.SmallestGroup
	}
	return rules.SmallestGroup
}

// asRollup describes a report that is read from sessions as those are that are counted by the day.
func asRollup(r session.Report) rollup.Rollup {
	columns := func(of []session.Column) []rollup.Column {
		all := make([]rollup.Column, 0, len(of))
		for _, c := range of {
			all = append(all, rollup.Column(c))
		}
		return all
	}
	return rollup.Rollup{Name: r.Name, About: r.About, Source: "sessions", View: r.Name, Dimensions: columns(r.Dimensions), Measures: columns(r.Measures)}
}

// printReport answers a question at the terminal, straight from the database.
func printReport(ctx context.Context, c *Config, question *reportCommand, log *slog.Logger, out io.Writer) error {
	a, err := newAggregator(c, log)
	if err != nil {
		return err
	}
	defer func() { _ = a.conn.Close() }() // nothing is left unsent
	defer a.reports.close()
	reports := a.reports.of
	reader, err := readerOf(question.Role, c.smallest(a.rules))
	if err != nil {
		return err
	}
	query, err := reports.Parse(ctx, question.Name, question.parameters(), reader)
	if err != nil {
		return err
	}
	answer, err := reports.Run(ctx, query)
	if err != nil {
		return err
	}
	switch question.Format {
	case "json":
		return json.NewEncoder(out).Encode(answer)
	case "csv":
		return answer.WriteCSV(out)
	}
	var trend *report.Trend
	if question.Granularity == "" && len(answer.Rows) > 0 {
		if trend, err = reports.Trend(ctx, query, answer); err != nil {
			return err
		}
	}
	return terminal.Write(out, answer, trend)
}

// readerOf is the reader of a role, and who sees everything without one: who may ask the database may do so anyway.
func readerOf(role string, smallest int) (report.Reader, error) {
	if role == "" {
		return report.Reader{}, nil
	}
	r, err := access.ParseRole(role)
	if err != nil {
		return report.Reader{}, err
	}
	return api.Reader(access.Caller{Role: r}, smallest), nil
}

// reporting is the server of reports with its connections: it has its own, since an export holds one for as long as it lasts.
type reporting struct {
	*api.Server

	of    *report.Reports
	conns []driver.Conn
}

const (
	reportConnections = 8
	exportConnections = 4
)

func (a *aggregator) newReporting(definitions []report.Definition) (*reporting, error) {
	file, err := a.config.tokensFile()
	if err != nil {
		return nil, err
	}
	asking, exporting := a.config.database(), a.config.database()
	asking.Connections, exporting.Connections = reportConnections, exportConnections
	if a.config.ExportDSN != "" {
		exporting.DSN = a.config.ExportDSN
	}
	conn, err := clickhouse.Open(asking)
	if err != nil {
		return nil, err
	}
	export, err := clickhouse.Open(exporting)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	r := &reporting{conns: []driver.Conn{conn, export}}
	if r.of, err = a.newReports(conn, definitions); err != nil {
		r.close()
		return nil, err
	}
	trusted, err := a.config.trusted()
	if err != nil {
		r.close()
		return nil, err
	}
	options := api.Options{
		Address: a.config.Listen, Hosts: a.config.Hosts, Proxies: trusted, Reports: r.of, Tokens: access.Open(file), Policy: a.rules, Export: export,
		Audit: a.audit, Persons: a.subjects, Incidents: a.diagnosis, RiskRate: a.config.RiskRate,
		Smallest: a.config.smallest(a.rules), Log: a.log, Registry: a.registry, Now: time.Now,
	}
	if a.risk != nil {
		options.Risk = a.risk
	}
	if options.Boards, err = a.boards(conn, r.of); err != nil {
		r.close()
		return nil, err
	}
	r.Server = api.New(options)
	return r, nil
}

func (r *reporting) close() {
	for _, conn := range r.conns {
		_ = conn.Close() // nothing is left unsent
	}
}
