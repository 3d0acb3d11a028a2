package main

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"mayak/aggregator/risk"
	"mayak/schema/visitor"
)

func addressOf(bytes [4]byte) netip.Addr { return netip.AddrFrom4(bytes) }

// verdict is one answered question.
type verdict struct {
	actor   string
	fraud   bool
	score   int
	level   risk.Level
	signals []string
}

// scenario is who is in a world, and where.
type scenario struct {
	name     string
	networks func(adding)
	people   func(*world)
}

// The weights were chosen on shop.
func shop() scenario {
	return scenario{"shop", shopNetworks, func(w *world) {
		w.people()
		w.attackers()
	}}
}

// simulate plays the hour through a window and the signals, as they are.
func simulate(of scenario, seed uint64, folder string) ([]verdict, error) {
	key, err := visitor.OpenKey(filepath.Join(folder, "visitor.key"))
	if err != nil {
		return nil, err
	}
	w := newWorld(seed, key, of.networks)
	of.people(w)
	slices.SortStableFunc(w.steps, func(a, b step) int { return a.at.Compare(b.at) })
	if err := os.WriteFile(filepath.Join(folder, "tor.txt"), []byte("# exits\n"+tor().String()+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the list: %w", err)
	}
	lists, err := risk.ReadLists(folder)
	if err != nil {
		return nil, err
	}
	window := risk.NewWindow(w, risk.Bounds{})
	var all []verdict
	swept := time.Time{}
	for _, s := range w.steps {
		if s.at.Sub(swept) > time.Minute {
			window.Sweep(s.at)
			swept = s.at
		}
		if s.sighting != nil {
			window.Add(s.sighting)
			continue
		}
		a := risk.Assess(window.Facts(s.question, lists, s.at))
		v := verdict{actor: s.actor, fraud: s.fraud, score: a.Score, level: a.Level}
		for _, signal := range a.Signals {
			v.signals = append(v.signals, signal.Name)
		}
		all = append(all, v)
	}
	return all, nil
}

// auc is how often a fraud scores above an honest payment; the same score is half.
func auc(all []verdict) float64 {
	var honest, fraud [101]float64
	for _, v := range all {
		if v.fraud {
			fraud[v.score]++
		} else {
			honest[v.score]++
		}
	}
	var below, won, h, f float64
	for score := range honest {
		won += fraud[score] * (below + honest[score]/2)
		below += honest[score]
		h, f = h+honest[score], f+fraud[score]
	}
	return won / (h * f)
}

// share is how many of an actor's questions get a level that is not low, and how many the highest.
func share(all []verdict, actor string) (asked int, flagged, high float64) {
	for _, v := range all {
		if v.actor != actor {
			continue
		}
		asked++
		if v.level != risk.Low {
			flagged++
		}
		if v.level == risk.High {
			high++
		}
	}
	n := max(float64(asked), 1)
	return asked, flagged / n, high / n
}

// show writes all figures.
func show(out io.Writer, of scenario, all []verdict) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(format string, values ...any) { _, _ = fmt.Fprintf(table, format, values...) } // Flush tells
	line("actor\tasked\tnot low\thigh\t\n")
	actors := map[string]bool{}
	for _, v := range all {
		actors[v.actor] = v.fraud
	}
	for _, fraud := range []bool{false, true} {
		for _, name := range slices.Sorted(maps.Keys(actors)) {
			if actors[name] == fraud {
				asked, flagged, high := share(all, name)
				line("%s\t%d\t%.1f %%\t%.1f %%\t\n", name, asked, 100*flagged, 100*high)
			}
		}
	}
	line("\nsignal\tseen\tprecision\trecall\t\n")
	for _, d := range risk.Catalogue() {
		seen, precision, recall := judged(all, d.Name)
		line("%s\t%d\t%s\t%.3f\t\n", d.Name, seen, precision, recall)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n\n", summary(of, all))
	return err
}

// judged is how well a signal alone tells fraud.
func judged(all []verdict, name string) (seen int, precision string, recall float64) {
	right, frauds := 0, 0
	for _, v := range all {
		has := slices.Contains(v.signals, name)
		if v.fraud {
			frauds++
		}
		if has {
			seen++
		}
		if has && v.fraud {
			right++
		}
	}
	precision = "-"
	if seen > 0 {
		precision = fmt.Sprintf("%.3f", float64(right)/float64(seen))
	}
	return seen, precision, float64(right) / float64(max(frauds, 1))
}

// Of whom nobody but a list of VPNs could say that they are honest.
func veiled(actor string) bool { return actor == "vpn" || actor == "relay" }

// falsePositives is how many questions about honest people do not get the level low: of all of them, and of the worst kind.
func falsePositives(all []verdict) (share float64, worst string, most float64) {
	asked, flagged := map[string]float64{}, map[string]float64{}
	var sum, wrong float64
	for _, v := range all {
		if v.fraud || veiled(v.actor) {
			continue
		}
		asked[v.actor]++
		sum++
		if v.level != risk.Low {
			flagged[v.actor]++
			wrong++
		}
	}
	for _, actor := range slices.Sorted(maps.Keys(asked)) {
		if p := flagged[actor] / asked[actor]; p >= most {
			worst, most = actor, p
		}
	}
	return wrong / max(sum, 1), worst, most
}

func summary(of scenario, all []verdict) string {
	wrong, worst, most := falsePositives(all)
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "risk: %s, %d questions, AUC %.4f, false positives %.2f %%, most of %s with %.2f %%", of.name, len(all), auc(all), 100*wrong, worst, 100*most)
	for _, actor := range []string{"traveller", "cgnat", "vpn", "relay"} {
		if asked, flagged, _ := share(all, actor); asked > 0 {
			_, _ = fmt.Fprintf(&text, ", %s %.2f %%", actor, 100*flagged)
		}
	}
	return text.String() + " (medium or high)"
}
