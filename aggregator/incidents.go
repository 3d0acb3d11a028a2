package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"mayak/aggregator/diagnose"
	"mayak/schema/settings"
)

// DiagnoseConfig is the settings of incidents.
type DiagnoseConfig struct {
	Webhooks settings.Secret `env:"MAYAK_AGGREGATOR_WEBHOOKS" help:"where incidents are posted: KIND=URL, divided by blanks or lines; kinds are json, slack (an incoming webhook) and telegram (https://api.telegram.org/botTOKEN/sendMessage?chat_id=CHAT)"`
	Patience time.Duration   `env:"MAYAK_AGGREGATOR_DIAGNOSE_PATIENCE" name:"diagnose-patience" default:"90s" help:"how long after a start, and after the database was away, no incident is looked for: collectors still bring what they held"`
}

func (c *DiagnoseConfig) hooks() ([]diagnose.Hook, error) {
	hooks, err := diagnose.ParseHooks(c.Webhooks.Reveal())
	if err != nil {
		return nil, fmt.Errorf("MAYAK_AGGREGATOR_WEBHOOKS: %w", err)
	}
	return hooks, nil
}

// newDiagnosis makes what finds incidents.
func (a *aggregator) newDiagnosis() error {
	hooks, err := a.config.hooks()
	if err != nil {
		return err
	}
	a.diagnosis = diagnose.New(diagnose.Options{
		Conn: a.conn, Sites: a.sites, Hooks: hooks, Log: a.log, Registerer: a.registry, Now: time.Now, Patience: a.config.Patience,
	})
	return nil
}

// incidentsCommand shows incidents.
type incidentsCommand struct {
	Site   string `help:"of this site only"`
	State  string `default:"all" enum:"all,open,closed" help:"${enum}"`
	Limit  int    `default:"20" help:"how many, the newest first"`
	Format string `default:"table" enum:"table,json" help:"${enum}; json is what the API answers"`
}

func (c *incidentsCommand) run(ctx context.Context, a *aggregator, out io.Writer) error {
	all, err := a.diagnosis.List(ctx, diagnose.Question{Site: c.Site, State: c.State, Limit: c.Limit})
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return json.NewEncoder(out).Encode(map[string]any{"incidents": all})
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "site\topened\tstate\twhat")
	for i := range all {
		zone, err := time.LoadLocation(all[i].Zone)
		if err != nil {
			zone = time.UTC
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", all[i].Site, all[i].Opened.In(zone).Format("2006-01-02 15:04"), all[i].State, all[i].Text)
	}
	return table.Flush()
}
