package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
	"mayak/aggregator/risk"
)

// Risk answers how much speaks for fraud.
type Risk interface {
	Ask(question *risk.Asked) (*risk.Answer, error)
	Learn(ctx context.Context, f *risk.Feedback) (id string, err error)
	Scores(ctx context.Context, of *risk.Wanted) ([]risk.Kept, error)
}

// askers are the roles that may ask about risk; security sees the figures behind the evidence too.
func askers() []access.Role { return []access.Role{access.Risk, access.Security} }

// asker lets through only who may ask about risk, and no faster than is allowed.
func (s *Server) asker(next asked) http.Handler {
	return s.known("risk", func(w http.ResponseWriter, r *http.Request, c access.Caller) int {
		if !slices.Contains(askers(), c.Role) {
			return s.fail(w, http.StatusForbidden, "this is for the roles risk and security; yours is "+string(c.Role))
		}
		if wait := s.paces.wait(c.Who(), s.RiskRate, s.Now()); wait > 0 {
			w.Header().Set("Retry-After", "1")
			return s.fail(w, http.StatusTooManyRequests, "too many questions about risk")
		}
		return next(w, r, c)
	})
}

// paces are how fast each caller asks. There are as many as tokens and users.
type paces struct {
	mu sync.Mutex
	of map[string]*pace
}

// pace is a bucket that fills by the rate and holds a second of it.
type pace struct {
	left float64
	at   time.Time
}

// wait is how long the caller has to wait; zero lets it through. A rate of zero is no limit.
func (p *paces) wait(who string, perSecond float64, now time.Time) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string]*pace{}
	}
	own := p.of[who]
	if own == nil {
		own = &pace{left: max(1, perSecond), at: now}
		p.of[who] = own
	}
	own.left = min(max(1, perSecond), own.left+perSecond*max(0, now.Sub(own.at).Seconds()))
	own.at = now
	if own.left < 1 {
		return time.Second
	}
	own.left--
	return 0
}

// riskQuestion is what the payment step sends.
type riskQuestion struct {
	Site     string  `json:"site"`
	IP       string  `json:"ip"`
	Visitor  string  `json:"visitor"`
	Session  string  `json:"session"`
	Declared string  `json:"declared_country"`
	Amount   float64 `json:"amount"`
}

// riskAnswer is what it is told.
type riskAnswer struct {
	ID       string       `json:"id"`
	Score    int          `json:"score"`
	Level    risk.Level   `json:"level"`
	Location riskLocation `json:"location"`
	ASN      uint32       `json:"asn"`
	Signals  []riskSignal `json:"signals"`
	Lag      float64      `json:"lag_seconds"`
	Stale    bool         `json:"stale"`
	Complete bool         `json:"complete"`
}

type riskLocation struct {
	Country  string `json:"country"`
	Region   string `json:"region"`
	City     string `json:"city"`
	Accuracy uint16 `json:"accuracy_km"` // 0: not known
}

type riskSignal struct {
	Name     string  `json:"name"`
	Weight   float64 `json:"weight"`
	Evidence string  `json:"evidence"`
}

const longestText = 256

