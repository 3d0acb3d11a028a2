package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mayak/aggregator/rollup"
	"mayak/schema/policy"
)

// shape is what a report shows of a rollup, beside what the rollup says itself.
type shape struct {
	name    string // of the report, if not that of the rollup
	about   string // what it is, if not what the rollup says
	view    string
	shows   []string // dimensions; all when nil
	where   string   // the rows that it is made of
	without []string // measures that say nothing in these rows
	apart   string   // dimension whose values are each a report of their own: rows of two of them never add up
	// all is the rows that stand for all values at once; with another view's name before a colon they are there.
	all string
	// people is the measure that a small group is known by.
	people string
	sort   string
	table  string // whose readers the policy names for visits; empty means events, whose columns the dimensions show
	ratios []Measure
	roles  []string // that may read it, where the policy's columns do not say so
}

// shapes are the rollups as reports. A rollup that is missing here fails the catalogue, so that none is forgotten.
func shapes() []shape {
	return append(diagnosticShapes(), []shape{
		{view: "traffic", people: "visitors", sort: "-views"},
		{view: "pages", all: "traffic:", people: "visitors", sort: "-views"},
		{view: "sources", where: "dimension != 'all'", all: "dimension = 'all'", apart: "dimension", people: "visitors", sort: "dimension,-arrivals"},
		{view: "places", where: "dimension != 'all'", all: "dimension = 'all'", apart: "dimension", people: "visitors", sort: "dimension,-views"},
		{view: "devices", where: "dimension != 'all'", all: "dimension = 'all'", apart: "dimension", people: "visitors", sort: "dimension,-views"},
		{
			view: "custom_events", shows: []string{"name", "currency"}, where: "name != '' AND property = ''", all: "name = ''",
			people: "visitors", sort: "-events",
		},
		{
			name: "event_properties", about: "Properties of custom events and their values.", view: "custom_events",
			shows: []string{"name", "property", "content"}, where: "property != ''", apart: "property", people: "visitors", sort: "name,property,-events",
		},
		{view: "links", where: "kind != ''", all: "kind = ''", people: "visitors", sort: "-clicks"},
		{view: "opens", people: "mails", sort: "-opens"},
		{view: "consent", sort: "-events"},
		{view: "bots", sort: "-views"},
		{view: "networks", sort: "-views", roles: []string{"ops", "security"}},
		{name: "visits", view: "visit_totals", people: "visitors", sort: "-visits", table: "visits", ratios: append(visitRatios(), attention())},
		{view: "entries", people: "visitors", sort: "-visits", table: "visits", ratios: visitRatios()},
		{view: "exits", people: "visitors", sort: "-visits", table: "visits"},
		{
			view: "visit_sources", where: "dimension != 'all'", all: "dimension = 'all'", apart: "dimension", people: "visitors",
			sort: "dimension,-visits", table: "visits", ratios: visitRatios(),
		},
		{
			view: "campaigns", shows: []string{"campaign", "source", "medium"}, where: "currency = ''", without: []string{"revenue"},
			people: "visitors", sort: "-visits", table: "visits", ratios: visitRatios()[:3],
		},
		{
			name: "campaign_revenue", about: "What the visits that a campaign brought were worth, by the values of their custom events.", view: "campaigns",
			where: "currency != ''", without: []string{"bounces", "views", "converted", "engaged_seconds"}, apart: "currency",
			people: "visitors", sort: "currency,-revenue", table: "visits",
		},
		{view: "funnels", apart: "funnel", people: "visitors", sort: "funnel,step", table: "visits"},
		{view: "cohorts", apart: "cohort", people: "visitors", sort: "cohort,age", table: "visits"},
		{view: "loyalty", people: "visitors", sort: "-visits", table: "visits"},
		{
			name: "attribution_first", about: "Visits that reached a goal, by the first source that may be known of their visitor.", view: "attribution",
			shows: []string{"goal", "channel", "source", "campaign", "currency"}, where: "touch = 'first'", apart: "goal",
			people: "visitors", sort: "goal,-conversions", table: "visits",
		},
		{
			name: "attribution_last", about: "Visits that reached a goal, by the last source that may be known of their visitor.", view: "attribution",
			shows: []string{"goal", "channel", "source", "campaign", "currency"}, where: "touch = 'last'", apart: "goal",
			people: "visitors", sort: "goal,-conversions", table: "visits",
		},
		{view: "goals", where: "goal != ''", apart: "goal", people: "visitors", sort: "goal,-visits", table: "visits"},
	}...)
}

