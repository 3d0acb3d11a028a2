package api

import (
	"errors"
	"net/http"

	"mayak/aggregator/diagnose"
	"mayak/aggregator/report/access"
)

// deploy notes that a site got a new version, as whatever deploys it tells.
func (s *Server) deploy(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	if c.Role != access.Ops {
		return s.fail(w, http.StatusForbidden, "this is for the role ops; yours is "+string(c.Role))
	}
	var told diagnose.Deployment
	if err := read(r, &told); err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	if told.Site == "" && len(c.Sites) == 1 {
		told.Site = c.Sites[0]
	}
	if code := s.foreign(w, r, c, told.Site); code != 0 {
		return code
	}
	err := s.Incidents.Deploy(r.Context(), &told)
	switch {
	case errors.Is(err, diagnose.ErrDeployment):
		return s.fail(w, http.StatusBadRequest, err.Error())
	case err != nil:
		return s.broken(w, r, err)
	}
	return s.writeWith(w, http.StatusCreated, told)
}
