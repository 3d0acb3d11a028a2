// Command incidents tries the detector of incidents on synthetic sites for a year, in which it is known when something was wrong: it makes the
// traffic of each minute, with days, weeks, growth, holidays, campaigns, noise with heavy tails and injected faults, runs the aggregator's
// own detector over it, and prints precision, recall, the time to detect, each miss and each false alarm.
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
