package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// plan is what the traffic needs.
type plan struct {
	collectors, shards, nodes, keepers, aggregators int

	collectorCores, nodeCores     float64 // of each, at the peak
	collectorDisk, nodeDisk       float64 // GiB of each
	collectorMemory, nodeMemory   float64 // GiB of each
	events, eventDisk, totalDisk  float64 // all rows of one copy, GiB of one copy, GiB of all
	totalCores, totalMemory, cost float64
	bound                         string // what decides the number of shards
}

const (
	gib         = 1 << 30
	daySeconds  = 86_400
	second      = 1e6 // in µs
	keeperCores = 1
	keeperGiB   = 2
	keeperDisk  = 10
)

// plan lays the traffic out.
func (d *demand) plan(c *constants) *plan {
	p := &plan{}
	peak := d.rate * d.peak
	usable := float64(d.cores) * c.Busy

	collect := peak * (c.CollectCPU + c.DeliverCPU) / second
	p.collectors = max(atLeast(d), ceil(collect/usable))
	p.collectorCores = collect / float64(p.collectors)
	// While the database is away each collector keeps its share.
	p.collectorDisk = peak * d.outage * 3600 * c.SpoolBytes / gib / c.Full / float64(p.collectors)
	p.collectorMemory = c.CollectorMemory

	p.events = d.rate * daySeconds * d.days
	p.eventDisk = (p.events*c.EventBytes*(1+c.RollupShare) + d.rate*daySeconds*d.network*c.NetworkBytes) / gib
	// The first replica of a shard takes its inserts, computes and answers; the others stand by, and must be able to do the same.
	store := peak * (c.InsertCPU + c.RollupCPU) / second
	ask := d.reports / 60 * c.ReportCPU
	byDisk, byCores := p.eventDisk/c.Full/d.disk, (store+ask)/usable
	p.shards = max(1, ceil(max(byDisk, byCores)))
	p.bound = "one is enough"
	if p.shards > 1 {
		p.bound = "cores"
		if byDisk > byCores {
			p.bound = "disk"
		}
	}
	p.nodes = p.shards * d.replicas
	p.nodeCores = (store + ask) / float64(p.shards)
	p.nodeDisk = p.eventDisk / c.Full / float64(p.shards)
	p.nodeMemory = min(d.memory, max(c.EngineMemory, 4*p.nodeCores)) // reports at once and merges grow with the cores that serve them
	if p.nodes > 1 {
		p.keepers = 3
	}
	p.aggregators = atLeast(d)
	p.sum(d)
	return p
}

// atLeast is how many there must be of what may fail.
func atLeast(d *demand) int { return min(2, d.replicas) }

// sum adds the machines up; an aggregator computes in the database, and takes next to nothing.
func (p *plan) sum(d *demand) {
	p.totalCores = math.Ceil(p.collectorCores)*float64(p.collectors) + math.Ceil(p.nodeCores)*float64(p.nodes) + keeperCores*float64(p.keepers) + float64(p.aggregators)
	p.totalMemory = math.Ceil(p.collectorMemory)*float64(p.collectors) + p.nodeMemory*float64(p.nodes) + keeperGiB*float64(p.keepers) + float64(p.aggregators)
	p.totalDisk = p.collectorDisk*float64(p.collectors) + p.nodeDisk*float64(p.nodes) + keeperDisk*float64(p.keepers)
	p.cost = p.totalCores*d.coreCost + p.totalMemory*d.memCost + p.totalDisk*d.diskCost
}

func ceil(x float64) int { return int(math.Ceil(x)) }

// print shows the plan and what it was made from.
func (p *plan) print(out io.Writer, d demand, c *constants) error {
	fmt.Fprintf(out, "%.0f events a second in the mean, %.0f at the peak; kept %.0f days: %.3g events, %.1f GiB a copy\n\n", d.rate, d.rate*d.peak, d.days, p.events, p.eventDisk)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tnumber\tcores each\tmemory GiB each\tdisk GiB each\t")
	fmt.Fprintf(t, "collectors\t%d\t%.2f\t%.2f\t%.1f\t\n", p.collectors, p.collectorCores, p.collectorMemory, p.collectorDisk)
	fmt.Fprintf(t, "database nodes\t%d\t%.2f\t%.1f\t%.1f\t\n", p.nodes, p.nodeCores, p.nodeMemory, p.nodeDisk)
	fmt.Fprintf(t, "keepers\t%d\t%d\t%d\t%d\t\n", p.keepers, keeperCores, keeperGiB, keeperDisk)
	fmt.Fprintf(t, "aggregators\t%d\t1\t1\t0\t\n", p.aggregators)
	fmt.Fprintf(t, "together\t%d\t%.0f\t%.0f\t%.0f\t\n", p.collectors+p.nodes+p.keepers+p.aggregators, p.totalCores, p.totalMemory, p.totalDisk)
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nshards: %d with %d of each (what decides: %s); cores are those that are busy at the peak, %.0f %% of a machine's at most\n", p.shards, d.replicas, p.bound, 100*c.Busy)
	if d.withPrice {
		fmt.Fprintf(out, "cost: %.0f a month, %.2f a million events\n", p.cost, p.cost/(d.rate*daySeconds*30/1e6))
	}
	fmt.Fprintln(out, "\nmade from")
	for _, r := range c.rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t\n", r.name, r.value, r.unit)
	}
	return t.Flush()
}
