package dashboards

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var (
	linked   = regexp.MustCompile(`^/d/([\w-]+)(?:\?(.*))?$`)
	assigned = regexp.MustCompile(`(?:^|&)var-(\w+)=`)
	passed   = regexp.MustCompile(`\$\{(\w+):queryparam\}`)
)

// check finds what is wrong with dashboards together: uids, links, texts.
func (s *Set) check() error {
	var problems []error
	uids := map[string]bool{}
	for _, d := range s.dashboards {
		if uids[d.UID] {
			problems = append(problems, fmt.Errorf("%s.json: uid %s stands twice", d.Name, d.UID))
		}
		uids[d.UID] = true
		for _, l := range d.links() {
			if err := s.checkLink(d, l); err != nil {
				problems = append(problems, fmt.Errorf("%s.json: link %q: %w", d.Name, l.Title, err))
			}
		}
	}
	return errors.Join(append(problems, s.checkMessages())...)
}

// links are all of a dashboard's links, wherever they stand.
func (d *Dashboard) links() []Link {
	all := append([]Link{}, d.Links...)
	for i := range d.Panels {
		all = append(all, d.Panels[i].Links...)
		var c fieldConfig
		if json.Unmarshal(d.Panels[i].Field, &c) != nil {
			continue // a row has none
		}
		all = append(all, c.Defaults.Links...)
		for _, o := range c.Overrides {
			for _, property := range o.Properties {
				var links []Link
				if property.ID == "links" && json.Unmarshal(property.Value, &links) == nil {
					all = append(all, links...)
				}
			}
		}
	}
	return all
}

// checkLink follows a link to the dashboard, and its values to that one's variables.
func (s *Set) checkLink(from *Dashboard, l Link) error {
	if l.Type == "dashboards" && len(l.Tags) > 0 {
		return nil // to all that there are
	}
	found := linked.FindStringSubmatch(l.URL)
	if found == nil {
		return fmt.Errorf("%q is not of the form /d/UID?var-NAME=VALUE", l.URL)
	}
	to := s.Find(found[1])
	if to == nil || to.UID != found[1] {
		return fmt.Errorf("there is no dashboard %s", found[1])
	}
	for _, name := range assigned.FindAllStringSubmatch(found[2], -1) {
		if to.Variable(name[1]) == nil {
			return fmt.Errorf("%s has no variable %s; there are %s", to.UID, name[1], strings.Join(to.variables(), ", "))
		}
	}
	for _, name := range passed.FindAllStringSubmatch(found[2], -1) {
		if from.Variable(name[1]) == nil || to.Variable(name[1]) == nil {
			return fmt.Errorf("both have to have the variable %s", name[1])
		}
	}
	return nil
}
