package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/beacon"
	"mayak/collector/deliver"
	"mayak/collector/enrich"
	"mayak/collector/keys"
	"mayak/collector/mail"
	"mayak/collector/privacy"
	"mayak/collector/rights"
	"mayak/collector/spool"
	"mayak/collector/tracker"
	"mayak/schema/clickhouse"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/telemetry"
	"mayak/schema/visitor"
)

// collector is the process: its parts, in the order in which data flow.
type collector struct {
	config    *Config
	log       *slog.Logger
	sites     *sites.Sites
	rules     *policy.Policy
	key       *visitor.Key
	server    *beacon.Server
	modules   map[float64]*beacon.Script // for diagnostics, by the share of page views that they measure
	lookups   *enrich.Lookups
	salts     *visitor.Salts
	spool     *spool.Spool
	sent      *sent
	aside     *aside
	deliverer *deliver.Deliverer
	conn      driver.Conn
	reader    driver.Conn // for the visitor's page
	admin     *telemetry.Admin
}

// garbagePercent is how much garbage may pile up beside what is in use before it is collected.
const garbagePercent = 50

func serve(ctx context.Context, c *Config, stdout, stderr io.Writer) error {
	log, err := telemetry.Logger(stderr, c.LogLevel, c.LogFormat)
	if err != nil {
		return err
	}
	if err := telemetry.NoCoreFiles(); err != nil {
		return err
	}
	if c.Check {
		if err := check(c, log); err != nil {
			return err
		}
		_, err := fmt.Fprintln(stdout, "settings are valid")
		return err
	}
	if os.Getenv("GOGC") == "" {
		// Requests allocate next to nothing; what makes garbage are the batches of a delivery, and half as much of it is kept.
		debug.SetGCPercent(garbagePercent)
	}
	process, err := build(c, log)
	if err != nil {
		return err
	}
	return process.run(ctx)
}

var errNoSites = errors.New("no sites file: set MAYAK_COLLECTOR_SITES or --sites")

func build(c *Config, log *slog.Logger) (*collector, error) {
	if c.Sites == "" {
		return nil, errNoSites
	}
	dir, err := c.dataDir(os.Getenv)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	p := &collector{config: c, log: log}
	if p.conn, err = clickhouse.Open(c.database()); err != nil {
		return nil, err
	}
	if err := p.buildParts(c, dir, telemetry.NewRegistry()); err != nil {
		return nil, errors.Join(err, p.conn.Close())
	}
	return p, nil
}

func (p *collector) buildParts(c *Config, dir string, registry *prometheus.Registry) error {
	gate, err := p.buildGate(c, dir, registry)
	if err != nil {
		return err
	}
	sealer, err := p.openSealer(dir, registry)
	if err != nil {
		return err
	}
	if err := p.keepApart(dir); err != nil {
		return err
	}
	p.spool, err = spool.Open(filepath.Join(dir, "spool"), spool.Options{
		Limit: int64(c.SpoolLimit), DiskShare: c.DiskShare, SegmentAge: c.SegmentAge, Log: p.log, Registerer: registry,
	})
	if err != nil {
		return err
	}
	p.aside = newAside(p.spool, filepath.Join(dir, "spool"), p.rules.Spool, p.log, registry)
	flow := newPipeline(gate, enrich.New(), sealer, p.spool, registry)
	flow.outcomes = newOutcomes(p.sites, c.clock(), registry)
	p.sent, err = openSent(sentOptions{
		dir: filepath.Join(dir, "ids"), key: p.key.Derive("ids of events of servers and apps"), memory: int(c.IDMemory), now: c.clock(), log: p.log, registry: registry,
	})
	if err != nil {
		return err
	}
	flow.sent = p.sent
	if err := flow.remember(); err != nil {
		return err
	}
	p.deliverer = deliver.New(deliver.Options{Spool: p.spool, Conn: p.conn, Sealer: sealer, Marker: p.key, Log: p.log, Registerer: registry})
	return p.buildEdge(c, flow, registry)
}

