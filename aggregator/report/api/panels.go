package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
	"mayak/aggregator/series"
	"mayak/dashboards"
)

// panelTimeout is how long a panel's queries may take together.
const panelTimeout = 30 * time.Second

// errBusy is for a caller whose turn did not come.
var errBusy = errors.New("too many panels are asked for at once")

// panel answers what a panel shows.
func (s *Server) panel(w http.ResponseWriter, r *http.Request, c access.Caller, d *dashboards.Dashboard) int {
	began := time.Now()
	id, err := strconv.Atoi(r.PathValue("id"))
	p := d.Panel(id)
	if err != nil || p == nil {
		return s.refused(w, r, report.Missing("panel", clip(r.PathValue("id")), nil))
	}
	if !p.MaySee(string(c.Role)) {
		return s.fail(w, http.StatusForbidden, "this panel is for other roles than "+string(c.Role))
	}
	ctx, q, cancel, err := s.begin(w, r, c, d)
	if err != nil {
		return s.declined(w, r, err)
	}
	defer cancel()
	answer := framesAnswer{Frames: []*Frame{}}
	for i := range p.Targets {
		t := &p.Targets[i]
		frames, notice, err := s.target(ctx, d, p, t, q)
		if err != nil {
			return s.notAnswered(w, r, err)
		}
		for _, f := range frames {
			f.Ref = t.RefID
		}
		answer.Frames, answer.Notice = append(answer.Frames, frames...), notice
	}
	answer.Took = time.Since(began).Milliseconds()
	return s.write(w, answer)
}

// begin reads the question of a request.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, c access.Caller, d *dashboards.Dashboard) (ctx context.Context, q dashboards.Question, cancel func(), err error) {
	given, err := parameters(r.URL)
	if err != nil {
		return nil, q, nil, dashboards.Mistakef("the parameters cannot be read: a %% is not followed by two hexadecimal digits")
	}
	if q, err = s.question(d, given, c); err != nil {
		return nil, q, nil, err
	}
	if err := s.complete(r.Context(), d, &q); err != nil {
		return nil, q, nil, err
	}
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(panelTimeout + 5*time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, q, nil, err
	}
	ctx, cancel = context.WithTimeout(r.Context(), panelTimeout)
	return ctx, q, cancel, nil
}

// notAnswered tells why there are no rows.
func (s *Server) notAnswered(w http.ResponseWriter, r *http.Request, err error) int {
	switch {
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		return s.fail(w, http.StatusServiceUnavailable, err.Error())
	case errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil:
		return s.fail(w, http.StatusGatewayTimeout, "the database took longer than half a minute; a shorter range is faster")
	}
	return s.declined(w, r, err)
}

// target answers one query of a panel.
func (s *Server) target(ctx context.Context, d *dashboards.Dashboard, p *dashboards.Panel, t *dashboards.Target, q dashboards.Question) (frames []*Frame, notice string, err error) {
	if t.Expr == "" {
		f, err := s.query(ctx, d, t.RawSQL, q)
		return []*Frame{f}, "", err
	}
	if s.Boards.Metrics == nil {
		return []*Frame{}, "no metrics are kept here", nil
	}
	// The end of a range is a window's, which may be minutes ahead; metrics are of the last minute, and of the future there are none.
	if now := s.Now(); q.To.After(now) && q.From.Before(now) {
		q.To = now
	}
	expression := metricWords(t.Expr, q)
	var lines []series.Line
	if t.Instant || p.Type == "stat" && !t.Range {
		lines, err = s.Boards.Metrics.Instant(ctx, expression, q.To)
	} else {
		lines, err = s.Boards.Metrics.Range(ctx, expression, q.From, q.To, max(q.Interval, 15*time.Second))
	}
	for i := range lines {
		frames = append(frames, lineFrame(&lines[i], t.Legend))
	}
	return frames, "", err
}

// metricWords writes the lengths of time into an expression; nothing of it is a reader's.
func metricWords(expression string, q dashboards.Question) string {
	rate := max(time.Minute, 4*q.Interval)
	return strings.NewReplacer(
		"$__rate_interval", fmt.Sprintf("%ds", int(rate.Seconds())), "$__range", fmt.Sprintf("%ds", int(q.To.Sub(q.From).Seconds())),
		"$__interval", fmt.Sprintf("%ds", int(max(q.Interval, 15*time.Second).Seconds()))).Replace(expression)
}

// lineFrame is a line of metrics with the name that the panel gives it.
func lineFrame(line *series.Line, legend string) *Frame {
	name := legend
	for _, label := range slices.Sorted(maps.Keys(line.Labels)) {
		name = strings.ReplaceAll(name, "{{"+label+"}}", line.Labels[label])
	}
	times := &Field{Name: "time", Type: fieldTime, Values: []any{}}
	values := &Field{Name: name, Type: fieldNumber, Labels: line.Labels, Values: []any{}}
	for _, point := range line.Points {
		times.Values, values.Values = append(times.Values, point.At.UnixMilli()), append(values.Values, finite(point.Value))
	}
	return &Frame{Name: name, Fields: []*Field{times, values}}
}

