package api

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
)

//go:embed openapi.json
var openapi []byte

// answerTimeout is how long a report may take, its writing included.
const answerTimeout = 90 * time.Second

// Reader is what a caller may see.
func Reader(c access.Caller, smallest int) report.Reader {
	reader := report.Reader{Role: string(c.Role), MaySee: c.MaySee}
	if c.Role == access.Analyst {
		reader.Smallest = smallest
	}
	return reader
}

func (s *Server) reader(c access.Caller) report.Reader { return Reader(c, s.Smallest) }

func (s *Server) describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openapi) // who asked has gone
	s.metrics.answers.WithLabelValues("openapi", "200").Inc()
}

// list answers which reports there are for the caller, and which sites.
func (s *Server) list(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	if r.URL.RawQuery != "" {
		return s.fail(w, http.StatusBadRequest, "this has no parameters")
	}
	type site struct {
		ID   string `json:"id"`
		Zone string `json:"time_zone"`
	}
	reader := s.reader(c)
	answer := struct {
		Role    access.Role          `json:"role"`
		Sites   []site               `json:"sites"`
		Reports []report.Description `json:"reports"`
		Tables  []string             `json:"tables"`
	}{Role: c.Role, Sites: []site{}, Reports: s.Reports.Describe(reader), Tables: s.tables(c.Role)}
	visible, err := s.Reports.VisibleSites(r.Context(), reader)
	if err != nil {
		return s.broken(w, r, err)
	}
	for _, known := range visible {
		answer.Sites = append(answer.Sites, site{known.ID, known.Zone.String()})
	}
	return s.write(w, answer)
}

func (s *Server) report(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	given, err := parameters(r.URL)
	if err != nil {
		return s.fail(w, http.StatusBadRequest, "the parameters cannot be read: a % is not followed by two hexadecimal digits")
	}
	format, given := cmp.Or(given.Get("format"), "json"), without(given, "format")
	if format != "json" && format != "csv" {
		return s.fail(w, http.StatusBadRequest, "format "+strconv.Quote(clip(format))+" does not exist; there are json, csv")
	}
	query, err := s.Reports.Parse(r.Context(), r.PathValue("name"), given, s.reader(c))
	if err != nil {
		return s.refused(w, r, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout + 5*time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return s.broken(w, r, err)
	}
	if !s.asking.take(ctx) {
		w.Header().Set("Retry-After", "5")
		return s.fail(w, http.StatusServiceUnavailable, "too many reports are asked for at once")
	}
	defer s.asking.give()
	answer, err := s.Reports.Run(ctx, query)
	if err != nil {
		return s.broken(w, r, err)
	}
	if format == "csv" {
		return s.writeCSV(w, r, answer)
	}
	return s.write(w, answer)
}

// broken answers for what is not the caller's fault. What exactly it was stands in the log only.
func (s *Server) broken(w http.ResponseWriter, r *http.Request, err error) int {
	if r.Context().Err() != nil {
		return 499 // the caller has gone
	}
	s.Log.Error("report not made", "err", err)
	return s.fail(w, http.StatusServiceUnavailable, "the database does not answer as it should; the aggregator's log says why")
}

func (s *Server) write(w http.ResponseWriter, answer any) int {
	return s.writeWith(w, http.StatusOK, answer)
}

func (s *Server) writeWith(w http.ResponseWriter, code int, answer any) int {
	body, err := json.Marshal(answer)
	if err != nil {
		s.Log.Error("report not written", "err", err)
		return s.fail(w, http.StatusInternalServerError, "the answer cannot be written")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // who asked has gone
	return code
}

// writeCSV tells in headers what CSV has no place for.
func (s *Server) writeCSV(w http.ResponseWriter, r *http.Request, a *report.Answer) int {
	var body bytes.Buffer
	if err := a.WriteCSV(&body); err != nil {
		return s.broken(w, r, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+a.Site+"-"+a.Report+`.csv"`)
	h.Set("Mayak-Page", strconv.Itoa(a.Page))
	h.Set("Mayak-Pages", strconv.Itoa(a.Pages))
	h.Set("Mayak-Lag-Seconds", strconv.FormatFloat(a.LagSeconds, 'f', -1, 64))
	_, _ = w.Write(body.Bytes()) // who asked has gone
	return http.StatusOK
}

// parameters reads the query. A bare ";" stands between two conditions of a filter, where net/url would give the parameter up.
func parameters(u *url.URL) (url.Values, error) {
	return url.ParseQuery(strings.ReplaceAll(u.RawQuery, ";", "%3B"))
}

func without(given url.Values, name string) url.Values {
	rest := url.Values{}
	for key, values := range given {
		if key != name || len(values) > 1 {
			rest[key] = values
		}
	}
	return rest
}

func clip(text string) string {
	if len(text) > 80 {
		return text[:80]
	}
	return text
}