// visitRatios are what is made of the measures that reports on visits have.
func visitRatios() []Measure {
	return []Measure{
		{Name: "bounce_rate", Help: "bounces in a hundred visits", Unit: Percent, Ratio: &Ratio{Of: "bounces", By: "visits", Times: 100}},
		{Name: "conversion_rate", Help: "visits that reached a goal, in a hundred", Unit: Percent, Ratio: &Ratio{Of: "converted", By: "visits", Times: 100}},
		{Name: "views_a_visit", Help: "page views of a visit, on average", Unit: Number, Ratio: &Ratio{Of: "views", By: "visits", Times: 1}},
		{Name: "duration_average", Help: "duration of a visit, on average over those whose duration is known", Unit: Seconds, Ratio: &Ratio{Of: "duration_seconds", By: "timed", Times: 1}},
	}
}

func attention() Measure {
	return Measure{Name: "engaged_average", Help: "time of attention of a visit, on average over those that tell of it", Unit: Seconds, Ratio: &Ratio{Of: "engaged_seconds", By: "measured", Times: 1}}
}

// single is one dimension of a rollup that holds several, as a report of its own.
type single struct {
	name, view, of string
	value, detail  string // how the report calls them; no detail if empty
	about          string
	partial        bool // not every arrival has a value, so the totals of all are not those of the rows
}

func singles() []single {
	return []single{
		{"channels", "sources", "channel", "channel", "", "Kinds of sources that visitors came from.", false},
		{"referrers", "sources", "referrer", "referrer", "channel", "Hosts whose pages led to the site.", true},
		{"utm_sources", "sources", "utm_source", "utm_source", "", "Sources that links to the site name (utm_source).", true},
		{"utm_mediums", "sources", "utm_medium", "utm_medium", "", "Media that links to the site name (utm_medium).", true},
		{"utm_campaigns", "sources", "campaign", "utm_campaign", "source_medium", "Campaigns that links to the site name (utm_campaign).", true},
		{"utm_terms", "sources", "utm_term", "utm_term", "", "Terms that links to the site name (utm_term).", true},
		{"utm_contents", "sources", "utm_content", "utm_content", "", "Contents that links to the site name (utm_content).", true},
		{"countries", "places", "country", "country", "", "Countries that visitors were in.", false},
		{"regions", "places", "region", "region", "country", "Regions that visitors were in; known from analytics consent on.", false},
		{"cities", "places", "city", "city", "region", "Cities that visitors were in; known from analytics consent on.", false},
		{"asns", "places", "asn", "asn", "", "Autonomous systems that visitors came through.", false},
		{"browsers", "devices", "browser", "browser", "", "Browsers.", false},
		{"browser_versions", "devices", "browser_version", "browser_version", "browser", "Versions of browsers; known from analytics consent on.", false},
		{"systems", "devices", "os", "os", "", "Operating systems.", false},
		{"system_versions", "devices", "os_version", "os_version", "os", "Versions of operating systems; known from analytics consent on.", false},
		{"device_types", "devices", "device", "device", "", "Kinds of devices.", false},
		{"brands", "devices", "brand", "brand", "", "Makers of devices.", false},
		{"models", "devices", "model", "model", "brand", "Models of devices; known from analytics consent on.", false},
		{"screens", "devices", "screen", "screen", "", "Sizes of screens; below analytics consent those of their class.", false},
		{"languages", "devices", "language", "language", "", "Preferred languages.", false},
	}
}

// nature is what the catalogue must know of a measure to show it.
type nature struct {
	unit   Unit
	sum    bool
	column string // of the table events that it is made of, for the policy; empty for a count of rows
}

