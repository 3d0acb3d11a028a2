package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mayak/aggregator/audit"
	"mayak/aggregator/report/access"
	"mayak/aggregator/subject"
)

// officer lets through only who answers persons.
func (s *Server) officer(endpoint string, next asked) http.Handler {
	return s.known(endpoint, func(w http.ResponseWriter, r *http.Request, c access.Caller) int {
		if c.Role != access.Officer {
			return s.fail(w, http.StatusForbidden, "this is for the role officer; yours is "+string(c.Role))
		}
		return next(w, r, c)
	})
}

// note writes down what the caller is about to see.
func (s *Server) note(r *http.Request, c access.Caller, e audit.Entry) error {
	e.Who, e.Role = c.Who(), string(c.Role)
	return s.Audit.Write(r.Context(), e)
}

func actor(c access.Caller, why string) subject.Actor {
	return subject.Actor{Name: c.Who(), Role: string(c.Role), Origin: "api", Why: why}
}

// whom is who a person is, in the body of a question: nothing of it gets into an address that is logged somewhere.
type whom struct {
	Kind    subject.Kind `json:"kind,omitempty"`
	Site    string       `json:"site"`
	Cookie  string       `json:"cookie,omitempty"`
	Device  string       `json:"device,omitempty"`
	Receipt string       `json:"receipt,omitempty"`
	Address string       `json:"address,omitempty"`
	From    time.Time    `json:"from,omitzero"`
	To      time.Time    `json:"to,omitzero"`
	Choose  []string     `json:"choose,omitempty"`
	Why     string       `json:"why"`
}

func (q *whom) wanted() *subject.Wanted {
	return &subject.Wanted{
		Site: q.Site, Cookie: q.Cookie, Device: q.Device, Receipt: q.Receipt, Address: q.Address, From: q.From, To: q.To, Choose: q.Choose,
	}
}

