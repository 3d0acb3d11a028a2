package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/accesslog"
	"mayak/collector/deliver"
	"mayak/collector/enrich"
	"mayak/collector/privacy"
	"mayak/collector/spool"
	"mayak/schema/clickhouse"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/telemetry"
)

// importCommand is `collector import access-log`.
type importCommand struct {
	Site     string   `placeholder:"ID" help:"site that the requests were for; may be left out when the lines name their host, or when there is only one site"`
	Format   string   `default:"auto" help:"auto, caddy, vhost_combined, combined, common, or a format in the words of nginx's log_format or Apache's LogFormat"`
	Timezone string   `placeholder:"ZONE" help:"time zone of times that name none, like Asia/Almaty"`
	Rejected string   `default:"places" enum:"places,lines,none" help:"what to write aside of lines that cannot be read: places (file, line number, reason), lines (with the line itself, which holds an address), none"`
	Failures bool     `help:"store requests that the server answered with 4xx and 5xx too, as errors of the kind response: they are no page views"`
	Again    bool     `help:"import also what was imported before, as further events"`
	Files    []string `arg:"" name:"file" help:"logs, plain or packed with gzip, zstd or bzip2; - is standard input"`
}

// importing is one run of the command. It has a spool of its own: that of a running collector is in use.
type importing struct {
	command    *importCommand
	log        *slog.Logger
	dir        string
	meaning    accesslog.Meaning
	target     target
	oldest     time.Time // lines before are past what is kept
	restricted time.Time // and lines before this, past what network_log keeps: their addresses are not stored anywhere

	journal *accesslog.Journal
	salts   *importSalts
	gate    *privacy.Gate
	flow    *pipeline
	bare    *pipeline // the same, without rows for network_log
	spool   *spool.Spool
	conn    driver.Conn
	deliver *deliver.Deliverer
	told    *importReport
	pool    sync.Pool // of workers
}

const (
	importFolder = "import"
	// mostWaiting bounds what waits for the database on disk, and with it what an interrupted run leaves to the next.
	mostWaiting = 64 << 20
)

func importAccessLog(ctx context.Context, c *Config, command *importCommand, stdin io.Reader, stdout, stderr io.Writer) error {
	log, err := telemetry.Logger(stderr, c.LogLevel, c.LogFormat)
	if err != nil {
		return err
	}
	dir, err := c.dataDir(os.Getenv)
	if err != nil {
		return err
	}
	im := &importing{command: command, log: log, dir: filepath.Join(dir, importFolder)}
	im.pool.New = func() any { return new(importWorker) }
	if err := im.read(c); err != nil {
		return err
	}
	if im.conn, err = clickhouse.Open(c.database()); err != nil {
		return err
	}
	defer func() { _ = im.conn.Close() }() // what was sent was answered
	if err := im.build(ctx, c, im.dir); err != nil {
		return err
	}
	im.told = newImportReport(im.dir, command.Rejected, stdout, stderr)
	return im.run(ctx, stdin)
}

// read reads what the settings name, and finds every problem with it before anything is opened.
func (im *importing) read(c *Config) error {
	if c.Sites == "" {
		return errNoSites
	}
	known, err := sites.Load(c.Sites)
	if err != nil {
		return err
	}
	rules, err := policy.Load(c.Policy)
	if err != nil {
		return err
	}
	im.oldest = time.Now().AddDate(0, 0, -rules.Tables["events"].Retention.Days())
	im.restricted = time.Now().AddDate(0, 0, -rules.Tables["network_log"].Retention.Days())
	im.meaning.Proxies = c.proxies
	if im.command.Timezone != "" {
		if im.meaning.Zone, err = time.LoadLocation(im.command.Timezone); err != nil {
			return fmt.Errorf("timezone %q: want a name like Asia/Almaty", im.command.Timezone)
		}
	}
	if im.command.Format != accesslog.Auto {
		if _, err := accesslog.Compile(im.command.Format, im.meaning); err != nil {
			return err
		}
	}
	if im.target, err = newTarget(known, im.command.Site); err != nil {
		return err
	}
	lookups, err := enrich.NewLookups(enrich.Options{Directory: c.geoIP(), Log: im.log})
	if err != nil {
		return err
	}
	im.salts = newImportSalts()
	im.gate, err = privacy.New(privacy.Options{Sites: known, Policy: rules, Salts: im.salts, Lookups: lookups})
	return err
}