func (p *collector) buildGate(c *Config, dir string, registry *prometheus.Registry) (*privacy.Gate, error) {
	if err := p.readFiles(c); err != nil {
		return nil, err
	}
	var err error
	p.lookups, err = enrich.NewLookups(enrich.Options{Directory: c.geoIP(), Log: p.log, Registerer: registry})
	if err != nil {
		return nil, err
	}
	zones := make([]*time.Location, 0, len(p.sites.All()))
	for _, site := range p.sites.All() {
		zones = append(zones, site.Location())
	}
	p.salts, err = visitor.OpenSalts(visitor.Options{
		Path: filepath.Join(dir, "salts"), Zones: zones, Now: c.clock(),
		Shared: visitor.NewDatabase(p.conn, c.clock()), Registry: registry, Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	return privacy.New(privacy.Options{
		Sites: p.sites, Policy: p.rules, Salts: p.salts, Lookups: p.lookups, Nights: visitor.NewNights(registry), Key: p.key,
	})
}

// readFiles reads what the operator has written, and the key of visitors who consented.
func (p *collector) readFiles(c *Config) error {
	var err error
	if p.sites, err = sites.Load(c.Sites); err != nil {
		return err
	}
	if p.rules, err = policy.Load(c.Policy); err != nil {
		return err
	}
	p.key, err = c.openVisitorKey()
	return err
}

// buildRights makes what answers visitors. It reads through a connection of its own, whose user may do nothing else.
func (p *collector) buildRights(c *Config, flow *pipeline, registry *prometheus.Registry) (*rights.Service, error) {
	var err error
	if p.reader, err = clickhouse.Open(c.reader()); err != nil {
		return nil, err
	}
	return rights.New(rights.Options{
		Sites: p.sites, Policy: p.rules, Key: p.key, Journal: flow, Records: rights.NewDatabase(p.reader), Banner: tracker.Banner(),
		Log: p.log, Metrics: registry, Now: time.Now,
	})
}

// buildMail makes what reads the links of e-mails.
func (p *collector) buildMail(c *Config) (*mail.Service, error) {
	unsubscribed, err := c.unsubscribed(p.log)
	if err != nil {
		return nil, err
	}
	return mail.New(mail.Options{Sites: p.sites, Key: p.key, Lookups: p.lookups, Unsubscribed: unsubscribed}), nil
}

func (p *collector) buildEdge(c *Config, flow *pipeline, registry *prometheus.Registry) error {
	keysFile, err := c.keysFile()
	if err != nil {
		return err
	}
	visitors, err := p.buildRights(c, flow, registry)
	if err != nil {
		return err
	}
	links, err := p.buildMail(c)
	if err != nil {
		return err
	}
	p.modules = map[float64]*beacon.Script{}
	for _, site := range p.sites.All() {
		if share := site.Sample(); p.modules[share] == nil {
			module, err := tracker.Diagnostics(share)
			if err != nil {
				return err
			}
			p.modules[share] = edgeScript(module)
		}
	}
	p.server = beacon.New(beacon.Options{
		Listen: c.Listen, CertificateFile: c.TLSCert, KeyFile: c.TLSKey, TrustedProxies: c.proxies, ForwardedHeader: c.ForwardedHeader,
		Limits: beacon.Limits{
			Connections: c.Connections, Rate: c.RatePerSecond, Burst: c.RateBurst, KeyRate: c.KeyRate, StopTime: c.ShutdownTimeout,
		},
		Pipeline: flow,
		Keys:     keys.Open(keysFile).Find,
		Sites:    p.edgeSite,
		Mail:     links,
		Rights:   visitors,
		TooOften: http.HandlerFunc(visitors.TooOften),
		Script:   *edgeScript(tracker.Script()),
		Log:      p.log, Registerer: registry, Now: c.clock(),
	})
	checks := &telemetry.Checks{}
	checks.Add("edge", p.server.Ready)
	checks.Add("spool", p.checkSpool)
	checks.Add("visitor_key", p.deliverer.Ready)
	p.admin = &telemetry.Admin{
		Address: c.AdminListen, Registry: registry, Checks: checks, Log: p.log,
		Routes: map[string]http.Handler{"GET /unknown": p.server.Unknown(), "GET /tail": flow.outcomes},
	}
	return nil
}

func edgeScript(a tracker.Asset) *beacon.Script {
	return &beacon.Script{Body: a.Body, Gzip: a.Gzip, Brotli: a.Brotli, ETag: a.ETag, Version: a.Version}
}

// edgeSite is what of the sites file the edge must know.
func (p *collector) edgeSite(id string) (beacon.Site, bool) {
	site := p.sites.Find(id)
	if site == nil {
		return beacon.Site{}, false
	}
	return beacon.Site{Sample: site.Sample(), Module: p.modules[site.Sample()], Reports: site.TakesReports(), Owns: site.Owns}, true
}

// checkSpool is readiness: a collector is ready for as long as it can store, with or without the database.
func (p *collector) checkSpool(context.Context) (string, error) {
	segments, records, bytes := p.spool.Pending()
	detail := fmt.Sprintf("%d events in %d segments wait, %d bytes", records, segments, bytes)
	if err := p.spool.Room(); err != nil {
		return "", fmt.Errorf("%w (%s)", err, detail)
	}
	return detail, nil
}

// run serves until ctx ends. Then, in the order of the data: the edge finishes its requests, the spool is sealed, the
// deliverer carries away what it can within its deadline, and the rest waits on disk for the next start.
func (p *collector) run(ctx context.Context) error {
	// A port in use must be an error of the start, not of a goroutine.
	if _, err := p.admin.Listen(ctx); err != nil {
		return errors.Join(err, p.close(ctx))
	}
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	delivery, stopDelivery := context.WithCancel(context.WithoutCancel(ctx))
	defer stopDelivery()
	serving, stopServing := context.WithCancelCause(ctx)
	defer stopServing(nil)

	var parts sync.WaitGroup
	parts.Go(func() { p.report(p.admin.Run(background), stopServing) })
	parts.Go(func() { p.report(p.lookups.Run(background), stopServing) })
	parts.Go(func() { p.salts.Run(background) })
	parts.Go(func() { p.aside.Run(background) })
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		p.report(p.deliverer.Run(delivery), stopServing)
	}()

	err := p.server.Run(serving)
	if cause := context.Cause(serving); err == nil && cause != nil && ctx.Err() == nil {
		err = cause
	}
	p.finish(ctx, delivered, stopDelivery)
	stopBackground()
	parts.Wait()
	return errors.Join(err, p.close(ctx))
}

// report ends the process when a part that must run for ever has failed.
func (p *collector) report(err error, stop context.CancelCauseFunc) {
	if err != nil && !errors.Is(err, context.Canceled) {
		stop(err)
	}
}

func (p *collector) finish(ended context.Context, delivered <-chan struct{}, stopDelivery context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ended), p.config.ShutdownTimeout)
	defer cancel()
	if err := p.spool.Seal(ctx); err != nil {
		p.log.Error("spool not sealed", "err", err)
	}
	select {
	case <-delivered:
	case <-ctx.Done():
	}
	stopDelivery()
	<-delivered
	segments, records, _ := p.spool.Pending()
	p.log.Info("collector stopped", "pending_segments", segments, "pending_events", records)
}

func (p *collector) close(ended context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ended), p.config.ShutdownTimeout)
	defer cancel()
	return errors.Join(p.spool.Close(ctx), p.sent.close(), p.conn.Close(), p.reader.Close())
}
