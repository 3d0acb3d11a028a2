package rights

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"regexp"
	"time"

	"mayak/schema/consent"
	"mayak/schema/event"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// mailForm is the form of what a browser can write to.
var mailForm = regexp.MustCompile(`^[^\s@<>"?&]+@[^\s@<>"?&]+$`)

// contentPolicy allows the page its own style and forms, and nothing else.
func contentPolicy() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// The most that is read for the page, and shown in its table.
const (
	mostRead  = 1000
	mostShown = 50
)

// notice is what has just been done.
type notice struct {
	Done, Receipt string
	Problem       bool
}

// view is the page.
type view struct {
	W      *words
	Lang   string
	Tongue []tongue
	Style  template.CSS
	Root   string
	Notice notice

	Site, Host, Operator, Contact, Version string

	Mail bool // Contact is an e-mail address

	Since, ChoiceUntil string
	Lapsed             bool
	Chosen             bool
	Consented          bool // there is something to withdraw
	Signal             string
	Levels             []choosable
	Now                choosable

	Known    bool // the browser has a number
	Unread   string
	Count    uint64
	From, To string
	Facts    []fact
	Rows     []line
	Further  bool
	Decided  []decision

	Days, Short int // how long rows and full addresses are kept
}

type tongue struct {
	Code, Name string
	Current    bool
}

// choosable is a level and what it means.
type choosable struct {
	Level, Name, Text string
	Current           bool
}

// line is a row in words.
type line struct{ At, What, Page, Until string }

type decision struct{ At, What, Receipt string }

// page shows what is kept.
func (s *Service) page(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	site := query.Get("site")
	if site == "" && len(s.o.Sites.All()) == 1 {
		site = s.o.Sites.All()[0].ID
	}
	v := s.look(r, site, primary(query.Get("lang")))
	if v.site == nil {
		s.showProblem(w, v, http.StatusNotFound, v.words.UnknownSite)
		return
	}
	s.show(w, r, v, notice{})
}

// show answers with the page.
func (s *Service) show(w http.ResponseWriter, r *http.Request, v *visit, n notice) {
	p := s.frame(v)
	p.Notice = n
	s.describeChoice(p, v)
	if p.Known = s.number(v) != 0; p.Known {
		kept, err := s.read(r, v, mostRead)
		switch {
		case errors.Is(err, ErrBusy):
			p.Unread = v.words.Busy
		case err != nil:
			p.Unread = v.words.Unavailable
		default:
			s.describeKept(p, v, kept)
		}
	}
	s.write(w, http.StatusOK, p)
}

// showProblem answers with a page that says what is wrong.
func (s *Service) showProblem(w http.ResponseWriter, v *visit, status int, said string) {
	p := s.frame(v)
	p.Notice = notice{Done: said, Problem: true}
	s.write(w, status, p)
}

// frame is what every page has.
func (s *Service) frame(v *visit) *view {
	p := &view{
		W: v.words, Lang: v.tongue, Style: template.CSS(pageStyle), Root: v.root, //nolint:gosec // our own file.
		Operator: s.o.Policy.Operator, Contact: s.o.Policy.Contact.In(v.tongue), Version: s.o.Policy.Version,
		Days: s.o.Policy.Tables["events"].Retention.Days(), Short: s.o.Policy.Tables["network_log"].Retention.Days(),
	}
	p.Mail = mailForm.MatchString(p.Contact)
	for _, code := range s.tongues {
		p.Tongue = append(p.Tongue, tongue{Code: code, Name: s.words[code].Name, Current: code == v.tongue})
	}
	if v.site != nil {
		p.Site, p.Host = v.site.ID, v.site.Hostnames[0]
	}
	return p
}

func (s *Service) write(w http.ResponseWriter, status int, p *view) {
	var text bytes.Buffer
	if err := s.pages.Execute(&text, p); err != nil {
		s.o.Log.Error("visitor's page not written", "err", err)
		refuse(w, http.StatusInternalServerError, "the page cannot be written")
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", p.Lang)
	header.Set("Content-Security-Policy", s.policy)
	header.Set("Referrer-Policy", "same-origin") // with none at all, a browser would not say where a form comes from
	header.Set("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // who asked has gone
}

// read looks up what is kept, and counts how that went.
func (s *Service) read(r *http.Request, v *visit, most int) (*Kept, error) {
	kept, err := s.o.Records.Of(r.Context(), v.site.ID, s.number(v), most)
	s.count(v.site.ID, err == nil && kept.Total > 0, err)
	return kept, err
}

// count counts how a look-up went.
func (s *Service) count(site string, found bool, err error) {
	switch {
	case errors.Is(err, ErrBusy):
		s.metrics.tooBusy.Inc()
	case err != nil:
		s.metrics.unread.Inc()
		s.o.Log.Warn("rows of a visitor not read", "site", site, "err", err)
	case found:
		s.metrics.found.Inc()
	default:
		s.metrics.empty.Inc()
	}
}

// describeChoice tells what was chosen, what the browser's signals do, and what can be chosen.
func (s *Service) describeChoice(p *view, v *visit) {
	local := v.now.In(v.site.Location())
	p.Chosen = v.choice.Made() && v.choice.Day.Add(consent.Lifetime).After(local)
	p.Lapsed = p.Chosen && v.choice.Policy != s.o.Policy.Version
	p.Consented = p.Chosen && v.choice.Level.Consents()
	if p.Chosen {
		p.Since = v.choice.Day.Format(v.words.Date)
		p.ChoiceUntil = v.choice.Day.Add(consent.Lifetime).Format(v.words.Date)
	}
	if v.signal != "" {
		p.Signal = say(v.words.Signal, "signal", v.signal, "level", s.o.Policy.Levels[v.most.String()].Name[v.tongue])
	}
	for level := event.Refused; level <= v.site.Most(); level++ {
		said := s.o.Policy.Levels[level.String()]
		one := choosable{Level: level.String(), Name: said.Name[v.tongue], Text: said.Text[v.tongue], Current: level == s.level(v)}
		if one.Current {
			p.Now = one
		}
		p.Levels = append(p.Levels, one)
	}
}

// describeKept puts rows into words.
func (s *Service) describeKept(p *view, v *visit, kept *Kept) {
	zone := v.site.Location()
	moment := func(at time.Time) string { return at.In(zone).Format(v.words.DateTime) }
	p.Count = kept.Total
	if kept.Total > 0 {
		p.From, p.To = moment(kept.Oldest), moment(kept.Newest)
	}
	p.Facts = s.facts(v, kept)
	retention := time.Duration(s.o.Policy.Tables["events"].Retention)
	for i, row := range kept.Events {
		if i == mostShown {
			break
		}
		p.Rows = append(p.Rows, line{
			At: moment(row.Time()), What: happened(v.words, row), Page: pageOf(row),
			Until: row.Time().Add(retention).In(zone).Format(v.words.Date),
		})
	}
	p.Further = kept.Total > uint64(len(p.Rows))
	for _, row := range kept.Consents {
		level := s.o.Policy.Levels[row.Get("level")].Name[v.tongue]
		said := say(v.words.Given, "level", level)
		switch row.Get("action") {
		case event.Withdrawn.String():
			said = say(v.words.Withdrawn, "level", level)
		case event.Erase.String():
			said = v.words.EraseAsked
		}
		p.Decided = append(p.Decided, decision{At: moment(row.Time()), What: said, Receipt: row.Get("receipt")})
	}
}
