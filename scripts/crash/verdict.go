package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mayak/scripts/processes"
)

// found is what stands in the database.
type found struct {
	merged map[string]int // rows of each id, as readers see the table
	rows   int            // rows before merging: a request sent again after its answer was lost may add one
}

func count(ctx context.Context, engine *processes.Engine) (*found, error) {
	text, err := engine.Query(ctx, "SELECT id, count() FROM "+database+".events FINAL GROUP BY id FORMAT TabSeparated")
	if err != nil {
		return nil, err
	}
	f := &found{merged: map[string]int{}}
	for line := range strings.Lines(text) {
		id, number, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if f.merged[id], err = strconv.Atoi(number); err != nil {
			return nil, fmt.Errorf("count events: %w", err)
		}
	}
	text, err = engine.Query(ctx, "SELECT count() FROM "+database+".events FORMAT TabSeparated")
	if err != nil {
		return nil, err
	}
	if f.rows, err = strconv.Atoi(strings.TrimSpace(text)); err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	return f, nil
}

// verdict is the outcome of a run.
type verdict struct {
	rounds   int
	answered int
	lost     []string
	twice    []string
	refusals map[string]int64
}

// judge compares what was answered with what is there. An id counts as twice whether it was answered or not.
func judge(rounds int, answered []string, f *found) *verdict {
	v := &verdict{rounds: rounds, answered: len(answered)}
	for _, id := range answered {
		if f.merged[id] == 0 {
			v.lost = append(v.lost, id)
		}
	}
	for id, rows := range f.merged {
		if rows > 1 {
			v.twice = append(v.twice, id)
		}
	}
	slices.Sort(v.twice)
	return v
}

// good tells whether the promise was kept, and anything was promised at all.
func (v *verdict) good() bool {
	return len(v.lost) == 0 && len(v.twice) == 0 && len(v.refusals) == 0 && v.answered > 0
}

func (v *verdict) print(out io.Writer) {
	for _, outcome := range slices.Sorted(maps.Keys(v.refusals)) {
		fmt.Fprintf(out, "crash: %d requests of good traffic were answered: %s\n", v.refusals[outcome], outcome)
	}
	const shown = 5
	fmt.Fprint(out, lines("crash: lost: ", v.lost[:min(len(v.lost), shown)]), lines("crash: twice: ", v.twice[:min(len(v.twice), shown)]))
	fmt.Fprintf(out, "crash: %d rounds, %d answered, lost %d, twice %d\n", v.rounds, v.answered, len(v.lost), len(v.twice))
}

func lines(prefix string, ids []string) string {
	var text strings.Builder
	for _, id := range ids {
		text.WriteString(prefix + id + "\n")
	}
	return text.String()
}
