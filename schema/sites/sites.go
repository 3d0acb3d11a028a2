// Package sites reads the sites file: which sites this installation counts, under which host names, in which
// time zone, with which of the operator's choices, and what counts as a success there: goals and funnels.
//
// The file is YAML and read strictly: an unknown key, a bad host name or a time zone that does not exist is an
// error that names its line, and all errors are told at once. A Sites is immutable and safe for concurrent use.
package sites

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine

	"github.com/goccy/go-yaml"

	"mayak/schema/event"
)

// Choice is what a browser's privacy signal does on a site.
type Choice string

// The choices.
const (
	Ignore    Choice = "ignore"    // the signal changes nothing
	Essential Choice = "essential" // at most essential data are kept
	Refuse    Choice = "refuse"    // the visitor counts as having refused
)

// Most is the highest level of consent that the choice leaves.
func (c Choice) Most() event.Level {
	switch c {
	case Refuse:
		return event.Refused
	case Essential:
		return event.Essential
	case Ignore:
	}
	return event.Advertising
}

// refused is another word for Refuse: the level of consent that it leads to.
const refused = "refused"

// Site is one site of the file.
type Site struct {
	ID           string   `yaml:"id"`
	Hostnames    []string `yaml:"hostnames"`     // "example.org" or "*.example.org", which does not contain example.org itself
	TimeZone     string   `yaml:"time_zone"`     // IANA name; the site's days begin at its midnight
	AllowedQuery []string `yaml:"allowed_query"` // query parameters that may be kept, beside the five utm_*
	GPC          Choice   `yaml:"gpc"`           // what Sec-GPC: 1 does
	DNT          Choice   `yaml:"dnt"`           // what DNT: 1 does
	Advertising  bool     `yaml:"advertising"`   // visitors may be asked for consent to advertising too
	WeekStart    Weekday  `yaml:"week_start"`

	Paths       []PathRule `yaml:"paths"`        // what stands for paths that tell too much; the first that matches
	Titles      Keeping    `yaml:"titles"`       // of pages
	SearchTerms Keeping    `yaml:"search_terms"` // utm_term, and parameters and properties that are named like a search

	Reports     string      `yaml:"reports"` // on or off: whether browsers may send their own reports
	Diagnostics Diagnostics `yaml:"diagnostics"`
	PageGroups  PageGroups  `yaml:"page_groups"` // pages that diagnostics look at together; what is in none goes by its first segment

	Goals   []Goal   `yaml:"goals"`   // in the order of the file
	Funnels []Funnel `yaml:"funnels"` // in the order of the file

	location *time.Location
	exact    map[string]struct{}
	suffixes []string
	query    map[string]struct{}
}

// Most is the highest level of consent that visitors of the site are asked for, and that a choice can give.
func (s *Site) Most() event.Level {
	if s.Advertising {
		return event.Advertising
	}
	return event.Analytics
}

// Sites are the sites of one file.
type Sites struct {
	byID map[string]*Site
	all  []*Site
}

