// Package dashboards holds the dashboards of analysts, ops and security as Grafana reads them, and what else has to know them: the server of
// the viewer, and who provisions Grafana.
//
// The files *.json are the only place where panels and their queries stand. Load refuses what one of the two readers would not
// understand or show: an unknown key or kind of panel, a panel that does not say what is healthy, a link that leads nowhere, a text that
// messages.json has not in every language, a query that reads anything but views of its role. Expand writes the values of variables into a
// query as literals, the way Grafana does, and nothing else that a reader sends gets into one. There is no database here.
package dashboards

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.json
var files embed.FS

// messagesFile is not a dashboard.
const messagesFile = "messages.json"

// Prefix is how uids in Grafana begin; without it one is the file's name.
const Prefix = "mayak-"

// Set is every dashboard that there is.
type Set struct {
	dashboards []*Dashboard // in the order in which they are shown
	messages   Messages
}

// order is how dashboards are listed: what most people look at comes first.
func order() []string {
	return []string{"overview", "pages", "sources", "audience", "diagnostics", "risk", "privacy", "collector"}
}

// Load reads the dashboards that this program was built with.
func Load() (*Set, error) { return load(files) }

func load(from fs.FS) (*Set, error) {
	names, err := fs.Glob(from, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list the dashboards: %w", err)
	}
	s := &Set{}
	text, err := fs.ReadFile(from, messagesFile)
	if err != nil {
		return nil, fmt.Errorf("read the messages: %w", err)
	}
	if s.messages, err = parseMessages(text); err != nil {
		return nil, err
	}
	var problems []error
	for _, name := range names {
		if name == messagesFile {
			continue
		}
		if text, err = fs.ReadFile(from, name); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		d, err := Parse(strings.TrimSuffix(path.Base(name), ".json"), text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		s.dashboards = append(s.dashboards, d)
	}
	slices.SortStableFunc(s.dashboards, func(a, b *Dashboard) int { return place(a.Name) - place(b.Name) })
	return s, errors.Join(append(problems, s.check())...)
}

// place is where a dashboard stands in the list; one that nobody placed stands last.
func place(name string) int {
	if i := slices.Index(order(), name); i >= 0 {
		return i
	}
	return len(order())
}

// All lists the dashboards.
func (s *Set) All() []*Dashboard { return s.dashboards }

// Find is the dashboard of this name or uid, or nil.
func (s *Set) Find(uid string) *Dashboard {
	name := strings.TrimPrefix(uid, Prefix)
	if i := slices.IndexFunc(s.dashboards, func(d *Dashboard) bool { return d.Name == name }); i >= 0 {
		return s.dashboards[i]
	}
	return nil
}

// Parse reads one dashboard. Its error names every problem with the file and the panel that has it.
func Parse(name string, text []byte) (*Dashboard, error) {
	d := &Dashboard{Name: name}
	if err := strict(text, &d.Model); err != nil {
		return nil, fmt.Errorf("%s.json: %w", name, err)
	}
	if err := json.Unmarshal(text, &d.tree); err != nil {
		return nil, fmt.Errorf("%s.json: %w", name, err)
	}
	if problems := d.check(); len(problems) > 0 {
		return nil, fmt.Errorf("%s.json: %w", name, errors.Join(problems...))
	}
	return d, nil
}