func natures() map[string]nature {
	return map[string]nature{
		"views":            {Count, true, ""},
		"bot_views":        {Count, true, "bot"},
		"events":           {Count, true, ""},
		"arrivals":         {Count, true, ""},
		"clicks":           {Count, true, ""},
		"opens":            {Count, true, ""},
		"mails":            {Count, false, ""},
		"visitors":         {Count, false, ""},
		"amount":           {Number, true, "value"},
		"engaged_seconds":  {Seconds, true, "engaged_ms"},
		"engaged_median":   {Seconds, false, "engaged_ms"},
		"engaged_p75":      {Seconds, false, "engaged_ms"},
		"scroll":           {Percent, false, "scroll"},
		"visits":           {Count, true, ""},
		"bounces":          {Count, true, ""},
		"converted":        {Count, true, ""},
		"timed":            {Count, true, ""},
		"measured":         {Count, true, ""},
		"times":            {Count, true, ""},
		"duration_seconds": {Seconds, true, ""},
		"revenue":          {Number, true, "value"},
		"worth":            {Number, true, "value"},
		"entered":          {Count, false, ""},
		"reached":          {Count, false, ""},
		"drop_off":         {Number, false, ""},
		"median_seconds":   {Seconds, false, ""},
		"size":             {Count, false, ""},
		"retention":        {Number, false, ""},
		"conversions":      {Count, false, ""}, // a visit with two currencies has two rows
	}
}