var (
	idForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	hostForm = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$|^\[[0-9a-f:]+\]$`)
)

// Load reads the file at path.
func Load(path string) (*Sites, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	s, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("sites file %s: %w", path, err)
	}
	return s, nil
}

// Parse reads the text of a sites file.
func Parse(text []byte) (*Sites, error) {
	var file struct {
		Sites []*Site `yaml:"sites"`
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, err
	}
	s := &Sites{byID: make(map[string]*Site, len(file.Sites)), all: file.Sites}
	var problems []error
	if len(file.Sites) == 0 {
		problems = append(problems, errors.New("no site: the file must hold a list under the key sites"))
	}
	for i, site := range file.Sites {
		if site == nil {
			problems = append(problems, fmt.Errorf("site %d is empty", i+1))
			continue
		}
		if err := site.prepare(); err != nil {
			problems = append(problems, fmt.Errorf("site %d (%q): %w", i+1, site.ID, err))
		}
		if _, twice := s.byID[site.ID]; twice {
			problems = append(problems, fmt.Errorf("site %d: id %q stands twice", i+1, site.ID))
		}
		s.byID[site.ID] = site
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Site) prepare() error {
	var problems []error
	if !idForm.MatchString(s.ID) {
		problems = append(problems, errors.New("id must be 1 to 64 of a-z 0-9 . _ -, a letter or digit first"))
	}
	if s.TimeZone == "" {
		s.TimeZone = "UTC"
	}
	location, err := time.LoadLocation(s.TimeZone)
	if err != nil || s.TimeZone == "Local" {
		problems = append(problems, fmt.Errorf("time_zone %q is not an IANA time zone", s.TimeZone))
	}
	s.location = location
	s.WeekStart = cmp.Or(s.WeekStart, Monday)
	problems = append(problems, s.prepareHosts(), s.prepareChoices(), s.preparePaths(), s.prepareGoals(), s.prepareFunnels(), s.prepareDiagnostics(), s.prepareGroups())
	s.query = make(map[string]struct{}, len(s.AllowedQuery))
	for _, name := range s.AllowedQuery {
		if name == "" || strings.ContainsAny(name, "&=#? ") {
			problems = append(problems, fmt.Errorf("allowed_query %q is not a parameter's name", name))
		}
		s.query[name] = struct{}{}
	}
	return errors.Join(problems...)
}

func (s *Site) prepareHosts() error {
	var problems []error
	if len(s.Hostnames) == 0 {
		problems = append(problems, errors.New("hostnames is empty: no page could be counted"))
	}
	s.exact = make(map[string]struct{}, len(s.Hostnames))
	for _, host := range s.Hostnames {
		if !hostForm.MatchString(host) || len(host) > 253 {
			problems = append(problems, fmt.Errorf("hostname %q: want example.org or *.example.org, lower case, without port", host))
			continue
		}
		if suffix, wildcard := strings.CutPrefix(host, "*"); wildcard {
			s.suffixes = append(s.suffixes, suffix)
		} else {
			s.exact[host] = struct{}{}
		}
	}
	return errors.Join(problems...)
}

func (s *Site) prepareChoices() error {
	var problems []error
	for _, c := range []struct {
		key   string
		value *Choice
	}{{"gpc", &s.GPC}, {"dnt", &s.DNT}} {
		if *c.value == "" {
			*c.value = Essential
		}
		if *c.value == refused {
			*c.value = Refuse
		}
		if !slices.Contains([]Choice{Ignore, Essential, Refuse}, *c.value) {
			problems = append(problems, fmt.Errorf("%s %q: want ignore, essential or refuse", c.key, *c.value))
		}
	}
	return errors.Join(problems...)
}

// Find is the site with this id, or nil.
func (s *Sites) Find(id string) *Site { return s.byID[id] }

// All lists the sites in the order of the file.
func (s *Sites) All() []*Site { return s.all }

// Owns tells whether host, in lower case and without its port, is one of the site's.
func (s *Site) Owns(host string) bool {
	if _, ok := s.exact[host]; ok {
		return true
	}
	for _, suffix := range s.suffixes {
		if len(host) > len(suffix) && strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// AllowsQuery tells whether the site keeps this query parameter.
func (s *Site) AllowsQuery(name string) bool {
	_, ok := s.query[name]
	return ok
}

// Location is the site's time zone.
func (s *Site) Location() *time.Location { return s.location }

// Adopt is a copy of s in which the first site also owns host: for explaining what a site would keep, never for serving.
func (s *Sites) Adopt(host string) *Sites {
	first := *s.all[0]
	first.exact = maps.Clone(first.exact)
	first.exact[host] = struct{}{}
	byID := maps.Clone(s.byID)
	byID[first.ID] = &first
	return &Sites{byID: byID, all: append([]*Site{&first}, s.all[1:]...)}
}
