package deliver

import (
	"iter"

	"mayak/schema/event"
)

// Row walks the columns of the table events in their order, with the values that a record would be stored with.
func Row(r *event.Record) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, c := range newEvents().columns {
			if !yield(c.name(), c.show(r)) {
				return
			}
		}
	}
}