// told answers an error of the desk.
func (s *Server) told(w http.ResponseWriter, r *http.Request, err error) int {
	if m, ok := subject.IsMistake(err); ok {
		if m.Missing {
			return s.fail(w, http.StatusNotFound, m.Error())
		}
		return s.fail(w, http.StatusBadRequest, m.Error())
	}
	if errors.Is(err, audit.ErrReason) {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	return s.broken(w, r, err)
}

// whomOf reads a question about a person of a site that the caller may see.
func (s *Server) whomOf(w http.ResponseWriter, r *http.Request, c access.Caller) (q whom, code int) {
	if err := read(r, &q); err != nil {
		return q, s.fail(w, http.StatusBadRequest, err.Error())
	}
	if !c.MaySee(q.Site) {
		return q, s.fail(w, http.StatusNotFound, fmt.Sprintf("site %q does not exist; there are those of your token", clip(q.Site)))
	}
	return q, 0
}

func (s *Server) find(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	q, code := s.whomOf(w, r, c)
	if code != 0 {
		return code
	}
	found, err := s.Persons.Find(r.Context(), actor(c, q.Why), q.wanted())
	if err != nil {
		return s.told(w, r, err)
	}
	return s.write(w, found)
}

func kinds() []subject.Kind { return []subject.Kind{subject.Export, subject.Block, subject.Erase} }

// open makes a ticket; what has not to be confirmed is begun within seconds.
func (s *Server) open(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	q, code := s.whomOf(w, r, c)
	if code != 0 {
		return code
	}
	if !slices.Contains(kinds(), q.Kind) {
		return s.fail(w, http.StatusBadRequest, fmt.Sprintf("kind %q does not exist; there are export, block, erase", clip(string(q.Kind))))
	}
	t, err := s.Persons.Open(r.Context(), actor(c, q.Why), q.Kind, q.wanted())
	if err != nil {
		return s.told(w, r, err)
	}
	w.Header().Set("Location", "/api/persons/requests/"+t.ID)
	return s.writeWith(w, http.StatusCreated, t)
}

func (s *Server) requests(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	all, err := s.Persons.Tickets(r.Context(), r.URL.Query().Has("all"))
	if err != nil {
		return s.told(w, r, err)
	}
	all = slices.DeleteFunc(all, func(t *subject.Ticket) bool { return !c.MaySee(t.Site) })
	return s.write(w, map[string]any{"requests": all})
}

// ticket is the one that the address names, if the caller may see it.
func (s *Server) ticket(w http.ResponseWriter, r *http.Request, c access.Caller) (t *subject.Ticket, code int) {
	t, err := s.Persons.Ticket(r.Context(), r.PathValue("ticket"))
	switch {
	case err != nil:
		return nil, s.told(w, r, err)
	case !c.MaySee(t.Site):
		return nil, s.fail(w, http.StatusNotFound, fmt.Sprintf("ticket %q does not exist; the list of tickets has those that do", clip(r.PathValue("ticket"))))
	}
	return t, 0
}

func (s *Server) request(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	t, code := s.ticket(w, r, c)
	if code != 0 {
		return code
	}
	return s.write(w, t)
}

// step goes on with a ticket: confirm, unblock or export.
func (s *Server) step(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	var q struct {
		Code string `json:"code"`
		Why  string `json:"why"`
	}
	if err := read(r, &q); err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	t, code := s.ticket(w, r, c)
	if code != 0 {
		return code
	}
	var err error
	who := actor(c, cmp.Or(q.Why, t.Why))
	switch r.PathValue("step") {
	case "confirm":
		t, err = s.Persons.Confirm(r.Context(), who, t.ID, q.Code)
	case "unblock":
		t, err = s.Persons.Unblock(r.Context(), who, t.ID)
	case "export":
		return s.exportPerson(w, r, who, t)
	default:
		return s.fail(w, http.StatusNotFound, fmt.Sprintf("step %q does not exist; there are confirm, unblock, export", clip(r.PathValue("step"))))
	}
	if err != nil {
		return s.told(w, r, err)
	}
	return s.writeWith(w, http.StatusAccepted, t)
}

// begun is an answer that tells whether anything of it has been sent.
type begun struct {
	http.ResponseWriter

	sent bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.sent = true
	_ = http.NewResponseController(b.ResponseWriter).SetWriteDeadline(time.Now().Add(silence)) // a recorder of a test has none
	return b.ResponseWriter.Write(p)
}

// exportPerson sends all that is kept of a person. An answer that is cut off must not look whole.
func (s *Server) exportPerson(w http.ResponseWriter, r *http.Request, who subject.Actor, t *subject.Ticket) int {
	out := &begun{ResponseWriter: w}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", t.ID+".json"))
	err := s.Persons.Export(r.Context(), who, t.ID, out)
	switch {
	case err == nil:
		return http.StatusOK
	case out.sent:
		s.Log.Error("export of a person cut off", "ticket", t.ID, "err", err)
		panic(http.ErrAbortHandler)
	}
	w.Header().Del("Content-Disposition")
	return s.told(w, r, err)
}

const mostEntries = 1000

// entries are the newest of the audit log.
func (s *Server) entries(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	given := r.URL.Query()
	limit, err := strconv.Atoi(cmp.Or(given.Get("limit"), "100"))
	if err != nil || limit < 1 || limit > mostEntries {
		return s.fail(w, http.StatusBadRequest, fmt.Sprintf("limit %q: want a number from 1 to %d", clip(given.Get("limit")), mostEntries))
	}
	all, err := s.Audit.Newest(r.Context(), given.Get("ticket"), limit)
	if err != nil {
		return s.told(w, r, err)
	}
	all = slices.DeleteFunc(all, func(e audit.Read) bool { return !c.MaySee(e.Site) })
	return s.write(w, map[string]any{"entries": all})
}

func (s *Server) verify(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	if len(c.Sites) > 0 {
		return s.fail(w, http.StatusForbidden, "this is for officers of every site")
	}
	v, err := s.Audit.Verify(r.Context(), s.kept("audit_log"))
	if err != nil {
		return s.told(w, r, err)
	}
	return s.write(w, v)
}

func (s *Server) kept(table string) time.Duration {
	return time.Duration(s.Policy.Tables[table].Retention)
}
