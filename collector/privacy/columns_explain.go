package privacy

import (
	"fmt"
	"net/netip"

	"mayak/schema/event"
)

// explain cuts the facts as the level's cut does, one column after the other, and notes what became of each.
func (g *Gate) explain(level event.Level, f *Facts, notes *Notes) {
	all := &g.cuts[level]
	for _, c := range columns() {
		one := loss{empty: all.empty & c.bit, class: all.class & c.bit, primary: all.primary & c.bit, emptyMore: all.emptyMore & c.more}
		before := show(c.at(f))
		one.from(f)
		switch after := show(c.at(f)); {
		case before == after:
		case after == "":
			notes.add(c.name, Dropped, before, "", g.why(&c))
		default:
			notes.add(c.name, Shortened, before, after, g.why(&c))
		}
	}
}

// why says from which level on the column is kept.
func (g *Gate) why(of *column) string {
	for level := range g.cuts {
		if c := &g.cuts[level]; (c.empty|c.class|c.primary)&of.bit == 0 && c.emptyMore&of.more == 0 {
			return "policy: kept whole from the consent level " + event.Level(level).String() + " on"
		}
	}
	return "policy: kept at no level"
}

// show is what v points to, as a person reads it; nothing for zero.
func show(v any) string {
	switch v := v.(type) {
	case *string:
		return *v
	case *netip.Addr:
		if !v.IsValid() {
			return ""
		}
		return v.String()
	case *bool:
		return ""
	case *[]event.Pair:
		return listed(*v)
	case *[]event.Measure:
		return listed(*v)
	}
	text := fmt.Sprint(deref(v))
	if text == "0" {
		return ""
	}
	return text
}

func listed[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprint(list)
}

func deref(v any) any {
	switch v := v.(type) {
	case *uint8:
		return *v
	case *uint16:
		return *v
	case *uint32:
		return *v
	case *uint64:
		return *v
	case *float32:
		return *v
	case *float64:
		return *v
	}
	return 0
}
