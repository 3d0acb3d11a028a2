package rights

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// streamer is an answer whose body is read while it is sent, so that nobody holds it whole. Who sends it closes it.
type streamer interface{ Stream(body io.ReadCloser) }

// data is everything as a file.
func (s *Service) data(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	v := s.look(r, query.Get("site"), primary(query.Get("lang")))
	if v.site == nil {
		refuse(w, http.StatusNotFound, "site: not a site of this collector")
		return
	}
	f := &file{site: v.site.ID, told: s.count}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		f.zipped = gzip.NewWriter(&f.text) // rows are much alike: a tenth is left
	}
	known := s.number(v) != 0
	if known {
		var err error
		if f.rows, err = s.o.Records.All(r.Context(), v.site.ID, s.number(v)); err != nil {
			s.count(v.site.ID, false, err)
			w.Header().Set("Retry-After", "60")
			refuse(w, http.StatusServiceUnavailable, "the data cannot be read right now: try again later")
			return
		}
	}
	f.begin(head{Site: v.site.ID, Made: v.now.UTC().Truncate(time.Second), Policy: s.o.Policy.Version, Level: s.level(v).String(), Known: known})
	header := w.Header()
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="mayak-%s-%s.json"`, v.site.ID, v.now.UTC().Format(time.DateOnly)))
	header.Set("Content-Type", "application/json")
	header.Set("Vary", "Accept-Encoding, Cookie")
	if f.zipped != nil {
		header.Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(http.StatusOK)
	if streaming, ok := w.(streamer); ok {
		streaming.Stream(f)
		return
	}
	_, _ = io.Copy(w, f) // who asked has gone
	_ = f.Close()        // nothing more is read
}

// head is what the file begins with.
type head struct {
	Site   string    `json:"site"`
	Made   time.Time `json:"made"`
	Policy string    `json:"policy_version"`
	Level  string    `json:"level"`
	Known  bool      `json:"browser_has_a_number"`
}

// file is one line of JSON: its head, the rows of each table, and at the end whether that was all. It holds one row, and is not safe for concurrent
// use.
type file struct {
	rows Rows // nil of who has no number
	site string
	told func(site string, found bool, err error)

	text   bytes.Buffer // made, and not read yet
	zipped *gzip.Writer // into text; nil for who does not take that

	lists int  // how many tables have begun
	first bool // the next row is the first of its table
	found bool
	ended bool
}

// lists are the tables in the order in which Rows tells of them.
func lists() []string { return []string{"events", "network_log", "consents"} }

func (f *file) begin(h head) {
	text, _ := json.Marshal(h) // only words, numbers and a time
	f.write(text[:len(text)-1])
	if f.rows == nil {
		f.end(nil)
	}
}

// Read makes text for as long as there is too little of it.
func (f *file) Read(into []byte) (int, error) {
	for f.text.Len() < len(into) && !f.ended {
		table, row, err := f.rows.Next()
		if err != nil {
			f.end(err)
			break
		}
		f.found = true
		f.reach(table)
		if !f.first {
			f.write([]byte{','})
		}
		f.write(row)
		f.first = false
	}
	return f.text.Read(into)
}

// reach begins lists until the table's has begun.
func (f *file) reach(table string) {
	for f.lists == 0 || lists()[f.lists-1] != table {
		f.beginList()
	}
}

func (f *file) beginList() {
	if f.lists > 0 {
		f.write([]byte{']'})
	}
	f.write([]byte(`,"` + lists()[f.lists] + `":[`))
	f.lists++
	f.first = true
}

// end says whether that was all: what has been sent cannot be taken back, so whoever reads it must see that something is missing.
func (f *file) end(err error) {
	for f.lists < len(lists()) {
		f.beginList()
	}
	whole := err == nil || errors.Is(err, io.EOF)
	f.write(fmt.Appendf(nil, "],\"complete\":%v}\n", whole))
	if f.zipped != nil {
		_ = f.zipped.Close() // into memory
	}
	f.ended = true
	if whole {
		err = nil
	}
	if f.rows != nil && !errors.Is(err, ErrTooMany) {
		f.told(f.site, f.found, err)
	}
}

func (f *file) write(text []byte) {
	if f.zipped != nil {
		_, _ = f.zipped.Write(text) // into memory
		return
	}
	f.text.Write(text)
}

// Close stops reading rows.
func (f *file) Close() error {
	f.ended = true
	if f.rows == nil {
		return nil
	}
	return f.rows.Close()
}
