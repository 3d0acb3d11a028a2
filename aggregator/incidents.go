package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"mayak/aggregator/audit"
	"mayak/aggregator/diagnose"
	"mayak/aggregator/schedule"
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

// webhookJobs tell each webhook by itself.
func (a *aggregator) webhookJobs() []schedule.Job {
	var jobs []schedule.Job
	for i, tell := range a.diagnosis.Tellers() {
		jobs = append(jobs, schedule.Job{Name: fmt.Sprintf("webhook_%d", i+1), Every: 5 * time.Second, Run: tell})
	}
	return jobs
}

// incidentsCommands are about what is wrong with sites' servers.
type incidentsCommands struct {
	List  listIncidents `cmd:"" default:"withargs" help:"list what was wrong with sites' servers, since when and for whom (default)"`
	Close struct {
		ID  string `arg:"" help:"of the incident, as the list shows it"`
		Why string `required:"" help:"how you know that it is over; no names, addresses or numbers of persons"`
	} `cmd:"" help:"close an incident that is known to be over"`
}

func (c *incidentsCommands) run(ctx context.Context, command string, a *aggregator, out io.Writer) error {
	if command != "incidents close <id>" {
		return c.List.run(ctx, a, out)
	}
	who := atTerminal(c.Close.Why)
	i, err := a.diagnosis.End(ctx, c.Close.ID, c.Close.Why, func(i *diagnose.Incident) error {
		return a.audit.Write(ctx, audit.Entry{Who: who.Name, Role: who.Role, Action: "incident closed", Site: i.Site, Why: who.Why, Detail: "incident " + i.ID})
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, i.Site+": "+i.Text)
	return err
}

// listIncidents shows incidents.
type listIncidents struct {
	Site   string `help:"of this site only"`
	State  string `default:"all" enum:"all,open,closed" help:"${enum}"`
	Limit  int    `default:"20" help:"how many, the newest first"`
	Format string `default:"table" enum:"table,json" help:"${enum}; json is what the API answers"`
}

func (c *listIncidents) run(ctx context.Context, a *aggregator, out io.Writer) error {
	all, err := a.diagnosis.List(ctx, diagnose.Question{Site: c.Site, State: c.State, Limit: c.Limit})
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return json.NewEncoder(out).Encode(map[string]any{"incidents": all})
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "incident\tsite\topened\tstate\twhat")
	for i := range all {
		zone, err := time.LoadLocation(all[i].Zone)
		if err != nil {
			zone = time.UTC
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", all[i].ID, all[i].Site, all[i].Opened.In(zone).Format("2006-01-02 15:04"), all[i].State, all[i].Text)
	}
	return table.Flush()
}
