package sites

import (
	"errors"
	"fmt"
	"strings"

	"mayak/schema/event"
)

// PathRule puts another path in the place of those that it matches: on a health site an address can say what somebody suffers from.
// /results/* matches one segment more, /results/** that and everything below; capitals and slashes too many do not matter.
type PathRule struct {
	Path      string `yaml:"path"`
	As        string `yaml:"as"`         // what is kept instead, like /results/:id, or a category of pages
	Below     string `yaml:"below"`      // the level of consent from which on the path itself is kept; never when empty
	KeepTitle bool   `yaml:"keep_title"` // of such a page; it tells what its path does, so it goes too unless this is set

	segments []string
	deep     bool // everything below, too
	below    event.Level
}

// Keeping is whether something is kept.
type Keeping string

// What can be done with titles and search terms.
const (
	Keep Keeping = "keep"
	Drop Keeping = "drop"
)

// Collapse is what is kept of a page's path in its place at this level of consent: the first rule that matches says so.
func (s *Site) Collapse(path string, level event.Level) (rule *PathRule, matched bool) {
	for i := range s.Paths {
		if rule := &s.Paths[i]; level < rule.below && rule.matches(path) {
			return rule, true
		}
	}
	return nil, false
}

func (r *PathRule) matches(path string) bool {
	at := 0
	for rest := path; rest != ""; {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		switch {
		case segment == "":
		case at == len(r.segments):
			return r.deep
		case r.segments[at] != "*" && !strings.EqualFold(r.segments[at], segment):
			return false
		default:
			at++
		}
	}
	return at == len(r.segments)
}

func (s *Site) preparePaths() error {
	var problems []error
	for i := range s.Paths {
		if err := s.Paths[i].prepare(); err != nil {
			problems = append(problems, fmt.Errorf("paths: %d: %w", i+1, err))
		}
	}
	for _, c := range []struct {
		key   string
		value *Keeping
	}{{"titles", &s.Titles}, {"search_terms", &s.SearchTerms}} {
		switch *c.value {
		case "":
			*c.value = Keep
		case Keep, Drop:
		default:
			problems = append(problems, fmt.Errorf("%s %q: want keep or drop", c.key, *c.value))
		}
	}
	return errors.Join(problems...)
}

func (r *PathRule) prepare() error {
	var problems []error
	for key, path := range map[string]string{"path": r.Path, "as": r.As} {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?% \t\\;") {
			problems = append(problems, fmt.Errorf("%s %q: want a path like /results/:id, unescaped and without a query", key, path))
		}
	}
	r.below = event.Advertising + 1
	if r.Below != "" {
		level, ok := event.ParseLevel(r.Below)
		if !ok || level < event.Analytics {
			problems = append(problems, fmt.Errorf("below %q: want analytics or advertising, or nothing for always", r.Below))
		}
		r.below = level
	}
	r.segments, r.deep = nil, false
	for segment := range strings.SplitSeq(r.Path, "/") {
		switch {
		case r.deep:
			problems = append(problems, fmt.Errorf("path %q: ** must be the last", r.Path))
		case segment == "**":
			r.deep = true
		case segment != "" && segment != "*" && strings.Contains(segment, "*"):
			problems = append(problems, fmt.Errorf("path %q: * stands for a whole segment", r.Path))
		case segment != "":
			r.segments = append(r.segments, segment)
		}
	}
	return errors.Join(problems...)
}

// searches are the names under which sites carry what somebody has searched for.
func searches() []string {
	return []string{"q", "query", "s", "search", "search_query", "searchword", "keyword", "keywords", "term", "terms", "text", "find", "k"}
}

// DropsSearch tells whether a parameter or a property of this name is a search term that the site does not keep.
func (s *Site) DropsSearch(name string) bool {
	if s.SearchTerms != Drop {
		return false
	}
	for _, known := range searches() {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}
