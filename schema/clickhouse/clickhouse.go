// Package clickhouse connects to the database, wherever it is: the embedded engine or a server behind
// http(s)://, a server or a cluster's nodes behind clickhouse:// (the native protocol).
//
// Opening checks the address and dials nothing: a process must be able to start while the database is away. No
// error of this package tells the password.
package clickhouse

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// DefaultDatabase is the database of an address that names none.
const DefaultDatabase = "mayak"

// Options say how to connect.
type Options struct {
	DSN         string        // http://127.0.0.1:8123, https://…, clickhouse://user:password@host1:9000,host2:9000/mayak?secure=true
	Password    string        // wins over the one in the DSN
	CAFile      string        // certificates to trust beside the system's; over clickhouse:// it means TLS
	DialTimeout time.Duration // for all hosts together; zero is 5 s
	ReadTimeout time.Duration // zero is 5 min
	Connections int           // most connections at once; zero is 4
	Name        string        // what the server's log shows as the client
	Cluster     string        // cluster that the tables are spread over; empty is a single server
}

// Parse turns the options into the driver's, and says what is wrong with them.
func Parse(o Options) (*clickhouse.Options, error) {
	c, err := clickhouse.ParseDSN(withTLS(o.DSN))
	scheme, _, _ := strings.Cut(o.DSN, "://")
	if err != nil || !slices.Contains([]string{"http", "https", "clickhouse", "tcp"}, scheme) || len(c.Addr) == 0 || c.Addr[0] == "" {
		return nil, fmt.Errorf("database address %s: want http://host:8123/mayak or clickhouse://user@host:9000,host:9000/mayak", redact(o.DSN))
	}
	if c.Auth.Database == "" {
		c.Auth.Database = DefaultDatabase
	}
	if o.Password != "" {
		c.Auth.Password = o.Password
	}
	if o.CAFile != "" {
		if scheme == "http" {
			return nil, fmt.Errorf("database address %s: certificates are given, but nothing is encrypted there: want https://", redact(o.DSN))
		}
		if err := trust(c, o.CAFile); err != nil {
			return nil, err
		}
	}
	c.DialTimeout = cmp.Or(o.DialTimeout, 5*time.Second)
	c.DialStrategy = inTurn
	c.ReadTimeout = cmp.Or(o.ReadTimeout, 5*time.Minute)
	c.MaxOpenConns = cmp.Or(o.Connections, 4)
	c.MaxIdleConns = c.MaxOpenConns
	c.ConnMaxLifetime = 10 * time.Minute
	if c.Compression == nil {
		c.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	if o.Cluster != "" {
		c.Settings = onCluster(c.Settings)
	}
	c.ClientInfo.Products = append(c.ClientInfo.Products, struct{ Name, Version string }{"mayak-" + cmp.Or(o.Name, "client"), ""})
	return c, nil
}

// Open makes a pool of connections. It dials when first used.
func Open(o Options) (driver.Conn, error) {
	c, err := Parse(o)
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(c)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", redact(o.DSN), err)
	}
	return conn, nil
}

// Database is the name of the database that the options lead to.
func Database(o Options) (string, error) {
	c, err := Parse(o)
	if err != nil {
		return "", err
	}
	return c.Auth.Database, nil
}

// OpenServer is Open without choosing the database, which need not be there; it tells its name.
func OpenServer(o Options) (conn driver.Conn, name string, err error) {
	c, err := Parse(o)
	if err != nil {
		return nil, "", err
	}
	name, c.Auth.Database = c.Auth.Database, "default"
	if conn, err = clickhouse.Open(c); err != nil {
		return nil, "", fmt.Errorf("open database %s: %w", redact(o.DSN), err)
	}
	return conn, name, nil
}

// CreateDatabase makes the database of the options if it is not there. What follows its name in the statement says where:
// nothing, or on which cluster.
func CreateDatabase(ctx context.Context, o Options, where string) error {
	conn, name, err := OpenServer(o)
	if err != nil {
		return err
	}
	err = conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+Quote(name)+where)
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// inTurn tries the hosts as the driver does, but gives each no more than its share of the time, so that a host which takes
// connections and never answers leaves some for the next, and greets it without the settings of the statement that waits.
func inTurn(ctx context.Context, id int, options *clickhouse.Options, dial clickhouse.Dial) (clickhouse.DialResult, error) {
	one := *options
	one.DialTimeout /= time.Duration(len(one.Addr))
	return clickhouse.DefaultDialStrategy(ctx, id, &one, func(ctx context.Context, address string, o *clickhouse.Options) (clickhouse.DialResult, error) {
		ctx, cancel := context.WithTimeout(ctx, o.DialTimeout)
		defer cancel()
		return dial(plain{ctx}, address, o) //nolint:contextcheck // it ends with the one given
	})
}

// plain is a context without what the statement carries in it that needs the connection. Over HTTP the driver greets the server
// with a statement of its own, which is not to be run with the settings, the id or the tables of another.
type plain struct{ context.Context }

// Value gives nothing.
func (plain) Value(any) any { return nil }

func trust(c *clickhouse.Options, file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("certificate file %s holds no certificate in PEM", file)
	}
	if c.TLS == nil {
		c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c.TLS.RootCAs = pool
	return nil
}

// withTLS adds to an https address what the driver asks for beside it.
func withTLS(dsn string) string {
	if !strings.HasPrefix(dsn, "https://") || strings.Contains(dsn, "secure=") {
		return dsn
	}
	if strings.Contains(dsn, "?") {
		return dsn + "&secure=true"
	}
	return dsn + "?secure=true"
}

// redact is what an error may tell of an address: never the password, nor a text that could not be read.
func redact(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		return "(not readable)"
	}
	return u.Scheme + "://" + u.Host
}
