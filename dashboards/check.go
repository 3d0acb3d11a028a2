package dashboards

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const schemaVersion = 41

// kinds are the panels that both readers draw.
func kinds() []string {
	return []string{
		"stat", "gauge", "bargauge", "timeseries", "barchart", "piechart", "table", "heatmap", "state-timeline", "geomap", "text", "row",
	}
}

// check finds what is wrong with a dashboard by itself.
func (d *Dashboard) check() (problems []error) {
	if d.UID != Prefix+d.Name {
		problems = append(problems, fmt.Errorf("uid %q: want %s", d.UID, Prefix+d.Name))
	}
	if d.Title == "" || d.Description == "" || d.SchemaVersion != schemaVersion {
		problems = append(problems, fmt.Errorf("want a title, a description and schemaVersion %d", schemaVersion))
	}
	for i := range d.Templating.List {
		v := &d.Templating.List[i]
		if err := d.checkVariable(v, i); err != nil {
			problems = append(problems, fmt.Errorf("variable %s: %w", v.Name, err))
		}
	}
	ids := map[int]bool{}
	for i := range d.Panels {
		p := &d.Panels[i]
		if ids[p.ID] || p.ID < 1 {
			problems = append(problems, fmt.Errorf("panel %d %q: the id is no positive number, or stands twice", p.ID, p.Title))
		}
		ids[p.ID] = true
		for _, err := range d.checkPanel(p) {
			problems = append(problems, fmt.Errorf("panel %d %q: %w", p.ID, p.Title, err))
		}
		for _, other := range d.Panels[:i] {
			if p.Place.overlaps(other.Place) {
				problems = append(problems, fmt.Errorf("panel %d %q: stands on panel %d", p.ID, p.Title, other.ID))
			}
		}
	}
	for _, a := range d.Annotations.List {
		if err := d.checkAnnotation(&a); err != nil {
			problems = append(problems, fmt.Errorf("annotation %s: %w", a.Name, err))
		}
	}
	return problems
}

func (p Place) overlaps(o Place) bool {
	return p.X < o.X+o.W && o.X < p.X+p.W && p.Y < o.Y+o.H && o.Y < p.Y+p.H
}

var variableName = regexp.MustCompile(`^[a-z][a-z_]*$`)

func (d *Dashboard) checkVariable(v *Variable, i int) error {
	switch {
	case !variableName.MatchString(v.Name) || d.Variable(v.Name) != v:
		return errors.New("the name has other signs than small letters, or stands twice")
	case v.Label == "" && v.Hide == 0:
		return errors.New("a label is missing")
	case v.Name == "site" && (i > 0 || v.Multi):
		return errors.New("it has to be the first, and single")
	case v.IncludeAll && (!v.Multi || v.AllValue != "'"+All+"'"):
		return fmt.Errorf("with All it has to be multi, and allValue '%s'", All)
	}
	return d.checkKind(v)
}

// checkKind holds a variable to have what its kind needs.
func (d *Dashboard) checkKind(v *Variable) error {
	switch v.Type {
	case "query":
		if v.Source == nil || v.Source.Type != databaseType {
			return fmt.Errorf("want a data source of the type %s", databaseType)
		}
		return d.checkSQL(v.Query, v.Source.UID)
	case "custom":
		if len(v.Options) == 0 {
			return errors.New("options are missing")
		}
		return nil
	case "textbox":
		return nil
	}
	return fmt.Errorf("type %q is not known; there are query, custom, textbox", v.Type)
}

func (d *Dashboard) checkAnnotation(a *Annotation) error {
	if a.Source.UID == grafanaUID {
		return nil
	}
	if a.Target == nil || a.Source.Type != databaseType {
		return fmt.Errorf("want a target, and a data source of the type %s", databaseType)
	}
	return d.checkSQL(a.Target.RawSQL, a.Source.UID)
}

func (d *Dashboard) checkPanel(p *Panel) (problems []error) {
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !slices.Contains(kinds(), p.Type) {
		add("type %q is not known; there are %s", p.Type, strings.Join(kinds(), ", "))
	}
	if p.Title == "" || p.Description == "" && p.Type != "row" {
		add("want a title, and a description that says what is healthy")
	}
	if p.Place.X < 0 || p.Place.W < 1 || p.Place.H < 1 || p.Place.X+p.Place.W > 24 {
		add("it does not stand within 24 columns")
	}
	if !p.holds() {
		add("want panels, empty, of rows alone")
	}
	if p.Text() {
		return problems
	}
	problems = append(problems, p.checkFields()...)
	for _, t := range p.Transformations {
		if !slices.Contains([]string{"organize", "sortBy", "limit", "joinByField"}, t.ID) {
			add("transformation %q is not known", t.ID)
		}
	}
	return append(problems, d.checkTargets(p)...)
}

