package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"mayak/aggregator/audit"
	"mayak/aggregator/diagnose"
	"mayak/aggregator/report/access"
)

// reference answers what happened in the visit of somebody who reads out a support reference. What is shown is a person's, so it is in the
// audit log first; what a role may not read is not shown.
func (s *Server) reference(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	readable := func(column string) bool {
		known, ok := s.Policy.Column("events", column)
		return ok && slices.Contains(known.Roles, string(c.Role))
	}
	if !readable("reference") {
		return s.fail(w, http.StatusForbidden, "this is for roles that may read references, as ops; yours is "+string(c.Role))
	}
	visit, err := s.Incidents.Referred(r.Context(), r.PathValue("code"), readable)
	switch {
	case errors.Is(err, diagnose.ErrNotAReference):
		return s.fail(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, diagnose.ErrNoReference) || err == nil && !c.MaySee(visit.Site):
		return s.fail(w, http.StatusNotFound, diagnose.ErrNoReference.Error())
	case err != nil:
		return s.broken(w, r, err)
	}
	if err := s.note(r, c, audit.Entry{Action: "reference looked up", Site: visit.Site, Detail: fmt.Sprintf("events %d", len(visit.Events))}); err != nil {
		return s.broken(w, r, err)
	}
	return s.write(w, visit)
}
