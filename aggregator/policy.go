package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/analyst"
	"mayak/aggregator/retention"
	"mayak/schema/clickhouse"
	"mayak/schema/cluster"
	"mayak/schema/policy"
	"mayak/schema/roles"
)

// policyCommands show what the policy file says and whether the database does it.
type policyCommands struct {
	Show struct {
		Lang string `default:"en" help:"language of the record, one of the policy's"`
		JSON bool   `help:"for programs, instead of Markdown"`
	} `cmd:"" help:"print the record of processing: what is stored, on what ground, for how long and for whose eyes"`
	Check struct{} `cmd:"" help:"compare the live database with the policy file: columns, times, rights, analysts' views"`
}

// retentionCommands look at what goes.
type retentionCommands struct {
	Preview struct {
		Days []int `default:"1,7,30" help:"how many days to look ahead"`
		JSON bool  `help:"for programs, instead of a table"`
	} `cmd:"" help:"tell what would go from the database, and when; nothing changes; what lies in a collector's folder is told by collector spool"`
	Run struct {
		Accept bool `help:"first make the changes of the policy file that are held back because they let most of a table go at once"`
	} `cmd:"" help:"remove at once what is past its time, and prove it, as the daily job does"`
}

// rolesCommands word the rights that the policy gives.
type rolesCommands struct {
	SQL   struct{} `cmd:"" name:"sql" help:"print the statements that make roles, profiles, quotas and row policies on a server"`
	Users struct {
		Passwords string `required:"" help:"file of lines 'role password'; it is made, with random passwords, if it does not exist"`
	} `cmd:"" help:"print a users file for the embedded engine, with hashes of the passwords"`
}

// errUnnamed ends the process: what is stored on no ground must not be.
var errUnnamed = errors.New("the database has columns that the policy file does not name")

// obedience keeps the database to the policy file.
type obedience struct {
	conn    driver.Conn
	cluster cluster.Name
	rules   *policy.Policy
	keeper  *retention.Keeper
	rights  *roles.Options
	readers []clickhouse.View // what analysts, ops and security read instead of tables
}

func newObedience(a *aggregator, readers *analyst.Views) (*obedience, error) {
	c, rules := a.config, a.rules
	database, err := clickhouse.Database(c.database())
	if err != nil {
		return nil, err
	}
	name := cluster.Name(c.Cluster)
	return &obedience{
		conn: a.conn, cluster: name, rules: rules,
		keeper:  retention.New(retention.Options{Conn: a.conn, Cluster: name, Policy: rules, Registerer: a.registry, Now: time.Now}),
		rights:  &roles.Options{Policy: rules, Database: database, Cluster: name},
		readers: readers.All(),
	}, nil
}

// prepare brings times and views to what the file says. It refuses a database that stores what the file does not name.
func (o *obedience) prepare(ctx context.Context, log *slog.Logger) error {
	unnamed, _, err := o.compare(ctx)
	if err != nil {
		return err
	}
	if len(unnamed) > 0 {
		return fmt.Errorf("%w: %s", errUnnamed, strings.Join(unnamed, ", "))
	}
	changed, held, err := o.keeper.Apply(ctx, false)
	for _, d := range changed {
		log.Info("retention changed", "table", d.Table, "column", d.Column, "ttl", d.Wanted)
	}
	for _, d := range held {
		log.Error("retention held back: most rows would go at once; see policy check", "table", d.Table, "column", d.Column, "ttl", d.Live, "wanted", d.Wanted, "kept", d.Kept, "goes", d.Goes)
	}
	return err
}

// views makes those of the readers, after the reports' own.
func (o *obedience) views(ctx context.Context) error {
	return clickhouse.MakeViews(ctx, o.conn, o.cluster.On(), o.readers)
}

