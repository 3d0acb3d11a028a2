package deliver

import (
	"iter"

	"mayak/schema/event"
)

// Row walks the columns of the table events in their order, with the values that a record would be stored with.
func Row(r *event.Record) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, c := range newEvents().columns {
			value := c.show(r)
			switch v := value.(type) {
			case *pairs:
				value = asMap(v.of, func(p event.Pair) (string, string) { return p.Key, p.Value })
			case *measures:
				value = asMap(v.of, func(m event.Measure) (string, float32) { return m.Name, m.Value })
			}
			if !yield(c.describe().Name, value) {
				return
			}
		}
	}
}

func asMap[E, V any](list []E, pick func(E) (string, V)) map[string]V {
	m := make(map[string]V, len(list))
	for _, e := range list {
		key, value := pick(e)
		m[key] = value
	}
	return m
}