// asRisk reads a question, and says what is wrong with it.
func (q *riskQuestion) asRisk(c access.Caller) (*risk.Asked, error) {
	a := &risk.Asked{Site: q.Site, Visitor: q.Visitor, Session: q.Session, Declared: strings.ToUpper(q.Declared), Amount: q.Amount, Caller: c.Who(), Role: string(c.Role)}
	if a.Site == "" && len(c.Sites) == 1 {
		a.Site = c.Sites[0]
	}
	var err error
	switch a.Address, err = netip.ParseAddr(q.IP); {
	case a.Site == "":
		return nil, errors.New("site is missing; only a token that is bound to one site may leave it out")
	case err != nil:
		return nil, errors.New("ip: want an IPv4 or IPv6 address, as the customer's connection had it")
	case a.Declared != "" && (len(a.Declared) != 2 || strings.Trim(a.Declared, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != ""):
		return nil, errors.New("declared_country: want two letters, as KZ")
	case q.Amount < 0:
		return nil, errors.New("amount: want a number above zero")
	case len(q.Visitor) > longestText || len(q.Session) > longestText:
		return nil, fmt.Errorf("visitor and session have at most %d bytes", longestText)
	}
	return a, nil
}

// foreign answers for a site that the caller may not see, or that does not exist; 0 is for one that may be asked about.
func (s *Server) foreign(w http.ResponseWriter, r *http.Request, c access.Caller, site string) int {
	names := c.Sites
	if len(names) == 0 {
		var err error
		if names, err = s.sites.all(r.Context(), s.Reports, s.Now()); err != nil {
			return s.broken(w, r, err)
		}
	}
	if !slices.Contains(names, site) {
		return s.fail(w, http.StatusNotFound, fmt.Sprintf("site %q does not exist; there are %s", clip(site), strings.Join(names, ", ")))
	}
	return 0
}

// assess answers a question about risk. It is written down which score was given to whom, and decided nothing.
func (s *Server) assess(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	var q riskQuestion
	if err := read(r, &q); err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	a, err := q.asRisk(c)
	if err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	if code := s.foreign(w, r, c, a.Site); code != 0 {
		return code
	}
	answer, err := s.Risk.Ask(a)
	if err != nil {
		return s.toldRisk(w, r, err)
	}
	told := riskAnswer{
		ID: answer.ID, Score: answer.Score, Level: answer.Level, ASN: answer.Location.ASN, Signals: []riskSignal{},
		Stale: answer.Stale, Complete: answer.Complete,
		Lag:      float64(answer.Lag.Round(100*time.Millisecond)) / float64(time.Second),
		Location: riskLocation{answer.Location.Country, answer.Location.Region, answer.Location.City, answer.Location.AccuracyKM},
	}
	for _, signal := range answer.Signals {
		evidence := signal.Evidence
		if c.Role == access.Security && signal.Detail != "" {
			evidence += " (" + signal.Detail + ")"
		}
		told.Signals = append(told.Signals, riskSignal{signal.Name, signal.Weight, evidence})
	}
	return s.write(w, told)
}

// learn stores what somebody found out about a score.
func (s *Server) learn(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	var q struct {
		Site    string       `json:"site"`
		Score   string       `json:"score"`
		Visitor string       `json:"visitor"`
		Verdict risk.Verdict `json:"verdict"`
	}
	if err := read(r, &q); err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	if q.Site == "" && len(c.Sites) == 1 {
		q.Site = c.Sites[0]
	}
	if q.Site == "" || len(q.Visitor) > longestText || len(q.Score) > longestText {
		return s.fail(w, http.StatusBadRequest, fmt.Sprintf("want a site, and a score or a visitor of at most %d bytes", longestText))
	}
	if code := s.foreign(w, r, c, q.Site); code != 0 {
		return code
	}
	id, err := s.Risk.Learn(r.Context(), &risk.Feedback{Site: q.Site, Score: q.Score, Visitor: q.Visitor, Verdict: q.Verdict, Caller: c.Who()})
	if err != nil {
		return s.toldRisk(w, r, err)
	}
	return s.writeWith(w, http.StatusCreated, map[string]string{"score": id, "verdict": string(q.Verdict)})
}

func (s *Server) toldRisk(w http.ResponseWriter, r *http.Request, err error) int {
	var mistake *risk.MistakeError
	switch {
	case errors.As(err, &mistake) && mistake.Missing:
		return s.fail(w, http.StatusNotFound, mistake.Error())
	case errors.As(err, &mistake):
		return s.fail(w, http.StatusBadRequest, mistake.Error())
	case errors.Is(err, risk.ErrEmpty), errors.Is(err, risk.ErrStale):
		w.Header().Set("Retry-After", "2")
		return s.fail(w, http.StatusServiceUnavailable, err.Error()+"; ask again in a moment")
	}
	return s.broken(w, r, err)
}

// knownSites remembers for some seconds which sites there are, so that a question is answered without the database.
type knownSites struct {
	mu    sync.Mutex
	names []string
	until time.Time
}

const sitesFor = 10 * time.Second

// all are the sites. One question in some seconds reads them anew; the others are answered by what was read before.
func (k *knownSites) all(ctx context.Context, of *report.Reports, now time.Time) ([]string, error) {
	k.mu.Lock()
	names, fresh := k.names, now.Before(k.until)
	if !fresh {
		k.until = now.Add(sitesFor)
	}
	k.mu.Unlock()
	if fresh && names != nil {
		return names, nil
	}
	visible, err := of.VisibleSites(ctx, report.Reader{MaySee: func(string) bool { return true }})
	if err != nil {
		if names != nil {
			return names, nil // while the database is away, what was known holds
		}
		return nil, err
	}
	names = make([]string, 0, len(visible))
	for _, site := range visible {
		names = append(names, site.ID)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.names = names
	return names, nil
}
