package sites

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// PageGroup is a name for pages that are looked at together in diagnostics. Its paths match as those of PathRule do.
type PageGroup struct {
	Name  string
	Paths []string
}

// PageGroups are groups in the order of the file: a page belongs to the first one that it matches.
type PageGroups []PageGroup

const longestName = 64

// UnmarshalYAML reads name: path, or name: [path, path].
func (g *PageGroups) UnmarshalYAML(unmarshal func(any) error) error {
	var file yaml.MapSlice
	if err := unmarshal(&file); err != nil {
		return err
	}
	for _, item := range file {
		one := PageGroup{Name: fmt.Sprint(item.Key)}
		paths, several := item.Value.([]any)
		if !several {
			paths = []any{item.Value}
		}
		for _, path := range paths {
			text, _ := path.(string) // what is none is no path
			one.Paths = append(one.Paths, text)
		}
		*g = append(*g, one)
	}
	return nil
}

// Pattern is a regular expression, as the database understands it, for the pages of the group.
func (g *PageGroup) Pattern() string {
	all := make([]string, 0, len(g.Paths))
	for _, path := range g.Paths {
		rule := PathRule{Path: path, As: "/"}
		_ = rule.prepare() // preparing the site has told
		all = append(all, rule.pattern())
	}
	return "(?is)^(" + strings.Join(all, "|") + ")$"
}

// pattern matches what matches does.
func (r *PathRule) pattern() string {
	var p strings.Builder
	slash := "/*"
	for _, segment := range r.segments {
		p.WriteString(slash)
		slash = "/+"
		if segment == "*" {
			p.WriteString("[^/]+")
		} else {
			p.WriteString(regexp.QuoteMeta(segment))
		}
	}
	if r.deep {
		p.WriteString("(" + slash + ".*)?")
	}
	return p.String() + "/*"
}

func (s *Site) prepareGroups() error {
	var problems []error
	seen := map[string]bool{}
	for i, g := range s.PageGroups {
		if g.Name == "" || len(g.Name) > longestName || strings.HasPrefix(g.Name, "/") || seen[g.Name] {
			problems = append(problems, fmt.Errorf("page_groups: %d: name %q: want 1 to %d bytes without / at their beginning, each name once", i+1, g.Name, longestName))
		}
		seen[g.Name] = true
		if len(g.Paths) == 0 {
			problems = append(problems, fmt.Errorf("page_groups: %s: want a path like /doctors/*, or a list of them", g.Name))
		}
		for _, path := range g.Paths {
			rule := PathRule{Path: path, As: "/"}
			if err := rule.prepare(); err != nil {
				problems = append(problems, fmt.Errorf("page_groups: %s: %w", g.Name, err))
			}
		}
	}
	return errors.Join(problems...)
}
