package roles

import "strconv"

// limit is a setting of a profile.
type limit struct {
	name  string
	value uint64
	fixed bool // may not be changed
	plain bool // guards itself: a session that is read-only cannot stop being so
}

// bounded tells whether the setting may be lowered and not raised.
func (l limit) bounded() bool { return !l.fixed && !l.plain }

const (
	gib     = 1 << 30
	seconds = 60
)

// limits bound what one statement of a role may take from the others. A reader may change settings, as dashboards must, but none that
// lets the rows below a view be chosen: a difference of two sums would tell of one person.
func limits(role string) []limit {
	switch role {
	case Analyst, Ops, Security:
		return []limit{
			{name: "max_execution_time", value: seconds},
			{name: "max_memory_usage", value: 2 * gib},
			{name: "max_result_rows", value: 1_000_000},
			{name: "readonly", value: 2, plain: true},
			{name: "additional_table_filters", fixed: true},
		}
	case Visitor:
		return []limit{
			{name: "max_execution_time", value: seconds / 2},
			{name: "max_memory_usage", value: gib},
			{name: "max_result_rows", value: 100_000},
			{name: "readonly", value: 2, plain: true},
			{name: "additional_table_filters", fixed: true},
		}
	default:
		return nil
	}
}

// text is the value as the database reads it.
func (l limit) text() string {
	if l.name == "additional_table_filters" {
		return "{}"
	}
	return strconv.FormatUint(l.value, 10)
}

// quota is how much a role may ask within an interval, each user for himself.
type quota struct {
	interval         string
	queries, seconds int
}

func quotas(role string) []quota {
	switch role {
	case Analyst, Ops, Security:
		return []quota{{"1 HOUR", 10_000, 3600}}
	case Visitor:
		return []quota{{"1 MINUTE", 3_000, 120}}
	default:
		return nil
	}
}
