package session

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mayak/schema/sites"
)

// stepKey names a step of a funnel among the goals of a part. No goal's name has a # in it.
func stepKey(funnel string, step int) string { return funnel + "#" + strconv.Itoa(step+1) }

// reached is an expression for the goals and steps that an event reaches: an array of (name, value, currency), empty text
// for a site that has none. The same match stands in it once for each goal and step that uses it.
func reached(site *sites.Site) string {
	var all []string
	for i := range site.Goals {
		goal := &site.Goals[i]
		value, currency := worth, "toString(currency)"
		if goal.Value != nil {
			value, currency = fmt.Sprintf("toDecimal64(%s, 4)", strconv.FormatFloat(*goal.Value, 'f', 4, 64)), literal(goal.Currency)
		}
		all = append(all, fmt.Sprintf("(if(%s, %s, ''), %s, %s)", condition(&goal.Match), literal(goal.Name), value, currency))
	}
	for i := range site.Funnels {
		for n := range site.Funnels[i].Steps {
			step := &site.Funnels[i].Steps[n]
			all = append(all, fmt.Sprintf("(if(%s, %s, ''), toDecimal64(0, 4), '')",
				condition(&step.Match), literal(stepKey(site.Funnels[i].Name, n))))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "arrayFilter(g -> g.1 != '', [" + strings.Join(all, ", ") + "])"
}

// condition is true for the events that match.
func condition(m *sites.Match) string {
	switch {
	case m.Page != "" && m.IsPlain():
		return "type = 'pageview' AND path = " + literal(m.Page)
	case m.Page != "":
		return "type = 'pageview' AND match(path, " + literal(m.Pattern()) + ")"
	}
	conditions := []string{"type = 'event' AND name = " + literal(m.Event)}
	for _, key := range slices.Sorted(maps.Keys(m.Props)) {
		conditions = append(conditions, "props["+literal(key)+"] = "+literal(m.Props[key]))
	}
	return strings.Join(conditions, " AND ")
}
