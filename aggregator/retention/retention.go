// Package retention makes the database forget in time, as the policy file says: of each table, each tier and each column.
//
//	Apply    the file's times become the tables' own TTLs, where they differ; the database then forgets by itself, when it merges.
//	         What would let more than half of a large table go at once waits until somebody accepts it
//	Round    once a day: rows and values that are past their time all the same are removed for good, and then it is proven
//	Preview  what would go, and when; nothing is changed
//
// The proof is a row of retention_proofs for each table and purpose: the oldest row that is left, and how many are overdue. Anything
// overdue after a round is an error of the round and a metric to be woken by. Rows of rollups go by their own age: sums may be
// kept for longer than what they were made from, and then stay.
package retention

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/cluster"
	"mayak/schema/policy"
)

// ErrUnfit means that the policy file asks for what this database cannot do. Another try does not mend it.
var ErrUnfit = errors.New("the policy file does not fit the database")

// Options are what a Keeper works with.
type Options struct {
	Conn       driver.Conn
	Cluster    cluster.Name
	Policy     *policy.Policy
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Keeper keeps nothing for longer than the policy allows.
type Keeper struct {
	o       Options
	metrics *metrics
}

// New only remembers.
func New(o Options) *Keeper {
	return &Keeper{o: o, metrics: newMetrics(o.Registerer, o.Policy)}
}

// table is a table of the policy as the database has it.
type table struct {
	policy.Table

	name   string
	stored string // what statements that change rows name it
	age    string // how old a row is, as the database takes it for a TTL
	made   live
}

// tables are those of the policy that exist, in order.
func (k *Keeper) tables(ctx context.Context) ([]table, error) {
	found, err := k.lives(ctx)
	if err != nil {
		return nil, err
	}
	var all []table
	for _, name := range slices.Sorted(maps.Keys(k.o.Policy.Tables)) {
		made, ok := found[k.o.Cluster.Local(name)]
		if !ok {
			return nil, fmt.Errorf("%w: table %s does not exist", ErrUnfit, name)
		}
		t := table{Table: k.o.Policy.Tables[name], name: name, stored: k.o.Cluster.Stored(name), made: made}
		t.age = t.Age
		if strings.HasPrefix(made.types[t.Age], "DateTime64") { // a TTL is counted in seconds
			t.age = "toDateTime(" + t.Age + ")"
		}
		if err := t.check(); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// check refuses to empty what rows are found and told apart by.
func (t *table) check() error {
	for name, c := range t.Columns {
		if c.Retention > 0 && (t.made.keys[name] || name == t.Age) {
			return fmt.Errorf("%w: column %s.%s is part of the table's key or tells its age, so it is kept as long as the row", ErrUnfit, t.name, name)
		}
	}
	return nil
}

// Round removes what is past its time, and proves that nothing is left of it.
func (k *Keeper) Round(ctx context.Context) (removed uint64, err error) {
	tables, err := k.tables(ctx)
	if err != nil {
		return 0, err
	}
	now := k.o.Now()
	var problems []error
	var proofs []proof
	held := 0
	for _, t := range tables {
		waiting, err := k.differences(ctx, &t)
		if err != nil {
			return removed, errors.Join(append(problems, err)...)
		}
		isHeld := false
		for _, d := range Held(waiting)[t.name] {
			problems, isHeld = append(problems, errors.New(d.String())), true
		}
		if isHeld {
			held++
		}
		of, n, err := k.clear(ctx, t, now, isHeld)
		removed += n
		if err != nil {
			problems = append(problems, fmt.Errorf("retention of %s: %w", t.name, err))
		}
		proofs = append(proofs, of...)
	}
	k.metrics.removed.Add(float64(removed))
	k.metrics.held.Set(float64(held))
	return removed, errors.Join(append(problems, k.tell(ctx, now, proofs))...)
}

// clear looks at a table, and where anything is past its time, removes it and looks again. Of one that is held it only looks.
func (k *Keeper) clear(ctx context.Context, t table, now time.Time, isHeld bool) (proofs []proof, removed uint64, err error) {
	proofs, err = k.prove(ctx, t, now)
	if err != nil || isHeld || !slices.ContainsFunc(proofs, func(p proof) bool { return p.overdue > 0 }) {
		return proofs, 0, err
	}
	removed, removing := k.remove(ctx, t, now)
	proofs, err = k.prove(ctx, t, now)
	for i := range proofs {
		proofs[i].removed = removed
	}
	return proofs, removed, errors.Join(removing, err)
}

// tell writes the proofs down, and complains of what is overdue.
func (k *Keeper) tell(ctx context.Context, now time.Time, proofs []proof) error {
	var problems []error
	for _, p := range proofs {
		k.metrics.overdue.WithLabelValues(p.table, p.purpose).Set(float64(p.overdue))
		age := 0.0
		if !p.oldest.IsZero() {
			age = now.Sub(p.oldest).Seconds()
		}
		k.metrics.oldest.WithLabelValues(p.table, p.purpose).Set(age)
		if p.overdue > 0 {
			problems = append(problems, fmt.Errorf("table %s, purpose %s: %d rows are past their %d days", p.table, p.purpose, p.overdue, p.days))
		}
	}
	return errors.Join(append(problems, k.record(ctx, now, proofs))...)
}

func (k *Keeper) record(ctx context.Context, now time.Time, proofs []proof) error {
	batch, err := k.o.Conn.PrepareBatch(ctx, "INSERT INTO retention_proofs (proven, of, purpose, days, oldest, overdue, removed)")
	if err != nil {
		return fmt.Errorf("write the proofs: %w", err)
	}
	for _, p := range proofs {
		oldest := p.oldest
		if oldest.IsZero() {
			oldest = time.Unix(0, 0)
		}
		if err := batch.Append(now.UTC(), p.table, p.purpose, uint16(p.days), oldest.UTC(), p.overdue, p.removed); err != nil { //nolint:gosec // at most 36500
			return errors.Join(fmt.Errorf("write the proofs: %w", err), batch.Abort())
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write the proofs: %w", err)
	}
	return nil
}
