package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"

	"mayak/dashboards"
)

// boardsCommands are about the dashboards that this program was built with.
type boardsCommands struct {
	Provision struct {
		Dir        string   `required:"" help:"folder to write to: dashboards in it, and provisioning, which Grafana's GF_PATHS_PROVISIONING names"`
		Lang       string   `default:"en" enum:"en,ru,kk" help:"language of the dashboards: ${enum}"`
		Zone       string   `help:"time zone of the pages, as Asia/Almaty; the reader's own when empty"`
		Role       []string `placeholder:"ROLE" enum:"analyst,ops,security" help:"whom Grafana is for: it gets what this role may see, and no other data source; everything when not given. Of several roles each has a folder of its own, for a Grafana of its own, or with --org an organisation"`
		Org        []int    `placeholder:"NUMBER" help:"organisation of Grafana for each --role, in one Grafana that has them"`
		Mounted    string   `default:"/etc/mayak-grafana" help:"where Grafana sees the folder"`
		Host       string   `default:"$${MAYAK_CLICKHOUSE_HOST}" help:"host of the database as Grafana reaches it; may be a variable of Grafana's environment"`
		Protocol   string   `default:"http" enum:"http,native" help:"interface of the database: ${enum}"`
		Secure     bool     `help:"reach the database by TLS"`
		Port       int      `help:"port of the database; 0 is the interface's usual one"`
		Passwords  string   `default:"/run/secrets" help:"folder with the files analyst-password, ops-password and security-password, as Grafana sees it"`
		Prometheus string   `default:"http://prometheus:9090" help:"address of the Prometheus that reads the processes' metrics"`
	} `cmd:"" help:"write dashboards, data sources and alert rules for Grafana"`
}

// run needs no database.
func (c *boardsCommands) run(out io.Writer) error {
	set, err := dashboards.Load()
	if err != nil {
		return err
	}
	all, err := c.wanted()
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := set.Provision(p); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s: what Grafana reads is in %s\n", cmp.Or(p.Role, "everybody"), p.Folder); err != nil {
			return err
		}
	}
	return nil
}

var errOrgs = errors.New("--org: want one organisation for each --role")

// wanted is what is asked for, for each role.
func (c *boardsCommands) wanted() (all []dashboards.Provision, err error) {
	p := &c.Provision
	whole := dashboards.Provision{
		Folder: p.Dir, Mounted: p.Mounted, Language: p.Lang, Zone: p.Zone, Host: p.Host, Native: p.Protocol == "native", Secure: p.Secure, Port: p.Port,
		Passwords: p.Passwords, Prometheus: p.Prometheus,
	}
	if len(p.Org) > 0 && len(p.Org) != len(p.Role) {
		return nil, errOrgs
	}
	if len(p.Role) == 0 {
		return []dashboards.Provision{whole}, nil
	}
	for i, role := range p.Role {
		one := whole
		one.Role = role
		switch {
		case len(p.Org) > 0:
			one.Org = p.Org[i]
		case len(p.Role) > 1:
			one.Folder, one.Mounted = filepath.Join(p.Dir, role), path.Join(p.Mounted, role)
		}
		all = append(all, one)
	}
	return all, nil
}
