package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/aggregator/audit"
	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
)

// form is a format that rows are exported in: ClickHouse writes it.
type form struct {
	name, format, media, suffix string
}

func forms() []form {
	return []form{
		{"ndjson", "JSONEachRow", "application/x-ndjson", "ndjson"},
		{"csv", "CSVWithNames", "text/csv; charset=utf-8; header=present", "csv"},
		{"parquet", "Parquet", "application/vnd.apache.parquet", "parquet"},
	}
}

// silence is how long a client may take no byte of an export.
const silence = 30 * time.Second

// export streams the rows of a table as the database writes them; nothing is held here but one piece.
func (s *Server) export(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	given, err := parameters(r.URL)
	if err != nil {
		return s.fail(w, http.StatusBadRequest, "the parameters cannot be read: a % is not followed by two hexadecimal digits")
	}
	choice := cmp.Or(given.Get("format"), "ndjson")
	i := slices.IndexFunc(forms(), func(f form) bool { return f.name == choice })
	if i < 0 {
		return s.fail(w, http.StatusBadRequest, "format "+strconv.Quote(clip(choice))+" does not exist; there are ndjson, csv, parquet")
	}
	f := forms()[i]
	table := r.PathValue("table")
	columns, err := s.columns(table, c.Role, given)
	if err != nil {
		return s.refused(w, r, err)
	}
	span, err := s.Reports.Span(r.Context(), without(without(given, "format"), "columns"), s.reader(c))
	if err != nil {
		return s.refused(w, r, err)
	}
	if !s.writing.take(r.Context()) {
		w.Header().Set("Retry-After", "30")
		return s.fail(w, http.StatusServiceUnavailable, "too many exports are under way")
	}
	defer s.writing.give()
	if err := s.note(r, c, audit.Entry{Action: "raw rows exported", Site: span.Site, Detail: fmt.Sprintf(
		"table %s, from %s to %s, %d columns", table, span.From.UTC().Format(time.RFC3339), span.To.UTC().Format(time.RFC3339), len(columns))}); err != nil {
		return s.broken(w, r, err)
	}
	body, err := s.rows(r.Context(), table, columns, f, span)
	if errors.Is(err, clickhouse.ErrFormatNativeUnsupported) {
		return s.fail(w, http.StatusNotImplemented, "export needs the database's HTTP interface; MAYAK_AGGREGATOR_EXPORT_DSN names it")
	}
	if err != nil {
		return s.broken(w, r, err)
	}
	defer func() { _ = body.Close() }() // reading has told
	s.Log.Info("export", "token", c.Name, "table", table, "site", span.Site, "format", f.name)
	w.Header().Set("Content-Type", f.media)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", span.Site+"-"+table+"."+f.suffix))
	return s.stream(w, r, body)
}

// stream copies piece by piece. An answer that is cut off must not look whole, so then the connection ends in its middle.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, body io.Reader) int {
	control := http.NewResponseController(w)
	piece := make([]byte, 64<<10)
	begun := false
	for {
		n, err := io.ReadAtLeast(body, piece, len(piece))
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended && !begun {
			return s.broken(w, r, err)
		}
		if err != nil && !ended {
			s.Log.Error("export cut off", "err", err)
			panic(http.ErrAbortHandler)
		}
		begun = true
		_ = control.SetWriteDeadline(time.Now().Add(silence)) // a recorder of a test has none
		if _, err := w.Write(piece[:n]); err != nil {
			return 499 // the caller has gone
		}
		s.metrics.bytes.Add(float64(n))
		if ended {
			return http.StatusOK
		}
	}
}

// raw tells of a table whether its rows can be exported: those of one site and of a time, and no rollup's, whose rows are
// computations that only its report can read.
func (s *Server) raw(table string) bool {
	columns := s.Policy.Tables[table].Columns
	_, site := columns["site"]
	_, time := columns["ts"]
	return site && time
}

// tables are those that the role may read.
func (s *Server) tables(role access.Role) []string {
	all := []string{}
	for name := range s.Policy.Tables {
		if s.raw(name) && len(s.readable(name, role)) > 0 {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func (s *Server) readable(table string, role access.Role) []string {
	var all []string
	for name, column := range s.Policy.Tables[table].Columns {
		if slices.Contains(column.Roles, string(role)) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// columns are those that the caller asks for, all that the role may read unless it says which.
func (s *Server) columns(table string, role access.Role, given url.Values) ([]string, error) {
	if !slices.Contains(s.tables(role), table) {
		return nil, report.Missing("table", table, s.tables(role))
	}
	readable := s.readable(table, role)
	if given.Get("columns") == "" {
		return readable, nil
	}
	chosen := strings.Split(given.Get("columns"), ",")
	for i, name := range chosen {
		if !slices.Contains(readable, name) || slices.Contains(chosen[:i], name) {
			return nil, report.Missing("column", name, readable)
		}
	}
	return chosen, nil
}

// rows asks for the rows.
func (s *Server) rows(ctx context.Context, table string, columns []string, f form, span *report.SiteSpan) (io.ReadCloser, error) {
	types, err := s.types(ctx, table)
	if err != nil {
		return nil, err
	}
	var selected []string
	for _, name := range columns {
		selected = append(selected, readableForm(name, types[name], f))
	}
	settings := clickhouse.Settings{
		"output_format_parquet_string_as_string": 1, "output_format_json_quote_64bit_integers": 1, "date_time_output_format": "iso",
		"output_format_csv_crlf_end_of_line": 1, "max_execution_time": 0, "prefer_column_name_to_alias": 1,
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings))
	return s.Export.QueryFormat(ctx, f.format, fmt.Sprintf(
		"SELECT %s FROM %s WHERE site = {site:String} AND ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}",
		strings.Join(selected, ", "), source(table)),
		clickhouse.Named("site", span.Site), clickhouse.Named("since", span.From), clickhouse.Named("until", span.To))
}

// source is where the rows that count are read from.
func source(table string) string {
	if table == "events" {
		return "counted" // which leaves out what is blocked
	}
	return table + " FINAL"
}

// readableForm selects a column so that every reader of the format understands it, and no spreadsheet takes it for a formula.
func readableForm(name, kind string, f form) string {
	switch {
	case kind == "IPv6":
		return fmt.Sprintf("toString(%[1]s) AS %[1]s", name)
	case f.name == "csv" && (kind == "String" || kind == "LowCardinality(String)"):
		return fmt.Sprintf("if(match(%[1]s, '^[=+@\\t\\r\\n＝＋－＠-]'), concat('\\'', %[1]s), toString(%[1]s)) AS %[1]s", name)
	default:
		return name
	}
}

// types are the types of a table's columns.
func (s *Server) types(ctx context.Context, table string) (map[string]string, error) {
	rows, err := s.Export.Query(ctx, "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}", clickhouse.Named("table", table))
	if err != nil {
		return nil, fmt.Errorf("columns of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	types := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, fmt.Errorf("columns of %s: %w", table, err)
		}
		types[name] = kind
	}
	return types, rows.Err()
}
