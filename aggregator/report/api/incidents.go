package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"mayak/aggregator/diagnose"
	"mayak/aggregator/report/access"
)

// Incidents are what was wrong with sites' servers, what may be why, and what happened in a visit of which somebody complains.
type Incidents interface {
	Referred(ctx context.Context, reference string, readable func(column string) bool) (*diagnose.Visit, error)
	List(ctx context.Context, q diagnose.Question) ([]diagnose.Incident, error)
	Deploy(ctx context.Context, deployed *diagnose.Deployment) error
}

// incidents answers what was and is wrong, to ops.
func (s *Server) incidents(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	if c.Role != access.Ops {
		return s.fail(w, http.StatusForbidden, "this is for the role ops; yours is "+string(c.Role))
	}
	given, err := parameters(r.URL)
	if err != nil {
		return s.fail(w, http.StatusBadRequest, "the parameters cannot be read: a % is not followed by two hexadecimal digits")
	}
	for name := range given {
		if !slices.Contains([]string{"site", "state", "limit"}, name) {
			return s.fail(w, http.StatusBadRequest, fmt.Sprintf("parameter %q does not exist; there are site, state, limit", clip(name)))
		}
	}
	q := diagnose.Question{Site: given.Get("site"), State: given.Get("state")}
	if text := given.Get("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 {
			return s.fail(w, http.StatusBadRequest, fmt.Sprintf("limit %q: want a number from 1 on", clip(text)))
		}
	}
	if err := q.Check(); err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	if q.Site != "" && !c.MaySee(q.Site) {
		return s.fail(w, http.StatusNotFound, fmt.Sprintf("site %q does not exist; there are those of your token", clip(q.Site)))
	}
	q.Sites = c.Sites
	all, err := s.Incidents.List(r.Context(), q)
	if err != nil {
		return s.broken(w, r, err)
	}
	return s.write(w, map[string]any{"incidents": all})
}