// holds tells whether the panel has the key panels, as Grafana wants: rows have, and none in them.
func (p *Panel) holds() bool {
	if p.Type == "row" {
		return p.Panels != nil && len(p.Panels) == 0
	}
	return p.Panels == nil
}

func (d *Dashboard) checkTargets(p *Panel) (problems []error) {
	if p.Source == nil || len(p.Targets) == 0 {
		return []error{errors.New("want a data source and a target")}
	}
	refs := map[string]bool{}
	for i := range p.Targets {
		t := &p.Targets[i]
		if refs[t.RefID] || t.RefID == "" {
			problems = append(problems, fmt.Errorf("refId %q is missing, or stands twice", t.RefID))
		}
		refs[t.RefID] = true
		if err := d.checkTarget(p, t); err != nil {
			problems = append(problems, fmt.Errorf("target %s: %w", t.RefID, err))
		}
	}
	return problems
}

// checkFields holds a panel to say what its numbers are.
func (p *Panel) checkFields() (problems []error) {
	var c fieldConfig
	if err := strict(p.Field, &c); err != nil {
		return []error{fmt.Errorf("fieldConfig: %w", err)}
	}
	if c.Defaults.Unit == "" {
		problems = append(problems, errors.New("a unit is missing"))
	}
	if len(c.Defaults.Thresholds) == 0 && p.Type != "table" && p.Type != "geomap" {
		problems = append(problems, errors.New("thresholds are missing"))
	}
	return problems
}

func (d *Dashboard) checkTarget(p *Panel, t *Target) error {
	source := p.Source
	if t.Source != nil {
		source = t.Source
	}
	switch {
	case *source != *p.Source:
		return errors.New("its data source is not the panel's")
	case source.UID == MetricsSource && source.Type == metricsType:
		if t.Expr == "" || t.RawSQL != "" {
			return errors.New("want expr, and no rawSql")
		}
		return nil
	case source.Type == databaseType:
		if t.RawSQL == "" || t.Expr != "" || t.EditorType != "sql" || t.QueryType != "timeseries" && t.QueryType != "table" {
			return errors.New("want rawSql, editorType sql, and a queryType of timeseries or table")
		}
		return d.checkSQL(t.RawSQL, source.UID)
	}
	return fmt.Errorf("data source %s of type %s is not known", source.UID, source.Type)
}

var (
	reads = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+(\(|\w+)`)
	named = regexp.MustCompile(`(?i)(?:\bWITH\s+|,\s*)(\w+)\s+AS\s*\(`)
	other = regexp.MustCompile(`(?i)\b(?:url|file|remote|s3|merge|cluster|dictionary|input|executable|mysql|postgresql)\s*\(|\b(?:SETTINGS|INTO|INSERT|ALTER|DROP|SYSTEM|FORMAT)\b`)
)

// checkSQL holds a query to read nothing but the views of its role, and to have no word that is not understood.
func (d *Dashboard) checkSQL(sql, source string) error {
	prefix, known := sources()[source]
	if !known {
		return fmt.Errorf("data source %q is not known", source)
	}
	if found := other.FindString(literal.ReplaceAllString(sql, "''")); found != "" {
		return fmt.Errorf("%q has no place in a dashboard's query", found)
	}
	defined := []string{}
	for _, found := range named.FindAllStringSubmatch(sql, -1) {
		defined = append(defined, found[1])
	}
	some := false
	for _, found := range reads.FindAllStringSubmatch(sql, -1) {
		some = some || strings.HasPrefix(found[1], prefix)
		if found[1] != "(" && !strings.HasPrefix(found[1], prefix) && !slices.Contains(defined, found[1]) {
			return fmt.Errorf("it reads from %s; %s may read the views %s*", found[1], source, prefix)
		}
	}
	if !some {
		return fmt.Errorf("it reads from no view %s*", prefix)
	}
	_, err := d.Expand(sql, d.sample(), nil)
	return err
}

// sample is a question with a value for each variable.
func (d *Dashboard) sample() Question {
	q := Question{From: time.Unix(1_790_000_000, 0), To: time.Unix(1_790_600_000, 0), Interval: time.Hour, Values: map[string][]string{}}
	for _, v := range d.Templating.List {
		value := "x"
		if len(v.Options) > 0 {
			value = v.Options[0].Value
		}
		q.Values[v.Name] = []string{value}
	}
	return q
}
