package rollup

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	columnForm = regexp.MustCompile(`^([a-z][a-z0-9_]*) ([A-Za-z0-9(), ]+?)(?: = ([a-z0-9]+)\(([a-z_0-9]+)\))?: (.+)$`)
	nameForm   = regexp.MustCompile(`^[a-z][a-z_]{1,40}$`)
	headerForm = regexp.MustCompile(`^([a-z]+):\s*(.*)$`)
)

// kinds are the ways to count that a file may name: events are only added up, since finer windows have to make coarser ones.
func kinds(source string) []kind {
	if source == counted {
		return []kind{kindSum, kindMax, kindMap}
	}
	return []kind{kindSum, kindMax, kindFirst, kindSeconds, kindWeight, kindVisitors, kindMean, kindMedian, kindP75, kindTimes50, kindTimes75, kindTimes95}
}

// parse reads one SQL file: a comment that says what it is for, the header, and one SELECT. It tells all that is wrong.
func parse(file, text string) (*definition, error) {
	p := parser{definition: &definition{}, seen: map[string]bool{}}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	at := 0
	for ; at < len(lines) && strings.HasPrefix(lines[at], "--"); at++ {
		p.line(strings.TrimPrefix(lines[at], "--"))
	}
	p.query = strings.Join(lines[at:], "\n")
	p.validate(strings.TrimSuffix(file, ".sql"))
	if err := errors.Join(p.problems...); err != nil {
		return nil, fmt.Errorf("rollup file %s: %w", file, err)
	}
	return p.definition, nil
}

type parser struct {
	*definition

	seen     map[string]bool
	section  string
	problems []error
}

func (p *parser) problem(format string, values ...any) {
	p.problems = append(p.problems, fmt.Errorf(format, values...))
}

func (p *parser) line(line string) {
	content := strings.TrimSpace(line)
	if rest, ok := strings.CutPrefix(line, "   "); ok && (p.section == "dimensions" || p.section == "measures") {
		p.column(strings.TrimSpace(rest))
		return
	}
	found := headerForm.FindStringSubmatch(content)
	if len(found) == 0 || p.section == "" && found[1] != "name" {
		if p.section != "" && content != "" {
			p.problem("%q is no line of a header", content)
		} else if content != "" {
			p.about = strings.TrimSpace(p.about + " " + content)
		}
		return
	}
	p.section = found[1]
	if p.seen[p.section] {
		p.problem("%s stands twice", p.section)
	}
	p.seen[p.section] = true
	p.set(found[1], found[2])
}

func (p *parser) set(key, value string) {
	switch key {
	case "name":
		p.name = value
	case "source":
		p.source = value
	case "reads":
		p.reads = strings.Fields(value)
	case "window":
		for name := range strings.FieldsSeq(value) {
			tier, ok := parseTier(name)
			if !ok {
				p.problem("window %q: there are 5m, hour and day", name)
			}
			p.tiers = append(p.tiers, tier)
		}
	case "visitor":
		p.visitor = value == "yes"
		if value != "yes" && value != "no" {
			p.problem("visitor %q: want yes or no", value)
		}
	case "dimensions", "measures":
		if value != "" {
			p.problem("%s: want one a line, below", key)
		}
	default:
		p.problem("nobody knows %q: a header has name, source, reads, window, visitor, dimensions and measures", key)
	}
}

func (p *parser) column(line string) {
	found := columnForm.FindStringSubmatch(line)
	if found == nil {
		p.problem("%q: want a column's name, type, how it is made, and after a colon what it is", line)
		return
	}
	column := Column{Name: found[1], Type: found[2], About: found[5]}
	if p.section == "dimensions" {
		p.dimensions = append(p.dimensions, column)
		return
	}
	p.measures = append(p.measures, measure{Column: column, kind: kind(found[3]), of: found[4]})
}

func (p *parser) validate(file string) {
	for _, key := range []string{"name", "source", "window", "visitor", "dimensions", "measures"} {
		if !p.seen[key] {
			p.problem("the header lacks %s", key)
		}
	}
	if p.name != file || !nameForm.MatchString(p.name) {
		p.problem("name %q: want that of the file, of a-z and _", p.name)
	}
	if (p.source == counted) != p.seen["reads"] {
		p.problem("reads: what is counted from events names the columns that it reads, beside ts, visitor and consent; nothing else does")
	}
	if p.about == "" {
		p.problem("the first line must say what it is for")
	}
	if strings.Count(p.query, "{carry}") != 1 || strings.Count(p.query, "{source}") != 1 || !strings.HasPrefix(p.query, "SELECT {carry}") {
		p.problem("the query must begin with SELECT {carry} and read FROM {source}, once")
	}
	p.validateColumns()
}

func (p *parser) validateColumns() {
	known := kinds(p.source)
	names := map[string]bool{"site": true, "tier": true, "window": true, "generation": true, "visitor": true, "consented": true, "at": true}
	for _, d := range p.dimensions {
		if names[d.Name] {
			p.problem("column %s stands twice", d.Name)
		}
		names[d.Name] = true
	}
	for _, m := range p.measures {
		if !slices.Contains(known, m.kind) {
			p.problem("measure %s: %q is none of %v", m.Name, m.kind, known)
		}
		if names[m.Name] {
			p.problem("column %s stands twice", m.Name)
		}
		names[m.Name] = true
		if p.source == counted && m.Name != m.of {
			p.problem("measure %s: what is counted from events keeps its name %s", m.Name, m.of)
		}
		if !p.visitor && !slices.Contains(withoutVisitors(), m.kind) || p.visitor && m.kind != kindSum && m.kind != kindWeight && slices.Contains(withoutVisitors(), m.kind) {
			p.problem("measure %s: without visitors there are sums, and sizes of times, which visitors have none of", m.Name)
		}
	}
	p.validateVisitors()
	if len(p.measures) == 0 {
		p.problem("there is no measure")
	}
}

func withoutVisitors() []kind {
	return []kind{kindSum, kindWeight, kindMap, kindTimes50, kindTimes75, kindTimes95}
}

func (p *parser) validateVisitors() {
	distinct := 0
	for _, m := range p.measures {
		if m.kind == kindVisitors {
			distinct++
		}
	}
	if p.source != counted && p.visitor && distinct != 1 {
		p.problem("there are %d measures of visitors: want one", distinct)
	}
}