// columns are the columns of the table events that a dimension shows. The policy says who may read them.
func columns() map[string][]string {
	sources := []string{"channel", "referrer_host", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"}
	places := []string{"country", "region", "city", "asn"}
	devices := []string{"browser", "browser_version", "os", "os_version", "device", "brand", "model", "screen_width", "language"}
	all := map[string][]string{
		"visit_sources.dimension": sources, "visit_sources.value": sources, "visit_sources.detail": sources,
		"source": {"utm_source"}, "medium": {"utm_medium"}, "goal": {"name"},
		"sources.dimension": sources, "sources.value": sources, "sources.detail": sources,
		"places.dimension": places, "places.value": places, "places.detail": places,
		"devices.dimension": devices, "devices.value": devices, "devices.detail": devices,
		"referrer": {"referrer_host"}, "source_medium": {"utm_source", "utm_medium"}, "screen": {"screen_width", "screen_height"},
		"property": {"props"}, "content": {"props"}, "url": {"props"}, "kind": {"name"}, "reader": {"name"}, "campaign": {"utm_campaign"},
		"funnel": {"path", "name"}, "step": {"path", "name"}, "cohort": {"ts"}, "age": {"ts"}, "loyalty.kind": {"ts"},
		"vitals.metric": {"vitals"}, "vitals.dimension": {"vitals"}, "vitals.value": {"vitals", "path", "country", "asn", "device", "protocol"},
		"errors.kind": {"error_kind"}, "fingerprint": {"fingerprint"}, "message": {"error_message"}, "errors.source": {"error_source"},
		"status": {"status"}, "told_by": {"origin"}, "phase": {"phase"}, "detail": {"error_type"}, "reports.kind": {"error_kind"}, "reports.source": {"error_source"},
		"level": {"consent"}, "bots.kind": {"bot"}, "bots.name": {"bot"},
	}
	for _, column := range slices.Concat(sources, places, devices, []string{"path", "name", "currency", "network"}) {
		all[column] = []string{column}
	}
	return all
}

// builder makes definitions of the rollups.
type builder struct {
	rollups  []rollup.Rollup
	policy   *policy.Policy
	columns  map[string][]string
	problems []error
}

// Definitions are the reports that the rollups give. Who may read which column is the policy's to say.
func Definitions(rollups []rollup.Rollup, rules *policy.Policy) ([]Definition, error) {
	b := &builder{rollups: rollups, policy: rules, columns: columns()}
	all := make([]Definition, 0, len(rollups)+len(singles()))
	for _, r := range rollups {
		shown := false
		for _, s := range shapes() {
			if s.view == r.View {
				shown = true
				all = append(all, b.general(r, s))
			}
		}
		if !shown {
			b.problems = append(b.problems, fmt.Errorf("nobody has said how the rollup %s is shown", r.Name))
			continue
		}
		general := all[len(all)-1]
		for _, s := range singles() {
			if s.view == r.View {
				all = append(all, b.single(general, r, s))
			}
		}
	}
	slices.SortFunc(all, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return all, errors.Join(b.problems...)
}

func (b *builder) general(r rollup.Rollup, s shape) Definition {
	d := Definition{
		Name: cmp.Or(s.name, r.Name), Help: cmp.Or(s.about, r.About), View: r.View, Where: s.where, People: s.people, Sort: s.sort, Apart: s.apart,
		Roles: s.roles,
	}
	if s.table != "" {
		d.Roles = b.tableReaders(s.table)
	}
	for _, c := range r.Dimensions {
		if s.shows == nil || slices.Contains(s.shows, c.Name) {
			d.Dimensions = append(d.Dimensions, Dimension{Name: c.Name, Help: c.About, Column: c.Name, Roles: b.roles(r, c.Name), Number: strings.HasPrefix(c.Type, "UInt")})
		}
	}
	for _, c := range r.Measures {
		if slices.Contains(s.without, c.Name) {
			continue
		}
		n, known := natures()[c.Name]
		if !known {
			n, known = diagnosticNatures()[c.Name]
		}
		if !known {
			b.problems = append(b.problems, fmt.Errorf("nobody has said what kind of number %s of the rollup %s is", c.Name, r.Name))
		}
		d.Measures = append(d.Measures, Measure{Name: c.Name, Help: c.About, Unit: n.unit, Sum: n.sum, Roles: b.readers(n.column)})
	}
	d.Measures = append(d.Measures, s.ratios...)
	if s.all != "" {
		d.Whole = b.whole(&d, s.all)
	}
	return d
}

// whole takes the totals from the rows that stand for all values, for what of the report they have.
func (b *builder) whole(d *Definition, all string) *Whole {
	w := &Whole{View: d.View, Where: all}
	if view, where, other := strings.Cut(all, ":"); other {
		w.View, w.Where = view, where
	}
	i := slices.IndexFunc(b.rollups, func(r rollup.Rollup) bool { return r.View == w.View })
	if i < 0 {
		b.problems = append(b.problems, fmt.Errorf("totals of %s: no rollup %s", d.Name, w.View))
		return nil
	}
	for _, c := range b.rollups[i].Measures {
		if d.measure(c.Name) >= 0 {
			w.Measures = append(w.Measures, c.Name)
		}
	}
	return w
}

// single is a report of one dimension of the general one.
func (b *builder) single(general Definition, r rollup.Rollup, s single) Definition {
	d := general
	d.Name, d.Help, d.Where, d.Apart = s.name, s.about, "dimension = '"+s.of+"'", ""
	_, d.Sort, _ = strings.Cut(general.Sort, ",")
	if s.partial {
		d.Whole = nil
	}
	d.Dimensions = []Dimension{{Name: s.value, Help: helpOf(r, "value"), Column: "value", Roles: b.roles(r, s.value)}}
	if s.detail != "" {
		d.Dimensions = append(d.Dimensions, Dimension{Name: s.detail, Help: helpOf(r, "detail"), Column: "detail", Roles: b.roles(r, s.detail)})
	}
	return d
}

func helpOf(r rollup.Rollup, column string) string {
	i := slices.IndexFunc(r.Dimensions, func(c rollup.Column) bool { return c.Name == column })
	if i < 0 {
		return ""
	}
	return r.Dimensions[i].About
}

// roles are those that may read a dimension: who may read all the columns that it shows.
func (b *builder) roles(r rollup.Rollup, name string) []string {
	shown, known := b.columns[r.Name+"."+name]
	if !known {
		shown, known = b.columns[name]
	}
	if !known {
		b.problems = append(b.problems, fmt.Errorf("nobody has said which columns the dimension %s of the rollup %s shows", name, r.Name))
	}
	return b.readers(shown...)
}

// nobody may read what the policy gives to no role; an empty list would mean everybody.
const nobody = "nobody"

// tableReaders are the roles that may read who did what in a table.
func (b *builder) tableReaders(table string) []string {
	c, known := b.policy.Column(table, "visitor")
	switch {
	case !known:
		b.problems = append(b.problems, fmt.Errorf("the policy knows no visitor of %s", table))
	case len(c.Roles) == 0:
		return []string{nobody}
	}
	return c.Roles
}

func (b *builder) readers(columns ...string) []string {
	var roles []string
	for i, column := range columns {
		if column == "" {
			continue
		}
		c, known := b.policy.Column("events", column)
		if !known {
			b.problems = append(b.problems, fmt.Errorf("the policy knows no column %s of events", column))
		}
		if i == 0 {
			roles = slices.Clone(c.Roles)
		}
		roles = slices.DeleteFunc(roles, func(role string) bool { return !slices.Contains(c.Roles, role) })
		if len(roles) == 0 {
			return []string{nobody}
		}
	}
	return roles
}
