// Package rights is the visitor's side: the choice of what may be kept, the proof of it, and a page that shows what is kept about
// this browser, why and until when, and that lets it be taken along and erased.
//
//	GET  /privacy?site=           the page, in the visitor's language; it works without scripts and loads nothing
//	POST /privacy/consent         a choice, from a form of the page or, as JSON, from a page of the site
//	POST /privacy/erase           all that is kept about this browser is to go
//	GET  /privacy/data?site=      the same as the page shows, whole, as JSON
//	GET  /consent.js?site=        the banner, or nothing for who need not be asked
//	GET  /.well-known/gpc.json    that Sec-GPC is honoured
//
// A choice counts when it is durable; only then the cookie is set. Who has no number in a cookie cannot be found, and is told so. What
// changes something is taken only from the page itself or from a page of the site. Nothing that is asked or answered here is logged.
package rights

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/consent"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// Journal keeps decisions.
type Journal interface {
	// Decide returns when the decision is durable, or with an error if it is not.
	Decide(decision *event.Record) error
	// Waiting tells whether anything that was stored here is not in the database yet.
	Waiting() bool
}

// Options are what a Service works with.
type Options struct {
	Sites   *sites.Sites
	Policy  *policy.Policy
	Key     *visitor.Key
	Journal Journal
	Records Records
	Banner  string // the script of the banner, to which `texts` is known
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Now     func() time.Time
}

// Service answers. Safe for concurrent use.
type Service struct {
	o       Options
	words   map[string]*words
	tongues []string // the languages of the page, in the policy's order
	banners map[string]asset
	pages   *template.Template
	policy  string // of the page's content
	metrics *metrics
	mux     *http.ServeMux
}

// asset is a text and the same compressed.
type asset struct{ plain, gzipped []byte }

// New makes a Service that answers http requests.
func New(o Options) (*Service, error) {
	all, err := readWords(o.Policy.Languages)
	if err != nil {
		return nil, err
	}
	s := &Service{
		o: o, words: all, banners: map[string]asset{}, policy: contentPolicy(), metrics: newMetrics(o.Metrics), mux: http.NewServeMux(),
	}
	if s.pages, err = template.New("page").Funcs(template.FuncMap{"say": say}).Parse(pageText); err != nil {
		return nil, fmt.Errorf("read the visitor's page: %w", err)
	}
	for _, language := range o.Policy.Languages {
		if all[language] == nil {
			continue
		}
		s.tongues = append(s.tongues, language)
		if s.banners[language], err = bannerIn(o.Banner, o.Policy, language); err != nil {
			return nil, err
		}
	}
	s.mux.HandleFunc("GET /privacy", s.page)
	s.mux.HandleFunc("POST /privacy/consent", s.choose)
	s.mux.HandleFunc("POST /privacy/erase", s.erase)
	s.mux.HandleFunc("GET /privacy/data", s.data)
	s.mux.HandleFunc("GET /consent.js", s.banner)
	s.mux.HandleFunc("GET /.well-known/gpc.json", s.gpc)
	return s, nil
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin(w)
	s.mux.ServeHTTP(w, r)
}

// begin sets what every answer has.
func begin(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "private, no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// visit is one request of one visitor of one site.
type visit struct {
	site   *sites.Site
	tongue string
	words  *words
	now    time.Time
	choice consent.Choice // as the cookie tells it, whether it counts or not
	most   event.Level    // what the browser's signals leave
	signal string         // the one that leaves least, if any
	root   string         // where the paths of the package begin, seen from the request's
}

// look reads who asks. The site is nil if there is no such one.
func (s *Service) look(r *http.Request, site, language string) *visit {
	v := &visit{tongue: s.tongue(language, r.Header.Get("Accept-Language")), now: s.o.Now(), most: event.Advertising}
	v.words = s.words[v.tongue]
	if strings.HasPrefix(r.URL.Path, "/privacy/") {
		v.root = "../"
	}
	if v.site = s.o.Sites.Find(site); v.site == nil {
		return v
	}
	v.choice = consent.Read(strings.Join(r.Header.Values("Cookie"), "; "), v.site.ID)
	for _, signal := range [...]struct {
		header, name string
		most         event.Level
	}{
		{"Sec-GPC", "Global Privacy Control", min(event.Analytics, v.site.GPC.Most())},
		{"DNT", "Do Not Track", v.site.DNT.Most()},
	} {
		if r.Header.Get(signal.header) == "1" && signal.most < v.most {
			v.most, v.signal = signal.most, signal.name
		}
	}
	return v
}

// level is what is kept of this visitor now.
func (s *Service) level(v *visit) event.Level {
	return min(v.choice.Under(s.o.Policy.Version, v.now), v.site.Most(), v.most)
}

// asks tells whether the visitor should be asked: not where an answer would change nothing.
func (s *Service) asks(v *visit) bool {
	return v.most.Consents() && v.choice.Asks(s.o.Policy.Version, v.now)
}

// number is the visitor's id in the tables, 0 for who has none in the cookie.
func (s *Service) number(v *visit) uint64 {
	if v.choice.ID == (consent.ID{}) {
		return 0
	}
	return s.o.Key.Consented(v.site.ID, v.choice.ID)
}

// tongue is the language that was asked for, else the one that the browser likes best, else the policy's first.
func (s *Service) tongue(wanted, accepted string) string {
	if s.words[wanted] != nil {
		return wanted
	}
	best, most := s.tongues[0], 0.0
	for element := range strings.SplitSeq(accepted, ",") {
		tag, parameters, _ := strings.Cut(strings.TrimSpace(element), ";")
		language, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if weight := weightOf(parameters); s.words[language] != nil && weight > most {
			best, most = language, weight
		}
	}
	return best
}

// weightOf reads "q=0.8". Nothing is 1, and what is no number is no wish.
func weightOf(parameters string) float64 {
	digits, found := strings.CutPrefix(strings.TrimSpace(parameters), "q=")
	if !found {
		return 1
	}
	var weight float64
	if _, err := fmt.Sscan(digits, &weight); err != nil {
		return 0
	}
	return weight
}

// isOwn tells whether the request comes from the page itself: its browser says so, or its origin is this host.
func isOwn(r *http.Request) bool {
	if r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return true
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && origin.Host == r.Host
}

// isOfSite tells whether the request comes from a page of the site.
func isOfSite(r *http.Request, site *sites.Site) bool {
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && site.Owns(strings.ToLower(origin.Hostname()))
}

// gpc is what the specification of Global Privacy Control asks for: since when the site honours it.
func (s *Service) gpc(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	answer(w, http.StatusOK, map[string]any{"gpc": true, "lastUpdate": honoured})
}

// honoured is the day from which on Sec-GPC is honoured.
const honoured = "2026-11-22"

// answer writes one line of JSON.
func answer(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // who asked has gone
}

func refuse(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]string{"error": why})
}

func compressed(text []byte) (asset, error) {
	var zipped bytes.Buffer
	zipper, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return asset{}, err
	}
	if _, err := zipper.Write(text); err != nil {
		return asset{}, err
	}
	if err := zipper.Close(); err != nil {
		return asset{}, err
	}
	return asset{plain: text, gzipped: zipped.Bytes()}, nil
}
