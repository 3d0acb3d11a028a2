package main

import (
	"fmt"
	"io"

	"mayak/dashboards"
)

// boardsCommands are about the dashboards that this program was built with.
type boardsCommands struct {
	Provision struct {
		Dir        string `required:"" help:"folder to write to: dashboards in it, and provisioning, which Grafana's GF_PATHS_PROVISIONING names"`
		Lang       string `default:"en" enum:"en,ru,kk" help:"language of the dashboards: ${enum}"`
		Zone       string `help:"time zone of the pages, as Asia/Almaty; the reader's own when empty"`
		Mounted    string `default:"/etc/mayak-grafana" help:"where Grafana sees the folder"`
		Host       string `default:"$${MAYAK_CLICKHOUSE_HOST}" help:"host of the database as Grafana reaches it; may be a variable of Grafana's environment"`
		Protocol   string `default:"http" enum:"http,native" help:"interface of the database: ${enum}"`
		Secure     bool   `help:"reach the database by TLS"`
		Port       int    `help:"port of the database; 0 is the interface's usual one"`
		Passwords  string `default:"/run/secrets" help:"folder with the files analyst-password, ops-password and security-password, as Grafana sees it"`
		Prometheus string `default:"http://prometheus:9090" help:"address of the Prometheus that reads the processes' metrics"`
	} `cmd:"" help:"write dashboards, data sources and alert rules for Grafana"`
}

// run needs no database.
func (c *boardsCommands) run(out io.Writer) error {
	set, err := dashboards.Load()
	if err != nil {
		return err
	}
	p := &c.Provision
	err = set.Provision(dashboards.Provision{
		Folder: p.Dir, Mounted: p.Mounted, Language: p.Lang, Zone: p.Zone, Host: p.Host, Native: p.Protocol == "native", Secure: p.Secure, Port: p.Port,
		Passwords: p.Passwords, Prometheus: p.Prometheus,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d dashboards, data sources and alert rules are in %s\n", len(set.All()), p.Dir)
	return err
}
