package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"mayak/schema/consent"
)

// ErrNotYet says that there is no row so far.
var ErrNotYet = errors.New("not stored yet")

// Lookup finds what a page view became.
type Lookup interface {
	// Lookup returns the row of the page view pageID or, when pageID is empty, the newest one of path that came after
	// raw.Since. It answers ErrNotYet when there is none so far, and does not wait.
	Lookup(ctx context.Context, pageID, path string, raw Raw) (Stored, error)
}

// Raw is what the visitor's browser said before anything was removed: the same facts that the collector got, for telling
// what it did with them. The tagged fields are the event as the script sent it, empty for a visitor without scripts.
type Raw struct {
	Address netip.Addr  `json:"-"`
	Header  http.Header `json:"-"` // user agent, languages, client hints, Sec-GPC, DNT, the cookie with the visitor's choice
	Since   time.Time   `json:"-"`

	URL       string          `json:"url"`
	Referrer  string          `json:"referrer"`
	Title     string          `json:"title"`
	Screen    string          `json:"screen"`
	Viewport  string          `json:"viewport"`
	DPR       float64         `json:"dpr"`
	Language  string          `json:"lang"`
	TimeZone  string          `json:"tz"`
	Webdriver bool            `json:"webdriver"`
	Hints     json.RawMessage `json:"hints"`
}

// Stored is a row as it stands in the database, and how it came to be so.
type Stored struct {
	Columns   []Column // in the table's order
	Notes     []Note
	AgeMillis int64 // since the collector received it
	Later     []Row // what else was told about the same page view, oldest first
}

// Column is one column of a row.
type Column struct {
	Name  string
	Value string
}

// Note is what happened to one fact on its way into the row.
type Note struct {
	Field  string // a column's name, or what was dropped
	Action Action
	Raw    string
	Stored string
	Why    string
}

// Action is what was done to a fact.
type Action string

// The actions.
const (
	Kept      Action = "kept"
	Dropped   Action = "dropped"
	Shortened Action = "shortened"
	Replaced  Action = "replaced"
)

// Row is a further row of the same page view: engagement, or an event.
type Row struct {
	Columns []Column // only those that say something of their own
	Notes   []Note
}

const (
	maxRawBytes   = 64 << 10
	frameWait     = 5 * time.Second
	frameInterval = 100 * time.Millisecond
)

// row answers the panel of a page: the stored row as JSON, or nothing while there is none.
func (d demo) row(w http.ResponseWriter, r *http.Request) {
	if from := r.Header.Get("Sec-Fetch-Site"); from != "" && from != "same-origin" {
		http.Error(w, "only for the demo's own pages", http.StatusForbidden)
		return
	}
	var raw Raw
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRawBytes)).Decode(&raw); err != nil {
		http.Error(w, "want the event that the page sent, as JSON", http.StatusBadRequest)
		return
	}
	page := r.URL.Query().Get("page")
	if page == "" {
		http.Error(w, "want page=ID", http.StatusBadRequest)
		return
	}
	stored, err := d.lookup.Lookup(r.Context(), page, "", seen(r, raw))
	switch {
	case errors.Is(err, ErrNotYet):
		w.WriteHeader(http.StatusNoContent)
	case err != nil:
		d.log.Error("row not found", "err", err)
		http.Error(w, "the database did not answer", http.StatusBadGateway)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(explain(stored))
	}
}

// frame shows the newest row of a path to a visitor without scripts. It waits for it, since nothing on the page can.
func (d demo) frame(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'self'")
	millis, err := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	if err != nil {
		http.Error(w, "want since=MILLISECONDS", http.StatusBadRequest)
		return
	}
	stored, err := d.await(r, r.URL.Query().Get("path"), time.UnixMilli(millis))
	if err != nil && !errors.Is(err, ErrNotYet) {
		d.log.Error("row not found", "err", err)
	}
	d.render(w, "frame.html", struct {
		Shown explained
		Err   error
	}{explain(stored), err})
}

// await looks for the newest row of path until there is one or its visitor should not wait any longer.
func (d demo) await(r *http.Request, path string, since time.Time) (Stored, error) {
	ctx, cancel := context.WithTimeout(r.Context(), frameWait)
	defer cancel()
	again := time.NewTicker(frameInterval)
	defer again.Stop()
	for {
		stored, err := d.lookup.Lookup(ctx, "", path, seen(r, Raw{Since: since}))
		if !errors.Is(err, ErrNotYet) {
			return stored, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return Stored{}, ErrNotYet
		}
	}
}

// seen completes raw with what the request itself says of the visitor.
func seen(r *http.Request, raw Raw) Raw {
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		raw.Address = from.Addr().Unmap()
	}
	raw.Header = r.Header.Clone()
	raw.Header.Del("Cookie")
	for _, cookie := range r.Cookies() { // those of one host are those of all its ports
		if cookie.Name == consent.Name("demo") {
			raw.Header.Set("Cookie", cookie.String())
		}
	}
	return raw
}
