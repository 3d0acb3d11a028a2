package rights

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayak/schema/policy"
)

// fact is one kind of data: what is kept of it, why and until when.
type fact struct {
	Name   string
	Values []string
	More   bool // there are further values
	Why    []reason
	Until  string
}

// reason is why: a purpose of the policy, or a clause of it.
type reason struct{ Clause, Text string }

// mostValues are shown of each kind.
const mostValues = 5

// kinds are the kinds of data in the order in which they are told; those of the policy that are not among them come last.
func kinds() []string {
	return []string{"page", "source", "click", "place", "network", "address", "browser", "screen", "language", "attention", "action", "speed", "fault", "visitor"}
}

// told elsewhere on the page, or of no interest: the moment and kind of each row are in the table of rows.
func elsewhere() []string { return []string{"moment", "event", "choice", "service"} }

// facts groups the columns that hold something by what the policy says that they tell.
func (s *Service) facts(v *visit, kept *Kept) []fact {
	found := map[string]*gathered{}
	for _, from := range []struct {
		table string
		rows  []Row
	}{{"events", kept.Events}, {"network_log", kept.Network}} {
		for _, row := range from.rows {
			s.gather(found, from.table, row)
		}
	}
	names := slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return cmp.Or(cmp.Compare(placeOf(a), placeOf(b)), cmp.Compare(a, b))
	})
	var all []fact
	for _, name := range names {
		all = append(all, s.word(v, name, found[name]))
	}
	return all
}

func placeOf(kind string) int {
	if at := slices.Index(kinds(), kind); at >= 0 {
		return at
	}
	return len(kinds())
}

// gathered is what rows hold of one kind.
type gathered struct {
	values  []string
	clauses []string
	purpose []string
	until   time.Time
	more    bool
}

// gather adds what one row holds.
func (s *Service) gather(found map[string]*gathered, table string, row Row) {
	values := map[string][]string{}
	for _, c := range row.Columns {
		column, ok := s.o.Policy.Column(table, c.Name)
		if !ok || slices.Contains(elsewhere(), column.Data) {
			continue
		}
		g := found[column.Data]
		if g == nil {
			g = &gathered{}
			found[column.Data] = g
		}
		values[column.Data] = append(values[column.Data], c.Value)
		g.clauses = with(g.clauses, column.Clause)
		for _, purpose := range column.Purpose {
			g.purpose = with(g.purpose, purpose)
		}
		if until := row.Time().Add(time.Duration(s.lasts(table, column))); until.After(g.until) {
			g.until = until
		}
	}
	for kind, parts := range values {
		found[kind].add(strings.Join(parts, ", "))
	}
}

// lasts is how long a value is kept.
func (s *Service) lasts(table string, column policy.Column) policy.Retention {
	if column.Retention != 0 {
		return column.Retention
	}
	return s.o.Policy.Tables[table].Retention
}

func (g *gathered) add(value string) {
	switch {
	case slices.Contains(g.values, value):
	case len(g.values) == mostValues:
		g.more = true
	default:
		g.values = append(g.values, value)
	}
}

func with(list []string, one string) []string {
	if slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// word puts one kind into words.
func (s *Service) word(v *visit, kind string, g *gathered) fact {
	f := fact{Name: cmp.Or(s.o.Policy.Data[kind][v.tongue], kind), Values: g.values, More: g.more}
	f.Until = g.until.In(v.site.Location()).Format(v.words.Date)
	for _, purpose := range g.purpose {
		f.Why = append(f.Why, reason{Text: s.o.Policy.Purposes[purpose].Name[v.tongue]})
	}
	slices.Sort(g.clauses)
	for _, clause := range g.clauses {
		f.Why = append(f.Why, reason{Clause: say(v.words.Clause, "number", clause), Text: s.o.Policy.Clauses[clause][v.tongue]})
	}
	return f
}

// happened is what a row of events tells, in words.
func happened(w *words, row Row) string {
	switch row.Get("type") {
	case "pageview":
		return w.Viewed
	case "engage":
		millis, _ := strconv.Atoi(row.Get("engaged_ms")) // 0 is what nothing means
		return say(w.Read, "seconds", strconv.Itoa((millis+500)/1000), "percent", cmp.Or(row.Get("scroll"), "0"))
	case "event":
		if props := row.Get("props"); props != "" {
			return say(w.Event, "name", row.Get("name")) + " (" + props + ")"
		}
		return say(w.Event, "name", row.Get("name"))
	case "vitals":
		return w.Vitals
	default:
		return w.Fault
	}
}

// pageOf is the page of a row: its title, if that is known, and its path.
func pageOf(row Row) string {
	path := row.Get("path")
	if query := row.Get("query"); query != "" {
		path += "?" + query
	}
	if title := row.Get("title"); title != "" {
		return title + " — " + path
	}
	return path
}

// showMap lists the entries of a map by their names.
func showMap(entries map[string]any) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if value := show(entries[name]); value != "" {
			all = append(all, name+" "+value)
		}
	}
	return strings.Join(all, ", ")
}