// query runs one query of the files. Statements wait for each other as those of reports do.
func (s *Server) query(ctx context.Context, d *dashboards.Dashboard, sql string, q dashboards.Question) (*Frame, error) {
	if !s.asking.take(ctx) {
		return nil, errBusy
	}
	defer s.asking.give()
	statement, err := d.Expand(sql, q, func(c dashboards.Call) (string, error) { return s.Boards.Rows(ctx, c) })
	if err != nil {
		return nil, err
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": int(panelTimeout.Seconds()), "readonly": 2}))
	rows, err := s.Boards.Conn.Query(ctx, statement)
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.Name, err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	f, err := readFrame(rows)
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.Name, err)
	}
	return f, nil
}

// option is a value that can be chosen.
type option struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// variable answers what can be chosen.
func (s *Server) variable(w http.ResponseWriter, r *http.Request, c access.Caller, d *dashboards.Dashboard) int {
	v := d.Variable(r.PathValue("name"))
	if v == nil {
		return s.refused(w, r, report.Missing("variable", clip(r.PathValue("name")), nil))
	}
	lang, err := language(r.URL.Query())
	if err != nil {
		return s.refused(w, r, err)
	}
	options := []option{}
	for _, o := range v.Options {
		options = append(options, option{s.Boards.Set.Text(o.Text, lang), o.Value})
	}
	if v.Type == "query" {
		if options, err = s.choices(w, r, c, d, v); err != nil {
			return s.notAnswered(w, r, err)
		}
	}
	return s.write(w, map[string]any{"options": options})
}

// choices asks the database what can be chosen: of sites those that the caller may see. A second column is the text of the value in the first.
func (s *Server) choices(w http.ResponseWriter, r *http.Request, c access.Caller, d *dashboards.Dashboard, v *dashboards.Variable) ([]option, error) {
	if !slices.Contains(dashboards.Roles(v.Source.UID), string(c.Role)) {
		return nil, report.Missing("variable", v.Name, nil)
	}
	if v.Name == "site" {
		visible, err := s.Reports.VisibleSites(r.Context(), s.reader(c))
		all := []option{}
		for _, site := range visible {
			all = append(all, option{site.ID, site.ID})
		}
		return all, err
	}
	ctx, q, cancel, err := s.begin(w, r, c, d)
	if err != nil {
		return nil, err
	}
	defer cancel()
	f, err := s.query(ctx, d, v.Query, q) //nolint:contextcheck // it is the request's, with a limit
	if err != nil {
		return nil, err
	}
	all := []option{}
	for i := range f.count() {
		value := f.Fields[0].Values[i]
		text := value
		if len(f.Fields) > 1 {
			text = f.Fields[1].Values[i]
		}
		all = append(all, option{fmt.Sprint(text), fmt.Sprint(value)})
	}
	return all, nil
}

// annotations answers what happened, of all that the caller may know.
func (s *Server) annotations(w http.ResponseWriter, r *http.Request, c access.Caller, d *dashboards.Dashboard) int {
	type annotation struct {
		Time  any      `json:"time"`
		End   any      `json:"time_end"`
		Title any      `json:"title"`
		Text  any      `json:"text"`
		Tags  []string `json:"tags"`
	}
	ctx, q, cancel, err := s.begin(w, r, c, d)
	if err != nil {
		return s.declined(w, r, err)
	}
	defer cancel()
	all := []annotation{}
	for _, a := range d.Annotations.List {
		if a.Target == nil || !slices.Contains(dashboards.Roles(a.Source.UID), string(c.Role)) {
			continue
		}
		f, err := s.query(ctx, d, a.Target.RawSQL, q)
		if err != nil {
			return s.notAnswered(w, r, err)
		}
		for i := range f.count() {
			tags := strings.Fields(fmt.Sprint(f.value("tags", i)))
			all = append(all, annotation{f.value("time", i), f.value("timeEnd", i), f.value("title", i), f.value("text", i), tags})
		}
	}
	return s.write(w, map[string]any{"annotations": all})
}

func (f *Frame) count() int {
	if len(f.Fields) == 0 {
		return 0
	}
	return len(f.Fields[0].Values)
}

// value is that of a column in a row, nil without such a column.
func (f *Frame) value(name string, row int) any {
	i := slices.IndexFunc(f.Fields, func(field *Field) bool { return field.Name == name })
	if i < 0 {
		return nil
	}
	return f.Fields[i].Values[row]
}
