package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"mayak/collector/mail"
	"mayak/schema/clickhouse"
	"mayak/schema/proxies"
	"mayak/schema/settings"
	"mayak/schema/visitor"
)

// Config is every setting of the collector. The README's table is made from it.
type Config struct {
	Listen          string   `env:"MAYAK_COLLECTOR_LISTEN" default:"127.0.0.1:8080" help:"address of the beacon endpoint"`
	AdminListen     string   `env:"MAYAK_COLLECTOR_ADMIN_LISTEN" default:"127.0.0.1:8081" help:"address of /metrics, /healthz, /readyz and /unknown"`
	TLSCert         string   `env:"MAYAK_COLLECTOR_TLS_CERT" help:"certificate file in PEM; read again when it changes"`
	TLSKey          string   `env:"MAYAK_COLLECTOR_TLS_KEY" help:"key file in PEM"`
	TrustedProxy    []string `env:"MAYAK_COLLECTOR_TRUSTED_PROXIES" name:"trusted-proxies" placeholder:"CIDR,…" help:"proxies whose X-Forwarded-For or Forwarded is believed"`
	ForwardedHeader string   `env:"MAYAK_COLLECTOR_FORWARDED_HEADER" enum:",X-Forwarded-For,Forwarded" default:"" help:"the only header that the proxies say it in; both are read when empty, so a proxy must strip the one that it does not write"`
	RatePerSecond   float64  `env:"MAYAK_COLLECTOR_RATE" name:"rate" default:"50" help:"hits a second that one client may send in the long run"`
	RateBurst       int      `env:"MAYAK_COLLECTOR_RATE_BURST" default:"500" help:"hits that one client may send at once"`
	KeyRate         float64  `env:"MAYAK_COLLECTOR_KEY_RATE" default:"5000" help:"items a second that may come with one key of a server or app in the long run"`
	Connections     int      `env:"MAYAK_COLLECTOR_CONNECTIONS" default:"20000" help:"connections at once"`

	Sites  string `env:"MAYAK_COLLECTOR_SITES" help:"the sites file; required for taking hits"`
	Policy string `env:"MAYAK_POLICY" help:"the policy file; the built-in policy when empty"`
	GeoIP  string `env:"MAYAK_GEOIP" name:"geoip" help:"folder with *.mmdb files (country, city, ASN); default: geoip in the user's cache folder, where make geoip puts them; places stay empty without"`

	Keys            string         `env:"MAYAK_COLLECTOR_KEYS" help:"file of the keys of servers and apps; default: collector/keys.yaml under MAYAK_DATA or under the user's data folder"`
	Data            string         `env:"MAYAK_COLLECTOR_DATA" help:"folder of the spool, the salts and the network key; default: collector under MAYAK_DATA or under the user's data folder"`
	VisitorKey      string         `env:"MAYAK_VISITOR_KEY" help:"file of the key of visitors who consented, the same for collectors and aggregators; default: visitor.key under MAYAK_DATA or under the user's data folder"`
	Unsubscribed    string         `env:"MAYAK_COLLECTOR_UNSUBSCRIBED" help:"file with the numbers, one to a line, of recipients of e-mails who are not to be counted; read again when it changes"`
	SpoolLimit      settings.Bytes `env:"MAYAK_COLLECTOR_SPOOL_LIMIT" default:"10GiB" help:"answer 503 once the spool holds this much, at least 1MiB"`
	DiskShare       float64        `env:"MAYAK_COLLECTOR_DISK_SHARE" default:"0.8" help:"or once the file system is fuller than this, as df tells it, and has less free than the limit"`
	IDMemory        settings.Bytes `env:"MAYAK_COLLECTOR_ID_MEMORY" default:"256MiB" help:"memory for the ids of the events that servers and apps sent today and yesterday, 11 to 21 bytes each, so that one that is sent again counts once; taken as it is needed"`
	SegmentAge      time.Duration  `env:"MAYAK_COLLECTOR_SEGMENT_AGE" default:"500ms" help:"how long a lone event waits for company before it is delivered"`
	ShutdownTimeout time.Duration  `env:"MAYAK_COLLECTOR_SHUTDOWN_TIMEOUT" default:"10s" help:"time for the last requests, and again for the last deliveries; what remains waits in the spool"`

	DSN            string          `env:"MAYAK_CLICKHOUSE_DSN" name:"clickhouse-dsn" default:"http://127.0.0.1:8123/mayak" help:"database: http(s)://host:8123/mayak or clickhouse://user@host:9000,host:9000/mayak?secure=true"`
	Password       settings.Secret `env:"MAYAK_CLICKHOUSE_PASSWORD" name:"clickhouse-password" help:"password of the database user"`
	ReaderDSN      string          `env:"MAYAK_COLLECTOR_READER_DSN" name:"reader-dsn" help:"the same database with the user that reads for the visitor's page, who needs only the views visitor_events, visitor_network and visitor_consents; default: the user that delivers"`
	ReaderPassword settings.Secret `env:"MAYAK_COLLECTOR_READER_PASSWORD" name:"reader-password" help:"password of that user"`
	CAFile         string          `env:"MAYAK_CLICKHOUSE_CA_FILE" name:"clickhouse-ca-file" help:"certificates to trust beside the system's"`

	LogLevel  string `env:"MAYAK_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"least severe message to log: ${enum}"`
	LogFormat string `env:"MAYAK_LOG_FORMAT" default:"text" enum:"text,json" help:"${enum}"`
	Check     bool   `help:"validate the settings and the files they name, and end"`
	Version   bool   `help:"print the version, and end"`

	proxies proxies.Trusted
	now     func() time.Time // nil: the machine's clock
}

