package api

import (
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
	"mayak/schema/proxies"
)

// guard sees to what holds for every answer: who may come by which name, and what a browser may do with it.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Cache-Control":                "no-store",
			"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "no-referrer",
			"X-Content-Type-Options":       "nosniff",
		} {
			w.Header().Set(name, value)
		}
		switch {
		case !s.answersTo(r.Host):
			s.refuse(w, "other", http.StatusMisdirectedRequest, "this host name is not answered; MAYAK_AGGREGATOR_HOSTS lists further ones")
		case !sameOrigin(r) && !s.page(r):
			s.refuse(w, "other", http.StatusForbidden, "a page of another origin may not ask")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// answersTo tells whether the host of a request is one of ours: a name that somebody else made to lead here is not.
func (s *Server) answersTo(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if own, _, err := net.SplitHostPort(s.Address); err == nil && name != "" && strings.EqualFold(name, own) {
		return true
	}
	if address, err := netip.ParseAddr(name); err == nil && address.IsLoopback() {
		return true
	}
	return name == "localhost" || slices.Contains(s.Hosts, name)
}

// sameOrigin is false for what a browser sends on behalf of a page of another origin.
func sameOrigin(r *http.Request) bool {
	if fetch := r.Header.Get("Sec-Fetch-Site"); fetch == "cross-site" || fetch == "same-site" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	page, err := url.Parse(origin)
	return err == nil && page.Host == r.Host
}

// asked is a handler for a caller who is known.
type asked func(w http.ResponseWriter, r *http.Request, caller access.Caller) int

const (
	// checkHeader holds what a page of another site cannot know.
	checkHeader = "Mayak-Check"
	cookieName  = "mayak_operator"
)

// caller is who asks, nobody without a role: the holder of a token, which no browser sends by itself, or somebody with a session, whose
// check is wanted with what changes something.
func (s *Server) caller(r *http.Request) (c access.Caller, check string, tried bool, err error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c, _, err = s.Tokens.Caller(strings.TrimSpace(token))
		return c, "", true, err
	}
	for _, cookie := range r.CookiesNamed(cookieName) {
		c, check, _, err = s.sessions.Caller(cookie.Value)
		return c, check, true, err
	}
	return c, "", false, nil
}

// known lets only callers with a token through, and counts the answers.
func (s *Server) known(endpoint string, next asked) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		caller, check, tried, err := s.caller(r)
		switch {
		case err != nil:
			s.Log.Error("tokens not read", "err", err)
			s.refuse(w, endpoint, http.StatusServiceUnavailable, "the tokens cannot be read at the moment")
			return
		case caller.Role == "":
			s.refuseUnknown(w, r, endpoint, tried)
			return
		case check != "" && r.Method != http.MethodGet && r.Method != http.MethodHead && !access.Equal(check, r.Header.Get(checkHeader)):
			s.refuse(w, endpoint, http.StatusForbidden, "the check is missing or wrong: "+checkHeader+" has to hold what /api/session tells")
			return
		case caller.Role == access.Risk && endpoint != "risk":
			s.refuse(w, endpoint, http.StatusForbidden, "the role risk may ask /api/risk and nothing else")
			return
		}
		code := next(w, r, caller)
		s.metrics.answers.WithLabelValues(endpoint, strconv.Itoa(code)).Inc()
		s.metrics.seconds.WithLabelValues(endpoint).Observe(time.Since(began).Seconds())
	})
}

func (s *Server) refuseUnknown(w http.ResponseWriter, r *http.Request, endpoint string, tried bool) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="mayak"`)
	if !tried {
		s.refuse(w, endpoint, http.StatusUnauthorized, `a token is needed: "Authorization: Bearer mayak_..."; "aggregator token create" makes one`)
		return
	}
	if wait := s.failures.Count(s.client(r)); wait > 0 {
		s.refuseFor(w, endpoint, wait, "too many wrong tokens")
		return
	}
	if r.Header.Get("Authorization") == "" {
		s.refuse(w, endpoint, http.StatusUnauthorized, "the session is over; log in again")
		return
	}
	s.refuse(w, endpoint, http.StatusUnauthorized, "nobody holds this token; it may have been revoked")
}

// refuseFor answers who has to wait.
func (s *Server) refuseFor(w http.ResponseWriter, endpoint string, wait time.Duration, text string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	s.refuse(w, endpoint, http.StatusTooManyRequests, text)
}

// client is the address that a question came from, as trusted proxies tell it.
func (s *Server) client(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified()
	}
	return s.Proxies.Client(from.Addr().Unmap().WithZone(""), "", r.Header.Values(proxies.ForwardedFor), r.Header.Values(proxies.Forwarded))
}

// refuse answers with an error and counts it.
func (s *Server) refuse(w http.ResponseWriter, endpoint string, code int, text string) {
	s.count(endpoint, s.fail(w, code, text))
}

func (s *Server) count(endpoint string, code int) {
	s.metrics.answers.WithLabelValues(endpoint, strconv.Itoa(code)).Inc()
}

// fail answers with an error.
func (s *Server) fail(w http.ResponseWriter, code int, text string) int {
	body, _ := json.Marshal(map[string]string{"error": text}) // strings always can be
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // who asked has gone
	return code
}

// refused answers a question that makes no sense, or that could not be read for another reason.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, err error) int {
	var mistake *report.MistakeError
	switch {
	case !errors.As(err, &mistake):
		return s.broken(w, r, err)
	case mistake.Missing:
		return s.fail(w, http.StatusNotFound, mistake.Error())
	default:
		return s.fail(w, http.StatusBadRequest, mistake.Error())
	}
}

// nothing answers what is not there.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, "other", http.StatusMethodNotAllowed, "only GET is answered here")
		return
	}
	s.refuse(w, "other", http.StatusNotFound,
		"nothing is here; there are /api/reports, /api/report/NAME, /api/export/TABLE, /api/dashboards, /api/live, /api/persons/requests, /api/incidents, /api/audit; "+
			"/api/deployments and /api/risk with POST; /api/openapi.json tells of all")
}
