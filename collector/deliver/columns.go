package deliver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/event"
)

// rows gathers the rows of one table column by column, which is how they travel: the driver takes each column whole
// and looks at no row. The memory of the columns is used again for the next batch.
type rows[R any] struct {
	table   string
	columns []columnOf[R]
}

type columnOf[R any] interface {
	add(row *R)
	grow(rows int)
	clear()
	send(to driver.BatchColumn) error
	show(row *R) any
	describe() clickhouse.ColumnNameAndType
}

func (r *rows[R]) add(row *R) {
	for _, c := range r.columns {
		c.add(row)
	}
}

func (r *rows[R]) clear() {
	for _, c := range r.columns {
		c.clear()
	}
}

// insert is the statement's text.
func (r *rows[R]) insert() string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.describe().Name
	}
	return "INSERT INTO " + r.table + " (" + strings.Join(names, ", ") + ")"
}

// types tells the driver how each column is sent over HTTP. A LowCardinality column is sent as the String that it is
// made of, since the server's dictionary is quicker than the driver's.
func (r *rows[R]) types() []clickhouse.ColumnNameAndType {
	types := make([]clickhouse.ColumnNameAndType, len(r.columns))
	for i, c := range r.columns {
		types[i] = c.describe()
	}
	return types
}

func (r *rows[R]) send(batch driver.Batch) error {
	for i, c := range r.columns {
		if err := c.send(batch.Column(i)); err != nil {
			return fmt.Errorf("column %s: %w", c.describe().Name, err)
		}
	}
	return nil
}

// field is one column: its name, the type that it is sent as, and where in the row its value is.
type field[R, V any] struct {
	name, kind string
	value      func(row *R) V
	values     []V
}

func (f *field[R, V]) add(row *R) { f.values = append(f.values, f.value(row)) }

func (f *field[R, V]) grow(rows int) { f.values = slices.Grow(f.values, rows) }

func (f *field[R, V]) show(row *R) any { return f.value(row) }

func (f *field[R, V]) clear() {
	clear(f.values) // or the strings would keep the batch's memory
	f.values = f.values[:0]
}

func (f *field[R, V]) send(to driver.BatchColumn) error { return to.Append(f.values) }

func (f *field[R, V]) describe() clickhouse.ColumnNameAndType {
	return clickhouse.ColumnNameAndType{Name: f.name, Type: f.kind}
}

func of[R, V any](name, kind string, value func(row *R) V) columnOf[R] {
	return &field[R, V]{name: name, kind: kind, value: value}
}

func text[R any](name string, value func(row *R) string) columnOf[R] {
	return of(name, "String", value)
}

// entries gives the driver a map without making one.
type entries[E any] struct {
	of   []E
	pick func(E) (key, value any)
}

type (
	pairs    = entries[event.Pair]
	measures = entries[event.Measure]
)

func newPairs(list []event.Pair) *pairs {
	return &pairs{of: list, pick: func(p event.Pair) (key, value any) { return p.Key, p.Value }}
}

func newMeasures(list []event.Measure) *measures {
	return &measures{of: list, pick: func(m event.Measure) (key, value any) { return m.Name, m.Value }}
}

// Put is asked for by the driver's interface; it is called when a map is read, which never happens to these.
func (*entries[E]) Put(_, _ any) {}

// Iterator walks the entries.
func (e *entries[E]) Iterator() column.MapIterator {
	return &walk[E]{of: e.of, at: -1, pick: e.pick}
}

type walk[E any] struct {
	of   []E
	at   int
	pick func(E) (key, value any)
}

// Next goes on to the next element, if there is one.
func (w *walk[E]) Next() bool { w.at++; return w.at < len(w.of) }

// Key is the element's key.
func (w *walk[E]) Key() any { key, _ := w.pick(w.of[w.at]); return key }

// Value is the element's value.
func (w *walk[E]) Value() any { _, value := w.pick(w.of[w.at]); return value }
