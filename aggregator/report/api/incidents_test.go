package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/aggregator/diagnose"
)

// known are incidents of two sites.
type known struct{ asked diagnose.Question }

func (k *known) List(_ context.Context, q diagnose.Question) ([]diagnose.Incident, error) {
	k.asked = q
	at := time.Date(2026, 3, 2, 9, 5, 0, 0, time.UTC)
	f := diagnose.Finding{Signal: diagnose.TTFB, At: at.Add(4 * time.Minute), Started: at, Verdict: diagnose.Verdict{Ratio: 4, Usual: 200}}
	demo := diagnose.NewIncident("demo", time.UTC, f, []diagnose.Cause{{Dimension: diagnose.ASN, Value: "9198", Share: 0.9, Ratio: 4}})
	clinic := diagnose.NewIncident("clinic", time.UTC, f, []diagnose.Cause{})
	return []diagnose.Incident{*demo, *clinic}, nil
}

func TestIncidentsAreForOps(t *testing.T) {
	k := &known{}
	f := newFixture(t, func(o *Options) { o.Incidents = k })
	for _, tt := range []struct {
		name, token, path string
		code              int
		want              string
	}{
		{"ops", "ops", "/api/incidents?site=demo&state=open&limit=5", http.StatusOK, "for AS9198"},
		{"an analyst", "analyst", "/api/incidents", http.StatusForbidden, "for the role ops"},
		{"nobody", "", "/api/incidents", http.StatusUnauthorized, "token"},
		{"a state that does not exist", "ops", "/api/incidents?state=wild", http.StatusBadRequest, "there are all, open, closed"},
		{"a limit that is none", "ops", "/api/incidents?limit=x", http.StatusBadRequest, "want a number"},
		{"too many", "ops", "/api/incidents?limit=9999", http.StatusBadRequest, "from 1 to 1000"},
		{"a parameter that does not exist", "ops", "/api/incidents?sites=demo", http.StatusBadRequest, "there are site, state, limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, _, body := f.get(t, tt.token, tt.path)
			if code != tt.code || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %d %q", code, body, tt.code, tt.want)
			}
			if code == http.StatusOK {
				obeys(t, "Incidents", body)
			}
		})
	}
	if want := (diagnose.Question{Site: "demo", State: "open", Limit: 5}); !cmp.Equal(want, k.asked, cmpopts.EquateEmpty()) {
		t.Errorf("asked %+v, want %+v", k.asked, want)
	}
}