// compare holds the file against the columns that there are. The migrations' own table says nothing of anybody.
func (o *obedience) compare(ctx context.Context) (unnamed, absent []string, err error) {
	rows, err := o.conn.Query(ctx, `SELECT table, groupArray(name) FROM (SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table != 'migrations'
		AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree') ORDER BY table, position) GROUP BY table`)
	if err != nil {
		return nil, nil, fmt.Errorf("look at the columns: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	local := map[string]string{}
	for table := range o.rules.Tables {
		local[o.cluster.Local(table)] = table
	}
	stored := map[string][]string{}
	for rows.Next() {
		var table string
		var columns []string
		if err := rows.Scan(&table, &columns); err != nil {
			return nil, nil, fmt.Errorf("look at the columns: %w", err)
		}
		if known := local[table]; known != "" {
			table = known
		}
		stored[table] = columns
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("look at the columns: %w", err)
	}
	unnamed, absent = o.rules.Compare(stored)
	return unnamed, absent, nil
}

// deviations is all that the live database does otherwise than the file says.
func (o *obedience) deviations(ctx context.Context) (all []string, notes []string, err error) {
	unnamed, absent, err := o.compare(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, column := range unnamed {
		all = append(all, "column "+column+" is stored, and the policy does not name it")
	}
	all = append(all, o.missing(absent)...)
	if len(absent) == 0 {
		differences, err := o.keeper.Differences(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, d := range differences {
			all = append(all, d.String())
		}
	}
	rights, made, err := o.rights.Deviations(ctx, o.conn)
	if err != nil {
		return nil, nil, err
	}
	if !made {
		notes = append(notes, "there are no roles in the database: whoever may connect reads everything; see \"aggregator roles\"")
	}
	stale, err := clickhouse.StaleViews(ctx, o.conn, o.readers)
	if err != nil {
		return nil, nil, err
	}
	if len(stale) > 1 && len(stale) == len(o.readers) {
		return append(append(all, rights...), fmt.Sprintf("none of the %d views of readers is what the policy makes of it: the aggregator's next start makes them", len(stale))), notes, nil
	}
	for _, view := range stale {
		rights = append(rights, "view "+view+" is not what the policy makes of it")
	}
	return append(all, rights...), notes, nil
}

// missing tells of a table that is not there in one line, whatever columns it should have.
func (o *obedience) missing(columns []string) (all []string) {
	count := map[string]int{}
	for _, column := range columns {
		table, _, _ := strings.Cut(column, ".")
		count[table]++
	}
	for _, column := range columns {
		table, _, _ := strings.Cut(column, ".")
		switch {
		case count[table] == 0: // told already
		case count[table] == len(o.rules.Tables[table].Columns):
			all = append(all, "table "+table+" stands in the policy, and does not exist: see \"aggregator migrate\"")
			count[table] = 0
		default:
			all = append(all, "column "+column+" stands in the policy, and does not exist")
		}
	}
	return all
}

var errDeviates = errors.New("the database deviates from the policy file")

// runPolicy carries the commands about the policy out.
func (c *commands) runPolicy(ctx context.Context, command string, a *aggregator, out io.Writer) error {
	o := a.obedience
	switch command {
	case "policy check":
		return o.check(ctx, out)
	case "retention preview":
		return c.Retention.preview(ctx, a, out)
	case "retention run":
		return c.Retention.run(ctx, o.keeper, out)
	case "roles sql":
		for _, statement := range o.rights.SQL() {
			fmt.Fprintln(out, statement+";")
		}
		return nil
	case "roles users":
		passwords, err := roles.Passwords(c.Roles.Users.Passwords)
		if err != nil {
			return err
		}
		_, err = out.Write(o.rights.UsersFile(passwords))
		return err
	}
	return c.Policies.show(o.rules, out)
}

func (o *obedience) check(ctx context.Context, out io.Writer) error {
	all, notes, err := o.deviations(ctx)
	if err != nil {
		return err
	}
	for _, line := range slices.Concat(all, notes) {
		fmt.Fprintln(out, line)
	}
	if len(all) > 0 {
		return fmt.Errorf("%w in %d points", errDeviates, len(all))
	}
	fmt.Fprintln(out, "the database obeys the policy file")
	return nil
}

func (p *policyCommands) show(rules *policy.Policy, out io.Writer) error {
	if !slices.Contains(rules.Languages, p.Show.Lang) {
		return fmt.Errorf("language %.20q: the policy has %s", p.Show.Lang, strings.Join(rules.Languages, ", "))
	}
	record := rules.Record(p.Show.Lang)
	if p.Show.JSON {
		printer := json.NewEncoder(out)
		printer.SetIndent("", "  ")
		printer.SetEscapeHTML(false)
		return printer.Encode(record)
	}
	return record.Markdown(out)
}

func (r *retentionCommands) run(ctx context.Context, keeper *retention.Keeper, out io.Writer) error {
	if r.Run.Accept {
		changed, _, err := keeper.Apply(ctx, true)
		for _, d := range changed {
			d.Held = false // it was
			fmt.Fprintln(out, "changed:", d)
		}
		if err != nil {
			return err
		}
	}
	removed, err := keeper.Round(ctx)
	fmt.Fprintf(out, "%d rows and values removed\n", removed)
	return err
}

func (r *retentionCommands) preview(ctx context.Context, a *aggregator, out io.Writer) error {
	horizons := make([]time.Duration, 0, len(r.Preview.Days))
	for _, days := range r.Preview.Days {
		if days < 1 || days > 36500 {
			return fmt.Errorf("days %d: want 1 to 36500", days)
		}
		horizons = append(horizons, time.Duration(days)*24*time.Hour)
	}
	all, err := a.obedience.keeper.Preview(ctx, horizons)
	if err != nil {
		return err
	}
	if r.Preview.JSON {
		printer := json.NewEncoder(out)
		printer.SetIndent("", "  ")
		return printer.Encode(all)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "TABLE\tWHAT\tKEPT\tOLDEST\tGOES\tNOW")
	for _, days := range r.Preview.Days {
		fmt.Fprintf(table, "\tIN %d DAYS", days)
	}
	fmt.Fprintln(table)
	for _, d := range all {
		if d.Oldest.IsZero() {
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%d days\t%s\t%s\t%d", d.Table, d.What, d.Days, d.Oldest.Format(time.DateOnly), d.Goes.Format(time.DateOnly), d.Now)
		for _, n := range d.Later {
			fmt.Fprintf(table, "\t%d", n)
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
