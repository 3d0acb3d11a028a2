package dashboards

import (
	"slices"
)

// restrict takes from a dashboard's tree what people of a role may not see: panels and rows without any, variables and annotations of other
// data sources, links to dashboards that they have not.
func (s *Set) restrict(d *Dashboard, whole map[string]any, role string) {
	whole["panels"] = keep(whole["panels"], func(i int, _ any) bool { return d.shows(i, role) })
	if templating, ok := whole["templating"].(map[string]any); ok {
		templating["list"] = keep(templating["list"], func(i int, _ any) bool {
			source := d.Templating.List[i].Source
			return source == nil || slices.Contains(Roles(source.UID), role)
		})
	}
	if annotations, ok := whole["annotations"].(map[string]any); ok {
		annotations["list"] = keep(annotations["list"], func(i int, _ any) bool {
			source := d.Annotations.List[i].Source.UID
			return source == grafanaUID || slices.Contains(Roles(source), role)
		})
	}
	s.unlink(whole, role)
}

// shows tells whether a role is shown the panel with this index; a row is, if a panel of it is.
func (d *Dashboard) shows(i int, role string) bool {
	if d.Panels[i].Type != "row" {
		return d.Panels[i].MaySee(role)
	}
	for j := i + 1; j < len(d.Panels) && d.Panels[j].Type != "row"; j++ {
		if d.Panels[j].MaySee(role) {
			return true
		}
	}
	return false
}

// unlink takes links away, wherever they stand, that lead to a dashboard which the role has not.
func (s *Set) unlink(tree any, role string) {
	switch value := tree.(type) {
	case map[string]any:
		for key, inner := range value {
			if list, ok := inner.([]any); ok && (key == "links" || key == "value" && value["id"] == "links") {
				value[key] = keep(list, func(_ int, link any) bool { return s.leads(link, role) })
				continue
			}
			s.unlink(inner, role)
		}
	case []any:
		for _, inner := range value {
			s.unlink(inner, role)
		}
	}
}

// leads tells whether a link leads somewhere for the role.
func (s *Set) leads(link any, role string) bool {
	one, _ := link.(map[string]any)
	address, _ := one["url"].(string)
	found := linked.FindStringSubmatch(address)
	if found == nil {
		return true // to all with a tag
	}
	to := s.Find(found[1])
	return to != nil && to.MaySee(role)
}

// keep is a list of JSON without what is not kept. It is never nil.
func keep(list any, kept func(i int, one any) bool) []any {
	all, _ := list.([]any)
	left := make([]any, 0, len(all))
	for i, one := range all {
		if kept(i, one) {
			left = append(left, one)
		}
	}
	return left
}
