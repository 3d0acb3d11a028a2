// Command incidents tries the detector of incidents on synthetic sites for a year, in which it is known when something was wrong: it makes the
// traffic of each minute, with days, weeks, growth, holidays, campaigns, noise with heavy tails and injected faults, runs the aggregator's
// own detector over it, and prints precision, recall, the time to detect, each miss and each false alarm.
//
// The traffic is made here and not by scripts/load, whose crowd makes what single visitors send, for collectors and for histories of rows. A
// detector wants something else: for each minute of a year what all visitors met, which is a hundred million page views of a few numbers
// each, how they differ from hour to hour beyond chance, and faults that meet a part of them.
//
// A fault that touched fewer than twenty page views is nobody's: it is no miss when it is not found.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	seed := flag.Uint64("seed", 1, "chance of the year")
	days := flag.Int("days", 365, "days, of which the first ten are quiet")
	sites := flag.Int("sites", len(everySite()), "how many sites")
	verbose := flag.Bool("v", false, "print every incident and fault")
	flag.Parse()
	began := time.Now()
	result := evaluate(*seed, *days, everySite()[:min(*sites, len(everySite()))])
	if err := result.write(os.Stdout, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "incidents:", err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stdout, "seed %d, %d days of %d sites, %d page views, in %s\n", *seed, *days, *sites, result.views, time.Since(began).Round(time.Second))
}
