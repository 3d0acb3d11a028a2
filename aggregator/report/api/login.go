package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"mayak/aggregator/report/access"
)

// mostBody is more than any question needs.
const mostBody = 16 << 10

var errBody = errors.New("the body cannot be read: want one JSON object of the keys that the description of the API lists, with Content-Type: application/json")

// read reads the JSON of a question. A form of another site cannot send that type without being asked whether it may. What else the type
// says, as charset=utf-8, changes nothing of JSON.
func read(r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errBody
	}
	decoder := json.NewDecoder(io.LimitReader(r.Body, mostBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errBody
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errBody
	}
	return nil
}

// loggedIn is what somebody is told of their session.
type loggedIn struct {
	Name  string      `json:"name"`
	Role  access.Role `json:"role"`
	Sites []string    `json:"sites"` // empty: every site
	Check string      `json:"check"` // to be sent along with everything that changes something; empty with a token
}

func asLoggedIn(c access.Caller, check string) loggedIn {
	return loggedIn{Name: c.Name, Role: c.Role, Sites: append([]string{}, c.Sites...), Check: check}
}

// login gives a session for a name and a password.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var given struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	if err := read(r, &given); err != nil {
		s.refuse(w, "login", http.StatusBadRequest, err.Error())
		return
	}
	from, name := s.client(r), clip(given.Name)
	if wait := s.failures.Wait(from, name); wait > 0 {
		s.refuseFor(w, "login", wait, "too many wrong passwords")
		return
	}
	if !s.guessing.take(r.Context()) {
		w.Header().Set("Retry-After", "5")
		s.refuse(w, "login", http.StatusServiceUnavailable, "too many log in at once")
		return
	}
	caller, entry, ok, err := s.Tokens.Login(given.Name, given.Password)
	s.guessing.give()
	switch {
	case err != nil:
		s.Log.Error("users not read", "err", err)
		s.refuse(w, "login", http.StatusServiceUnavailable, "the users cannot be read at the moment")
	case !ok:
		s.failures.Failed(from, name)
		s.refuse(w, "login", http.StatusUnauthorized, "nobody has this name and this password")
	default:
		s.failures.Succeeded(from, name)
		secret, check := s.sessions.Begin(caller, entry)
		http.SetCookie(w, cookie(secret, int(access.SessionAge/time.Second)))
		s.Log.Info("logged in", "user", caller.Name, "role", caller.Role)
		s.count("login", s.write(w, asLoggedIn(caller, check)))
	}
}

// cookie is what a browser keeps of a session. Browsers take a secure one from localhost too.
func cookie(secret string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: secret, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// session tells a page that was loaded again who is logged in, and the check.
func (s *Server) session(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	check := ""
	if c.User {
		if held, err := r.Cookie(cookieName); err == nil {
			_, check, _, _ = s.sessions.Caller(held.Value) // it was found a moment ago
		}
	}
	return s.write(w, asLoggedIn(c, check))
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, _ access.Caller) int {
	if held, err := r.Cookie(cookieName); err == nil {
		s.sessions.End(held.Value)
	}
	http.SetCookie(w, cookie("", -1))
	w.WriteHeader(http.StatusNoContent)
	return http.StatusNoContent
}
