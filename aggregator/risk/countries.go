package risk

import (
	_ "embed"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the machine may have no zones, and others than the tests'
)

//go:embed data/zones.tsv
var zonesText string

//go:embed data/languages.tsv
var languagesText string

// country is what is known of a country.
type country struct {
	places    []point // that its time zones are named after
	zones     []*time.Location
	languages []string
}

// countries reads the tables once.
//
//nolint:gochecknoglobals // two tables, which nothing writes to.
var countries = sync.OnceValue(func() map[string]*country {
	all := map[string]*country{}
	of := func(code string) *country {
		if all[code] == nil {
			all[code] = &country{}
		}
		return all[code]
	}
	for fields := range rows(zonesText, 4) {
		latitude, errLatitude := strconv.ParseFloat(fields[1], 64)
		longitude, errLongitude := strconv.ParseFloat(fields[2], 64)
		if zone, err := time.LoadLocation(fields[3]); err == nil && errLatitude == nil && errLongitude == nil {
			c := of(fields[0])
			c.places, c.zones = append(c.places, point{latitude, longitude}), append(c.zones, zone)
		}
	}
	for fields := range rows(languagesText, 2) {
		of(fields[0]).languages = strings.Fields(fields[1])
	}
	return all
})

// rows are the lines of a table that have so many fields.
func rows(text string, fields int) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(text) {
			if cut := strings.Split(strings.TrimSpace(line), "\t"); len(cut) == fields && !strings.HasPrefix(line, "#") && !yield(cut) {
				return
			}
		}
	}
}

// answer is yes, no or not known.
type answer int

const (
	unknown answer = iota
	yes
	no
)

// speaks tells whether a language is one of the country's.
func speaks(code, language string) answer {
	c := countries()[code]
	if c == nil || len(c.languages) == 0 || language == "" {
		return unknown
	}
	if l := primary(language); l == "en" || slices.Contains(c.languages, l) {
		return yes
	}
	return no
}

// primary is the language without region.
func primary(language string) string {
	l, _, _ := strings.Cut(strings.ToLower(language), "-")
	return l
}

// hoursApart is how far the clock of a zone is from the nearest of the country's clocks at a moment.
func hoursApart(zone, code string, now time.Time) (hours float64, ok bool) {
	c := countries()[code]
	if c == nil || len(c.zones) == 0 || zone == "" || strings.HasPrefix(zone, "Etc/") || zone == "UTC" || zone == "GMT" || zone == "Local" {
		return 0, false // who hides the zone tells none
	}
	own := zoneOf(zone)
	if own == nil {
		return 0, false
	}
	nearest := math.Inf(1)
	_, here := now.In(own).Zone()
	for _, z := range c.zones {
		_, there := now.In(z).Zone()
		nearest = min(nearest, math.Abs(float64(here-there)))
	}
	return nearest / time.Hour.Seconds(), true
}

// zones are those that were asked for: reading one takes a file. There are only as many as have a name.
//
//nolint:gochecknoglobals // what it holds never changes.
var zones sync.Map

// zoneOf is a time zone by its name; nil is none.
func zoneOf(name string) *time.Location {
	if known, ok := zones.Load(name); ok {
		zone, _ := known.(*time.Location) // nothing else is in there
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(strings.Clone(name), zone)
	return zone
}

// borderKM is how far a place may be from those that its country's zones are named after.
const borderKM = 500

// countriesApart is how far two countries are from each other at least.
func countriesApart(a, b string) (km float64, ok bool) {
	from, to := countries()[a], countries()[b]
	if from == nil || to == nil || len(from.places) == 0 || len(to.places) == 0 {
		return 0, false
	}
	nearest := math.Inf(1)
	for _, p := range from.places {
		for _, q := range to.places {
			nearest = min(nearest, greatCircle(p, q))
		}
	}
	return max(0, nearest-borderKM), true
}
