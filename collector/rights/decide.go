package rights

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mayak/schema/consent"
	"mayak/schema/event"
)

// wish is what a decision asks for.
type wish struct {
	Site    string `json:"site"`
	Level   string `json:"level"` // empty only asks how things are
	How     string `json:"how"`
	Lang    string `json:"lang"`
	Confirm string `json:"-"`

	form bool // from a form of the page, else from a script
}

const maxWish = 4 << 10

// readWish reads a form's fields or a script's JSON.
func readWish(r *http.Request) (wish, bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWish+1))
	if err != nil || len(body) > maxWish {
		return wish{}, false
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		fields, err := url.ParseQuery(string(body))
		return wish{
			Site: fields.Get("site"), Level: fields.Get("level"), Lang: fields.Get("lang"), Confirm: fields.Get("confirm"), How: "page", form: true,
		}, err == nil
	}
	var asked wish
	if json.Unmarshal(body, &asked) != nil {
		return wish{}, false
	}
	if asked.How != "banner" {
		asked.How = "script"
	}
	return asked, true
}

// choose is a visitor's choice.
func (s *Service) choose(w http.ResponseWriter, r *http.Request) {
	asked, readable := readWish(r)
	v := s.look(r, asked.Site, primary(asked.Lang))
	level, known := event.ParseLevel(asked.Level)
	switch {
	case !readable:
		s.fail(w, v, asked, http.StatusBadRequest, "body: want site and level", v.words.Malformed)
		return
	case v.site == nil:
		s.fail(w, v, asked, http.StatusNotFound, "site: not a site of this collector", v.words.UnknownSite)
		return
	case !isOwn(r) && (asked.form || !isOfSite(r, v.site)):
		s.fail(w, v, asked, http.StatusForbidden, "origin: want a page of the site", v.words.Foreign)
		return
	}
	if !asked.form {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		header.Set("Access-Control-Allow-Credentials", "true")
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
		header.Set("Vary", "Origin")
	}
	if asked.Level == "" && !asked.form {
		s.tell(w, v, "")
		return
	}
	if !known {
		s.fail(w, v, asked, http.StatusBadRequest, "level: want refused, essential, analytics or advertising", v.words.Malformed)
		return
	}
	s.settle(w, r, v, asked, min(level, v.site.Most()))
}

// settle records the choice, sets the cookie and tells what has become of it.
func (s *Service) settle(w http.ResponseWriter, r *http.Request, v *visit, asked wish, level event.Level) {
	done := v.words.DoneSame
	receipt := ""
	if v.choice.Level != level || v.choice.Asks(s.o.Policy.Version, v.now) {
		next := v.choice.To(level, s.o.Policy.Version, v.now)
		action := event.Given
		done = v.words.DoneGiven
		if v.choice.Level.Consents() && v.choice.Made() && level < v.choice.Level {
			action, done = event.Withdrawn, v.words.DoneWithdrawn
		}
		holder := *v
		if next.ID != (consent.ID{}) {
			holder.choice = next
		}
		var ok bool
		if receipt, ok = s.record(&holder, action, level, asked.How); !ok {
			s.fail(w, v, asked, http.StatusServiceUnavailable, "not saved: try again later", v.words.Overloaded)
			return
		}
		v.choice = next
		setCookie(w, v.site.ID, next)
	}
	if asked.form {
		s.show(w, r, v, notice{Done: done, Receipt: receipt})
		return
	}
	s.tell(w, v, receipt)
}

// record makes the decision durable. It is one of the visitor who has the number, if anybody has one.
func (s *Service) record(v *visit, action event.Action, level event.Level, how string) (receipt string, ok bool) {
	receipt = newReceipt()
	err := s.o.Journal.Decide(&event.Record{
		Event: event.Event{
			Site: v.site.ID, Time: v.now.UTC().Truncate(time.Millisecond), Received: v.now.UTC().Truncate(time.Second),
			Visitor: s.number(v), Consent: level, PolicyVersion: s.o.Policy.Version, Language: v.tongue,
		},
		Consent: event.Consent{Receipt: receipt, Action: action, How: how},
	})
	if err != nil {
		s.o.Log.Warn("decision of a visitor not saved", "site", v.site.ID, "err", err)
		s.metrics.failed.Inc()
		return "", false
	}
	s.metrics.decided(action, level)
	return receipt, true
}

