// Command risk tries the risk signals on simulated hours of three shops, in which it is known who is honest.
//
// Ordinary customers, families behind one address, hundreds of telephones behind a few, offices, travellers and users of VPNs pay beside a
// botnet, credential stuffing, carders behind proxies, testers of cards and thieves of cookies. What happens runs through the window and the
// signals of aggregator/risk as they are. It is a simulation: it tells that the signals fit together, not how much fraud a shop has.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	seed := flag.Uint64("seed", 2, "what the simulation is drawn from; the weights were chosen with 1")
	var load asking
	flag.StringVar(&load.url, "ask", "", "instead of simulating, ask the aggregator at this address, as http://127.0.0.1:8090; its token stands in MAYAK_TOKEN")
	flag.StringVar(&load.site, "site", "demo", "site to ask about")
	flag.IntVar(&load.rate, "rate", 500, "questions a second")
	flag.DurationVar(&load.lasts, "for", 20*time.Second, "for how long")
	flag.Parse()
	run := func() error { return simulated(*seed) }
	if load.url != "" {
		load.token = os.Getenv("MAYAK_TOKEN")
		run = func() error { return load.run(context.Background(), os.Stdout) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "risk:", err)
		os.Exit(1)
	}
}

func simulated(seed uint64) error {
	folder, err := os.MkdirTemp("", "mayak-risk-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // it is in the temporary folder
	for _, of := range []scenario{shop(), town(), bazaar()} {
		all, err := simulate(of, seed, folder)
		if err != nil {
			return err
		}
		if err := show(os.Stdout, of, all); err != nil {
			return err
		}
	}
	return nil
}
