package beacon

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"mayak/collector/hit"
)

// Unknown lists which sites and hosts were refused as unknown, for the operator who has forgotten one in the sites file.
// It holds the most frequent ones in bounded memory (the space-saving algorithm): once it is full, a newcomer takes the
// place and the count of the rarest, so that a count is known within bounds. A name is shown once it has come several times: a client can make
// up any, with whatever in it. The zero value is ready to use.
type Unknown struct {
	mu      sync.Mutex
	entries []unknownEntry
}

type unknownEntry struct {
	Site    string    `json:"site"`
	Host    string    `json:"host"`
	AtLeast int       `json:"at_least"`
	AtMost  int       `json:"at_most"`
	Last    time.Time `json:"last"`
}

// unknownRare are the names that have not come often enough to be shown.
type unknownRare struct {
	Names     int `json:"names"`
	Hits      int `json:"hits"`
	NamedFrom int `json:"named_from"` // hits
}

const (
	maxUnknown  = 100
	namedFrom   = 5 // hits
	maxHostName = 253
)

func (u *Unknown) add(h *hit.Hit) {
	site, host := tame(h.Site, maxShort), tame(hostOf(h.URL), maxHostName)
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range u.entries {
		if u.entries[i].Site == site && u.entries[i].Host == host {
			u.entries[i].AtLeast++
			u.entries[i].AtMost++
			u.entries[i].Last = h.Received
			return
		}
	}
	entry := unknownEntry{Site: site, Host: host, AtLeast: 1, AtMost: 1, Last: h.Received}
	if len(u.entries) < maxUnknown {
		u.entries = append(u.entries, entry)
		return
	}
	rarest := 0
	for i := range u.entries {
		if u.entries[i].AtMost < u.entries[rarest].AtMost {
			rarest = i
		}
	}
	entry.AtMost += u.entries[rarest].AtMost
	u.entries[rarest] = entry
}

// ServeHTTP prints the list as JSON, the most frequent first.
func (u *Unknown) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	u.mu.Lock()
	list := append([]unknownEntry{}, u.entries...)
	u.mu.Unlock()
	rare := unknownRare{NamedFrom: namedFrom}
	list = slices.DeleteFunc(list, func(e unknownEntry) bool {
		if e.AtLeast >= namedFrom {
			return false
		}
		rare.Names++
		rare.Hits += e.AtLeast
		return true
	})
	slices.SortFunc(list, func(a, b unknownEntry) int {
		return cmp.Or(cmp.Compare(b.AtLeast, a.AtLeast), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Host, b.Host))
	})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(struct { // the asker has gone; it will ask again
		Unknown []unknownEntry `json:"unknown"`
		Rare    unknownRare    `json:"rare"`
	}{list, rare})
}

// hostOf is the host name in a URL, without anything else that stands in it.
func hostOf(raw string) string {
	parsed, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(parsed.Hostname())
}

// tame copies s, as far as it may be a name, so that the list can be shown and read.
func tame(s string, size int) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-:", c) {
			return c
		}
		return '?'
	}, strings.Clone(s[:min(len(s), size)]))
}
