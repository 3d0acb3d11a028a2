package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
	"mayak/aggregator/series"
	"mayak/dashboards"
)

// Boards are the dashboards, and what their queries are asked of. No query comes from a browser: it names a panel and the values of variables.
type Boards struct {
	Set     *dashboards.Set
	Conn    driver.Conn
	Rows    func(context.Context, dashboards.Call) (string, error) // the rows of a view, in a form that the database understands quickly
	Metrics Metrics
	Pages   http.Handler // the viewer; nil where there is none
}

// Metrics are the processes' own figures.
type Metrics interface {
	Range(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]series.Line, error)
	Instant(ctx context.Context, expression string, at time.Time) ([]series.Line, error)
}

// boards adds what is answered about dashboards.
func (s *Server) boards(mux *http.ServeMux) {
	mux.Handle("GET /api/dashboards", s.known("dashboards", s.listBoards))
	mux.Handle("GET /api/dashboards/{uid}", s.known("dashboards", s.onBoard(s.showBoard)))
	mux.Handle("GET /api/dashboards/{uid}/variables/{name}", s.known("variables", s.onBoard(s.variable)))
	mux.Handle("GET /api/dashboards/{uid}/panels/{id}", s.known("panels", s.onBoard(s.panel)))
	mux.Handle("GET /api/dashboards/{uid}/annotations", s.known("annotations", s.onBoard(s.annotations)))
	mux.Handle("GET /api/live", s.known("live", s.live))
	if s.Boards.Pages == nil {
		return
	}
	for _, path := range []string{"GET /{$}", "GET /live", "GET /login", "GET /d/{uid}", "GET /viewer/"} {
		mux.Handle(path, s.Boards.Pages)
	}
}

// page tells whether a request is for the viewer's own files, which tell nobody anything: a link to them may stand on any page.
func (s *Server) page(r *http.Request) bool {
	return r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/")
}

// language is the one that is asked for.
func language(given url.Values) (string, error) {
	lang := given.Get("lang")
	switch {
	case lang == "":
		return dashboards.Languages()[0], nil
	case slices.Contains(dashboards.Languages(), lang):
		return lang, nil
	}
	return "", report.Missing("language", clip(lang), dashboards.Languages())
}

func (s *Server) listBoards(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	lang, err := language(r.URL.Query())
	if err != nil {
		return s.refused(w, r, err)
	}
	type board struct {
		UID         string   `json:"uid"`
		Title       string   `json:"title"`
		Description string   `json:"description"`
		Tags        []string `json:"tags"`
	}
	type site struct {
		ID   string `json:"id"`
		Zone string `json:"time_zone"`
	}
	answer := struct {
		Boards    []board  `json:"dashboards"`
		Sites     []site   `json:"sites"`
		Languages []string `json:"languages"`
	}{[]board{}, []site{}, dashboards.Languages()}
	for _, d := range s.Boards.Set.All() {
		if d.MaySee(string(c.Role)) {
			answer.Boards = append(answer.Boards, board{d.Name, s.Boards.Set.Text(d.Title, lang), s.Boards.Set.Text(d.Description, lang), d.Tags})
		}
	}
	visible, err := s.Reports.VisibleSites(r.Context(), s.reader(c))
	if err != nil {
		return s.broken(w, r, err)
	}
	for _, known := range visible {
		answer.Sites = append(answer.Sites, site{known.ID, known.Zone.String()})
	}
	return s.write(w, answer)
}

// onBoard finds the dashboard that is asked for, for a caller who may see something of it.
func (s *Server) onBoard(next func(w http.ResponseWriter, r *http.Request, c access.Caller, d *dashboards.Dashboard) int) asked {
	return func(w http.ResponseWriter, r *http.Request, c access.Caller) int {
		d := s.Boards.Set.Find(r.PathValue("uid"))
		if d == nil {
			var names []string
			for _, d := range s.Boards.Set.All() {
				names = append(names, d.Name)
			}
			return s.refused(w, r, report.Missing("dashboard", clip(r.PathValue("uid")), names))
		}
		if !d.MaySee(string(c.Role)) {
			return s.fail(w, http.StatusForbidden, "this dashboard is for other roles than "+string(c.Role))
		}
		return next(w, r, c, d)
	}
}

