package main

import (
	"errors"

	"mayak/aggregator/series"
	"mayak/schema/clickhouse"
	"mayak/schema/cluster"
	"mayak/schema/settings"
)

// Config is every setting of the aggregator. The README's table is made from it.
type Config struct {
	AdminListen string `env:"MAYAK_AGGREGATOR_ADMIN_LISTEN" default:"127.0.0.1:8091" help:"address of /metrics, /healthz and /readyz"`

	Sites string `env:"MAYAK_AGGREGATOR_SITES" help:"the sites file, the same as the collectors'; without it every site's days are those of UTC, and there are no goals"`

	ReportConfig
	SubjectConfig
	BackupConfig
	DiagnoseConfig
	RiskConfig

	DSN      string          `env:"MAYAK_CLICKHOUSE_DSN" name:"clickhouse-dsn" default:"http://127.0.0.1:8123/mayak" help:"database: http(s)://host:8123/mayak or clickhouse://user@host:9000,host:9000/mayak?secure=true"`
	Password settings.Secret `env:"MAYAK_CLICKHOUSE_PASSWORD" name:"clickhouse-password" help:"password of the database user"`
	CAFile   string          `env:"MAYAK_CLICKHOUSE_CA_FILE" name:"clickhouse-ca-file" help:"certificates to trust beside the system's"`
	Cluster  string          `env:"MAYAK_CLICKHOUSE_CLUSTER" name:"clickhouse-cluster" help:"cluster of remote_servers that the tables are spread over; empty is a single server"`

	LogLevel  string `env:"MAYAK_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"least severe message to log: ${enum}"`
	LogFormat string `env:"MAYAK_LOG_FORMAT" default:"text" enum:"text,json" help:"${enum}"`
	Check     bool   `help:"validate the settings, and end"`
	Version   bool   `help:"print the version, and end"`

	serving bool // not a command that ends
}

// Validate refuses a database address that cannot be read. Kong calls it.
func (c *Config) Validate() error {
	_, err := clickhouse.Parse(c.database())
	_, hooks := c.hooks()
	_, processes := series.Targets(c.Processes)
	_, trusted := c.trusted()
	return errors.Join(err, hooks, processes, trusted, cluster.Name(c.Cluster).Check(), c.BackupConfig.check())
}

func (c *Config) database() clickhouse.Options {
	return clickhouse.Options{DSN: c.DSN, Password: c.Password.Reveal(), CAFile: c.CAFile, Name: "aggregator", Cluster: c.Cluster}
}
