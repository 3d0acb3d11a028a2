// Program capacity says what a given traffic needs: machines, cores, disk, memory and, for prices that are given, money. Everything
// comes from what was measured of one event (constants.tsv, each figure with its source) and from the choices made there.
//
//	go run ./scripts/capacity -rate 2000 -replicas 2
//
// It is a model: linear in events, without a word about a site's skew. The section "Scaling out" of ARCHITECTURE.md says
// what it leaves out.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

//go:embed constants.tsv
var table string

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "capacity:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	d, err := parse(args)
	if err != nil {
		return err
	}
	c, err := readConstants(table)
	if err != nil {
		return err
	}
	return d.plan(c).print(out, d, c)
}

// demand is the traffic, and the machines that it is to be laid out on.
type demand struct {
	rate      float64 // events a second, mean over a day
	peak      float64 // busiest hour, times the mean
	days      float64 // that events are kept
	network   float64 // days that full addresses are kept
	replicas  int
	reports   float64 // asked for a minute, at the peak
	outage    float64 // hours that the collectors must do without the database
	cores     int     // of a machine
	memory    float64 // GiB of a machine
	disk      float64 // GiB of a machine
	coreCost  float64 // a month
	memCost   float64 // a GiB and month
	diskCost  float64 // a GiB and month
	withPrice bool
}

func parse(args []string) (demand, error) {
	var d demand
	flags := flag.NewFlagSet("capacity", flag.ContinueOnError)
	flags.Float64Var(&d.rate, "rate", 100, "events a second, mean over a day")
	flags.Float64Var(&d.peak, "peak", 3, "the busiest hour, times the mean")
	flags.Float64Var(&d.days, "days", 400, "days that events are kept")
	flags.Float64Var(&d.network, "network-days", 30, "days that full addresses are kept")
	flags.IntVar(&d.replicas, "replicas", 1, "copies of every row")
	flags.Float64Var(&d.reports, "reports", 30, "reports asked for a minute, at the peak")
	flags.Float64Var(&d.outage, "outage", 4, "hours that collectors must do without the database")
	flags.IntVar(&d.cores, "cores", 8, "cores of a machine")
	flags.Float64Var(&d.memory, "memory", 32, "GiB of memory of a machine")
	flags.Float64Var(&d.disk, "disk", 1000, "GiB of disk of a database machine")
	flags.Float64Var(&d.coreCost, "core-cost", 0, "price of a core a month; no money is reckoned without")
	flags.Float64Var(&d.memCost, "memory-cost", 0, "price of a GiB of memory a month")
	flags.Float64Var(&d.diskCost, "disk-cost", 0, "price of a GiB of disk a month")
	if err := flags.Parse(args); err != nil {
		return d, err
	}
	if flags.NArg() > 0 {
		return d, fmt.Errorf("%q: everything is given by flags, see -help", flags.Arg(0))
	}
	d.withPrice = d.coreCost+d.memCost+d.diskCost > 0
	err := d.validate()
	return d, err
}

// validate reports every problem at once.
func (d *demand) validate() error {
	var problems []error
	bounds := func(name string, value, least, most float64) {
		if !(value >= least && value <= most) {
			problems = append(problems, fmt.Errorf("-%s is %v, want %v to %v", name, value, least, most))
		}
	}
	bounds("rate", d.rate, 0.001, 10_000_000)
	bounds("peak", d.peak, 1, 100)
	bounds("days", d.days, 1, 4000)
	bounds("network-days", d.network, 0, d.days)
	bounds("replicas", float64(d.replicas), 1, 5)
	bounds("reports", d.reports, 0, 100_000)
	bounds("outage", d.outage, 0, 240)
	bounds("cores", float64(d.cores), 1, 512)
	bounds("memory", d.memory, 1, 10_000)
	bounds("disk", d.disk, 1, 1_000_000)
	bounds("core-cost", d.coreCost, 0, 1_000_000)
	bounds("memory-cost", d.memCost, 0, 1_000_000)
	bounds("disk-cost", d.diskCost, 0, 1_000_000)
	return errors.Join(problems...)
}
