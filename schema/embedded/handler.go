package embedded

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// handler is ClickHouse's HTTP interface over an executor.
type handler struct {
	executor  *executor
	accounts  *accounts
	metrics   http.Handler
	name      string // shown as the server's display name
	log       *slog.Logger
	statement int // largest text of a statement
}

func (h *handler) routes() http.Handler {
	mux := http.NewServeMux()
	alive := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Ok.\n") }
	mux.HandleFunc("GET /ping", alive)
	mux.HandleFunc("GET /replicas_status", alive)
	mux.HandleFunc("GET /{$}", h.get)
	mux.HandleFunc("POST /{$}", h.serve)
	mux.HandleFunc("GET /query", h.serve)
	mux.HandleFunc("POST /query", h.serve)
	mux.Handle("GET /metrics", h.metrics)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "There is no handle for this path. Use / or /ping or /replicas_status.", http.StatusNotFound)
	})
	return keepSemicolons(mux)
}

// keepSemicolons lets a statement in the URL end in a semicolon, as a server does; Go takes one for a damaged query.
func keepSemicolons(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, ";", "%3B")
		next.ServeHTTP(w, r)
	})
}

// get tells a person who opens the address that something is there; with a query it answers it.
func (h *handler) get(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("query") {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	h.serve(w, r)
}

// serve runs one statement.
func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-ClickHouse-Server-Display-Name", h.name)
	header.Set("X-ClickHouse-Timezone", "UTC")
	if fromWebPage(r) {
		writeException(w, "", refuse(497, "ACCESS_DENIED", "Requests from web pages are refused"))
		return
	}
	who, err := h.accounts.authenticate(r)
	if err != nil {
		writeException(w, "", asServerException(err))
		return
	}
	if !who.secret() && !ownName(r.Host) {
		writeException(w, "", refuse(497, "ACCESS_DENIED",
			"Without a password this engine answers to an address, to localhost and to names without a dot"))
		return
	}
	q, err := readRequest(r, h.statement)
	if err != nil {
		writeException(w, r.URL.Query().Get("query_id"), asServerException(err))
		return
	}
	q.account = who
	a := newAnswer(w, q, h.executor.temporary, func(n int) { h.executor.metrics.sent.Add(float64(n)) })
	defer a.close()
	err = h.executor.execute(r.Context(), q, a)
	if err == nil {
		return
	}
	if r.Context().Err() != nil {
		h.log.Debug("client went away", "query_id", q.id)
	}
	if cut := a.fail(asServerException(err)); cut {
		panic(http.ErrAbortHandler) // net/http's way to end a connection without the answer's proper end
	}
}

// fromWebPage tells whether a page in somebody's browser asks. It can reach this port too, and has no business here: a
// picture or a link sends no Origin, but says whence it comes all the same. A person who types the address comes from nowhere.
func fromWebPage(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Header.Get("Origin") != "" || site != "" && site != "none"
}

// ownName tells whether no stranger can have pointed this name here. A page can have the name of its own site lead to this
// port, and would then read the answers as its own site's.
func ownName(host string) bool {
	name := host
	if alone, _, err := net.SplitHostPort(host); err == nil {
		name = alone
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil || !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost")
}

// asServerException words what is not an exception yet. The text is our own and holds no data.
func asServerException(err error) *exception {
	var known *exception
	if errors.As(err, &known) {
		return known
	}
	return refuse(codeStandardException, "STD_EXCEPTION", "%s", fmt.Sprint(err))
}
