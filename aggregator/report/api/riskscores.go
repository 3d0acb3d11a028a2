package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"mayak/aggregator/report/access"
	"mayak/aggregator/risk"
)

const (
	usualScores = 100
	mostScores  = 1000
)

// scoresQuestion says which scores are looked for. It is a body, since an address in a URL stands in logs.
type scoresQuestion struct {
	Site    string `json:"site"`
	Kind    string `json:"kind"`
	IP      string `json:"ip"`
	Visitor string `json:"visitor"`
	Score   string `json:"score"`
	Least   int    `json:"min"`
	Limit   int    `json:"limit"`
}

// scores shows what was kept of scores, with the reasons, to security alone. Who looked stands in the audit log before anything is read.
func (s *Server) scores(w http.ResponseWriter, r *http.Request, c access.Caller) int {
	if c.Role != access.Security {
		return s.fail(w, http.StatusForbidden, "this is for the role security; yours is "+string(c.Role))
	}
	q := scoresQuestion{Limit: usualScores}
	if err := read(r, &q); err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	of, err := q.wanted(c)
	if err != nil {
		return s.fail(w, http.StatusBadRequest, err.Error())
	}
	if code := s.foreign(w, r, c, of.Site); code != 0 {
		return code
	}
	found, err := s.Risk.Scores(r.Context(), of)
	if err != nil {
		return s.toldRisk(w, r, err)
	}
	return s.write(w, map[string]any{"scores": found})
}

func (q *scoresQuestion) wanted(c access.Caller) (*risk.Wanted, error) {
	of := &risk.Wanted{
		Site: q.Site, Kind: q.Kind, Visitor: q.Visitor, Score: q.Score, Least: q.Least, Limit: q.Limit, Caller: c.Who(), Role: string(c.Role),
	}
	if of.Site == "" && len(c.Sites) == 1 {
		of.Site = c.Sites[0]
	}
	switch {
	case of.Site == "" || len(of.Visitor) > longestText || len(of.Score) > longestText:
		return nil, fmt.Errorf("want a site, and visitor and score of at most %d bytes", longestText)
	case of.Least < 0 || of.Least > 100:
		return nil, errors.New("min: want a score from 0 to 100")
	case of.Limit < 1 || of.Limit > mostScores:
		return nil, fmt.Errorf("limit: want a number from 1 to %d", mostScores)
	case q.IP != "":
		var err error
		if of.Address, err = netip.ParseAddr(q.IP); err != nil {
			return nil, errors.New("ip: want an IPv4 or IPv6 address")
		}
	}
	return of, nil
}
