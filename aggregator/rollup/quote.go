package rollup

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mayak/schema/clickhouse"
)

func text(s string) string { return clickhouse.Text(s) }

func moment(t time.Time) string { return fmt.Sprintf("toDateTime(%d, 'UTC')", t.Unix()) }

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// pairs is a literal of windows with their generations.
func pairs(windows []Computed) string {
	parts := make([]string, 0, len(windows))
	for _, w := range windows {
		parts = append(parts, fmt.Sprintf("(%s, %d)", moment(w.Start), w.Generation))
	}
	return strings.Join(parts, ", ")
}