// newReceipt is 80 random bits in letters and digits that nobody mistakes for each other: K7QF-9D2M-…
func newReceipt() string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	text := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding).EncodeToString(random[:])
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-")
}

// setCookie gives the visitor the choice. Scripts cannot read it, and it goes nowhere but to this host.
func setCookie(w http.ResponseWriter, site string, choice consent.Choice) {
	http.SetCookie(w, &http.Cookie{
		Name: consent.Name(site), Value: choice.Value(), Path: "/", MaxAge: int(consent.Lifetime / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// tell answers a script.
func (s *Service) tell(w http.ResponseWriter, v *visit, receipt string) {
	answer(w, http.StatusOK, struct {
		Level   string `json:"level"` // what is kept now
		Ask     bool   `json:"ask"`   // whether the visitor should be asked
		Policy  string `json:"policy_version"`
		Receipt string `json:"receipt,omitempty"`
	}{s.level(v).String(), s.asks(v), s.o.Policy.Version, receipt})
}

// fail answers a script in one line of JSON, and a person with a page.
func (s *Service) fail(w http.ResponseWriter, v *visit, asked wish, status int, why, said string) {
	if asked.form {
		s.showProblem(w, v, status, said)
		return
	}
	refuse(w, status, why)
}

// TooOften answers somebody who asks more often than anybody has to. Retry-After is set.
func (s *Service) TooOften(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	asked := wish{Site: query.Get("site"), Lang: query.Get("lang")}
	if r.Method == http.MethodPost {
		asked, _ = readWish(r)
	}
	begin(w)
	if v := s.look(r, asked.Site, primary(asked.Lang)); strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.showProblem(w, v, http.StatusTooManyRequests, v.words.Often)
		return
	}
	refuse(w, http.StatusTooManyRequests, "too many requests from one client")
}

// holdsNothing tells that nothing is kept under the visitor's number, for the page to be honest. It cannot be told while the database is away, or
// while events wait for it here, which may be the visitor's first. The wish is kept all the same, since events may wait in another collector:
// one with a number that somebody made up is a row for a week, and no work for anybody.
func (s *Service) holdsNothing(r *http.Request, v *visit) bool {
	if s.o.Journal.Waiting() {
		return false
	}
	holds, err := s.o.Records.Holds(r.Context(), v.site.ID, s.number(v))
	if err != nil && !errors.Is(err, ErrBusy) {
		s.o.Log.Warn("rows of a visitor not looked for", "site", v.site.ID, "err", err)
	}
	return err == nil && !holds
}

// erase asks for all that is kept about this browser to go. It is carried out elsewhere; here the number goes at once, so that nothing
// more is kept under it.
func (s *Service) erase(w http.ResponseWriter, r *http.Request) {
	asked, readable := readWish(r)
	v := s.look(r, asked.Site, primary(asked.Lang))
	switch {
	case !readable:
		s.showProblem(w, v, http.StatusBadRequest, v.words.Malformed)
		return
	case v.site == nil:
		s.showProblem(w, v, http.StatusNotFound, v.words.UnknownSite)
		return
	case !isOwn(r):
		s.showProblem(w, v, http.StatusForbidden, v.words.Foreign)
		return
	case s.number(v) == 0:
		s.showProblem(w, v, http.StatusConflict, v.words.NoNumber)
		return
	case asked.Confirm != "yes":
		s.showProblem(w, v, http.StatusBadRequest, v.words.Unconfirmed)
		return
	}
	done := v.words.DoneErase
	if s.holdsNothing(r, v) { // before the wish itself waits
		done = v.words.DoneNothing
	}
	receipt, ok := s.record(v, event.Erase, event.Essential, asked.How)
	if !ok {
		s.showProblem(w, v, http.StatusServiceUnavailable, v.words.Overloaded)
		return
	}
	v.choice = v.choice.To(event.Essential, s.o.Policy.Version, v.now)
	setCookie(w, v.site.ID, v.choice)
	s.show(w, r, v, notice{Done: done, Receipt: receipt})
}