func (s *Server) showBoard(w http.ResponseWriter, r *http.Request, c access.Caller, d *dashboards.Dashboard) int {
	lang, err := language(r.URL.Query())
	if err != nil {
		return s.refused(w, r, err)
	}
	body, err := s.Boards.Set.Shown(d, lang, string(c.Role))
	if err != nil {
		return s.broken(w, r, err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) //nolint:gosec // JSON of our own files; who asked has gone
	return http.StatusOK
}

const (
	oneStep   = 5 * time.Minute // windows begin at its multiples
	usualStep = 300             // points of a series when a browser does not say how far apart
)

// question reads a range and the values of variables. Its ends are brought to those of five minutes, as the report API wants them: the
// difference between two ranges that differ by a second would tell of one person, and less than a window is dear to look up.
func (s *Server) question(d *dashboards.Dashboard, given url.Values, c access.Caller) (q dashboards.Question, err error) {
	q.Values = map[string][]string{}
	from, err := milliseconds(given, "from")
	if err != nil {
		return q, err
	}
	if q.To, err = milliseconds(given, "to"); err != nil {
		return q, err
	}
	if q.From = from.Truncate(oneStep); !from.Before(q.To) {
		q.From = from // which is refused
	} else {
		q.To = q.To.Add(oneStep - 1).Truncate(oneStep)
	}
	q.Interval = max(time.Second, q.To.Sub(q.From)/usualStep).Round(time.Second)
	for name, values := range given {
		if err := readParameter(&q, name, values); err != nil {
			return q, err
		}
	}
	for _, site := range q.Values["site"] {
		if !c.MaySee(site) {
			return q, report.Missing("site", clip(site), c.Sites)
		}
	}
	q.Interval = max(q.Interval, least(q.To.Sub(q.From)))
	return q, d.Check(q)
}

// parameter reads what is no end of the range.
func readParameter(q *dashboards.Question, name string, values []string) error {
	switch variable, is := strings.CutPrefix(name, "var-"); {
	case is:
		q.Values[variable] = values
	case name == "interval":
		seconds, err := strconv.ParseInt(values[0], 10, 32)
		if err != nil || seconds < 1 {
			return dashboards.Mistakef("interval %q: want seconds", clip(values[0]))
		}
		q.Interval = time.Duration(seconds) * time.Second
	case name != "from" && name != "to" && name != "lang":
		return dashboards.Mistakef("parameter %q does not exist; there are from, to, interval, lang, var-NAME", clip(name))
	}
	return nil
}

// least is how far apart points of a range are at least: a browser may not ask for a year by the minute.
func least(span time.Duration) time.Duration {
	switch {
	case span <= 2*24*time.Hour:
		return time.Second
	case span <= 100*24*time.Hour:
		return 61 * time.Second
	default:
		return 6*time.Hour + time.Second
	}
}

func milliseconds(given url.Values, name string) (time.Time, error) {
	number, err := strconv.ParseInt(given.Get(name), 10, 64)
	if err != nil || number < 0 || number > 4_000_000_000_000 {
		return time.Time{}, dashboards.Mistakef("%s %q: want milliseconds since 1970", name, clip(given.Get(name)))
	}
	return time.UnixMilli(number).UTC().Truncate(time.Second), nil
}

// complete gives the variables that the browser said nothing of the value that they have to begin with: the site's zone, and those that
// stand for everything.
func (s *Server) complete(ctx context.Context, d *dashboards.Dashboard, q *dashboards.Question) error {
	for i := range d.Templating.List {
		v := &d.Templating.List[i]
		if _, given := q.Values[v.Name]; given && v.Name != "zone" {
			continue
		}
		switch {
		case v.Name == "zone": // always the site's: only its days are recorded, and those of others would differ by single people
			known, err := s.Reports.Sites(ctx)
			if err != nil {
				return err
			}
			if len(q.Values["site"]) == 0 {
				return dashboards.Mistakef("the parameter var-site is missing")
			}
			i := slices.IndexFunc(known, func(site report.Site) bool { return slices.Equal(q.Values["site"], []string{site.ID}) })
			if i < 0 {
				return report.Missing("site", clip(strings.Join(q.Values["site"], ",")), nil)
			}
			q.Values["zone"] = []string{known[i].Zone.String()}
		case v.IncludeAll:
			q.Values[v.Name] = []string{dashboards.All}
		case v.Type == "textbox":
			q.Values[v.Name] = []string{v.Query}
		case v.Type == "custom":
			q.Values[v.Name] = []string{v.Options[0].Value}
		}
	}
	return nil
}

// declined answers a question that cannot be asked.
func (s *Server) declined(w http.ResponseWriter, r *http.Request, err error) int {
	var mistake *dashboards.MistakeError
	if errors.As(err, &mistake) {
		return s.fail(w, http.StatusBadRequest, mistake.Error())
	}
	return s.refused(w, r, err)
}