// Validate reports every problem at once. Kong calls it.
func (c *Config) Validate() error {
	var problems []error
	if (c.TLSCert == "") != (c.TLSKey == "") {
		problems = append(problems, errors.New("tls-cert and tls-key go together"))
	}
	var err error
	if c.proxies, err = proxies.Parse(c.TrustedProxy); err != nil {
		problems = append(problems, fmt.Errorf("trusted-proxies: %w", err))
	}
	for _, positive := range []struct {
		name string
		ok   bool
	}{
		{"rate", c.RatePerSecond > 0},
		{"rate-burst", c.RateBurst > 0},
		{"key-rate", c.KeyRate > 0},
		{"connections", c.Connections > 0},
		{"id-memory", c.IDMemory > 0},
		{"disk-share (at most 1)", c.DiskShare > 0 && c.DiskShare <= 1},
		{"segment-age", c.SegmentAge > 0},
		{"shutdown-timeout", c.ShutdownTimeout > 0},
	} {
		if !positive.ok {
			problems = append(problems, fmt.Errorf("%s must be above zero", positive.name))
		}
	}
	if c.SpoolLimit < smallestSpool {
		problems = append(problems, errors.New("spool-limit must be at least 1MiB: less does not hold what one request may bring"))
	}
	for _, options := range []clickhouse.Options{c.database(), c.reader()} {
		if _, err := clickhouse.Parse(options); err != nil {
			problems = append(problems, err)
			break // the second one is the first one's by default
		}
	}
	return errors.Join(problems...)
}

// smallestSpool takes the largest batch that the edge hands on at a time.
const smallestSpool = 1 << 20

func (c *Config) database() clickhouse.Options {
	return clickhouse.Options{DSN: c.DSN, Password: c.Password.Reveal(), CAFile: c.CAFile, Name: "collector"}
}

// dataDir is where everything that must outlive the process is kept.
func (c *Config) dataDir(getenv func(string) string) (string, error) {
	return settings.DataFile(getenv, c.Data, "collector")
}

// keysFile is where the keys of servers and apps are.
func (c *Config) keysFile() (string, error) {
	return settings.DataFile(os.Getenv, c.Keys, "collector", "keys.yaml")
}

// visitorKey is the file of the key that aggregators have too.
func (c *Config) visitorKey(getenv func(string) string) (string, error) {
	return settings.DataFile(getenv, c.VisitorKey, "visitor.key")
}

// unsubscribed reads the list of who does not want to be counted.
func (c *Config) unsubscribed(log *slog.Logger) (*mail.Unsubscribed, error) {
	return mail.NewUnsubscribed(c.Unsubscribed, log, time.Now)
}

// openVisitorKey opens it.
func (c *Config) openVisitorKey() (*visitor.Key, error) {
	path, err := c.visitorKey(os.Getenv)
	if err != nil {
		return nil, err
	}
	return visitor.OpenKey(path)
}

// reader is the database as the visitor's page reads it.
func (c *Config) reader() clickhouse.Options {
	if c.ReaderDSN == "" {
		return c.database()
	}
	return clickhouse.Options{DSN: c.ReaderDSN, Password: c.ReaderPassword.Reveal(), CAFile: c.CAFile, Name: "collector"}
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

// clock tells what time it is.
func (c *Config) clock() func() time.Time {
	if c.now != nil {
		return c.now
	}
	return time.Now
}
