package embedded

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// largestStatement bounds an SQL text; the engine's own limit (max_query_size, 256 KiB) is usually met first. An
// INSERT's data does not count.
const largestStatement = 8 << 20

// request is an HTTP request in the words of ClickHouse's HTTP interface.
type request struct {
	sql        string    // what the engine's parser sees; an INSERT's data may follow in data
	data       io.Reader // what is left of the body, decoded
	account    account
	id         string
	database   string
	format     string // the default format, when the statement names none
	settings   map[string]string
	parameters map[string]string
	readOnly   bool // a GET may not change anything, as on a server

	revision     int  // of the Native format that the client asked for, 0 for plain
	compress     bool // answer in ClickHouse's own compressed frames
	zstd         bool // these frames hold zstd rather than LZ4
	httpEncoding string
	waitEnd      bool // nothing is sent before the statement has ended
}

// ignored are URL parameters that say nothing to an engine without sessions, quotas and proxies.
func ignored() []string {
	return []string{"query", "user", "password", "quota_key", "stacktrace", "buffer_size", "session_timeout", "session_check", "close_session"}
}

// readRequest understands a request up to the statement's text; it reads of the body what the statement needs.
func readRequest(r *http.Request, largest int) (*request, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(codeBadArguments, "BAD_ARGUMENTS", "The URL's parameters cannot be read")
	}
	q := &request{
		id: values.Get("query_id"), database: r.Header.Get("X-ClickHouse-Database"), format: r.Header.Get("X-ClickHouse-Format"),
		settings: map[string]string{}, parameters: map[string]string{}, readOnly: r.Method == http.MethodGet || r.Method == http.MethodHead,
	}
	decompress := false
	for name, all := range values {
		value := all[len(all)-1]
		if err := q.take(name, value, &decompress); err != nil {
			return nil, err
		}
	}
	if q.id == "" {
		q.id = newID()
	}
	q.httpEncoding = acceptedEncoding(r.Header.Get("Accept-Encoding"), isOn(q.settings["enable_http_compression"]))
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return nil, refuse(codeNotImplemented, "NOT_IMPLEMENTED", "External tables are not supported by the embedded engine")
	}
	body, err := decodeBody(r.Body, r.Header.Get("Content-Encoding"), decompress)
	if err != nil {
		return nil, err
	}
	if err := q.split(values.Get("query"), body, largest); err != nil {
		return nil, err
	}
	return q, nil
}

// take sorts one URL parameter: a control of the interface, a parameter of the statement, or a setting of the engine.
func (q *request) take(name, value string, decompress *bool) error {
	switch {
	case name == "query_id", name == "" || slices.Contains(ignored(), name):
	case name == "database":
		q.database = value
	case name == "default_format":
		q.format = value
	case name == "compress":
		q.compress = isOn(value)
	case name == "decompress":
		*decompress = isOn(value)
	case name == "wait_end_of_query":
		q.waitEnd = isOn(value)
	case name == "client_protocol_version":
		if _, err := fmt.Sscanf(value, "%d", &q.revision); err != nil {
			return refuse(codeBadArguments, "BAD_ARGUMENTS", "client_protocol_version is not a number")
		}
	case name == "session_id", name == "role":
		return refuse(codeNotImplemented, "NOT_IMPLEMENTED", "The parameter %s is not supported by the embedded engine", name)
	case strings.HasPrefix(name, "param_"):
		q.parameters[strings.TrimPrefix(name, "param_")] = value
	case !allWordBytes(name):
		return refuse(115, "UNKNOWN_SETTING", "Unknown setting %q", name)
	default:
		q.settings[name] = value
	}
	if name == "network_compression_method" {
		q.zstd = strings.EqualFold(value, "zstd")
	}
	return nil
}

// split puts the statement together, which is the query parameter followed by the body, and keeps an INSERT's data apart.
func (q *request) split(query string, body io.Reader, largest int) error {
	if s := readStatement(query); query != "" && s.kind == kindInsert {
		q.sql, q.data = query, body
		return nil
	}
	head, err := io.ReadAll(io.LimitReader(body, int64(largest)+1))
	if err != nil {
		return asException(err, "The body cannot be read")
	}
	if query != "" && len(head) > 0 {
		query += "\n"
	}
	q.sql, q.data = query+string(head), body
	if len(head) > largest && readStatement(q.sql).kind != kindInsert {
		return refuse(229, "QUERY_IS_TOO_LARGE", "The statement is larger than %d bytes", largest)
	}
	if strings.TrimSpace(q.sql) == "" {
		return refuse(codeSyntaxError, "SYNTAX_ERROR", "Empty query")
	}
	return nil
}

func isOn(value string) bool { return value == "1" || strings.EqualFold(value, "true") }