// build opens what the run works with. The database has to answer: it knows the salts of the days that still go on.
func (im *importing) build(ctx context.Context, c *Config, dir string) error {
	if err := im.salts.share(ctx, im.conn); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("folder of imports: %w", err)
	}
	sealer, err := event.OpenSealer(filepath.Join(dir, "network.key"))
	if err != nil {
		return err
	}
	key, err := c.openVisitorKey()
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry() // nobody scrapes a command; the report says the same
	im.spool, err = spool.Open(filepath.Join(dir, "spool"), spool.Options{
		Limit: int64(c.SpoolLimit), DiskShare: c.DiskShare, SegmentAge: c.SegmentAge, Log: im.log, Registerer: registry,
	})
	if err != nil {
		return err
	}
	if im.journal, err = accesslog.OpenJournal(filepath.Join(dir, "journal")); err != nil {
		return errors.Join(err, im.spool.Close(ctx))
	}
	im.flow = newPipeline(im.gate, enrich.New(), sealer, im.spool, registry)
	im.bare = newPipeline(im.gate, enrich.New(), nil, im.spool, prometheus.NewRegistry())
	im.bare.recent = im.flow.recent
	if err := im.flow.remember(); err != nil {
		return errors.Join(err, im.spool.Close(ctx))
	}
	im.deliver = deliver.New(deliver.Options{Spool: im.spool, Conn: im.conn, Sealer: sealer, Marker: key, Log: im.log, Registerer: registry})
	return nil
}

// run imports the logs one after the other, and delivers at the same time. What could not be delivered when it ends waits
// for the next run.
func (im *importing) run(ctx context.Context, stdin io.Reader) error {
	delivery, stopDelivery := context.WithCancel(context.WithoutCancel(ctx))
	defer stopDelivery()
	working, stopWorking := context.WithCancel(ctx)
	defer stopWorking()
	delivered := make(chan error, 1)
	go func() {
		err := im.deliver.Run(delivery)
		if err != nil {
			stopWorking() // or the work would wait for room for ever
		}
		delivered <- err
	}()
	stopTelling := im.told.start()

	var err error
	for _, name := range im.command.Files {
		if err = im.file(working, name, stdin); err != nil || working.Err() != nil {
			break
		}
	}
	err = errors.Join(err, im.spool.Seal(context.WithoutCancel(ctx)))
	im.told.phase("delivering")
	select {
	case deliverErr := <-delivered:
		err = errors.Join(err, deliverErr)
	case <-ctx.Done():
		stopDelivery()
		err = errors.Join(err, <-delivered)
	}
	stopTelling()
	return errors.Join(err, im.end(ctx))
}

// end says what is left.
func (im *importing) end(ctx context.Context) error {
	_, waiting, _ := im.spool.Pending()
	problem := im.told.close()
	if err := im.spool.Close(context.WithoutCancel(ctx)); err != nil {
		problem = errors.Join(problem, err)
	}
	if problem = errors.Join(problem, im.setAside()); waiting > 0 {
		problem = errors.Join(problem, fmt.Errorf("%d events wait for the database: the same command delivers them, and goes on where this one ended", waiting))
	} else if ctx.Err() != nil {
		problem = errors.Join(problem, errors.New("interrupted: the same command goes on where this one ended"))
	}
	return problem
}

// setAside tells of the events that the database will never take as they are.
func (im *importing) setAside() error {
	segments, err := spool.Inspect(filepath.Join(im.dir, "spool"))
	if err != nil {
		return err
	}
	events, reason := int64(0), ""
	for _, s := range segments {
		if s.Reason != "" {
			events, reason = events+s.Records, s.Reason
		}
	}
	if events == 0 {
		return nil
	}
	return fmt.Errorf("%d events were set aside (%s); collector spool list --data %s shows them, and spool replay makes them deliverable", events, reason, im.dir)
}
