package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/aggregator/diagnose"
)

// known are incidents of two sites.
type known struct {
	asked    diagnose.Question
	deployed []diagnose.Deployment
}

// Deploy takes what has a version.
func (k *known) Deploy(_ context.Context, told *diagnose.Deployment) error {
	if told.Version == "" {
		return fmt.Errorf("%w: it has no version", diagnose.ErrDeployment)
	}
	k.deployed = append(k.deployed, *told)
	return nil
}

func (k *known) List(_ context.Context, q diagnose.Question) ([]diagnose.Incident, error) {
	k.asked = q
	at := time.Date(2026, 3, 2, 9, 5, 0, 0, time.UTC)
	f := diagnose.Finding{Signal: diagnose.TTFB, At: at.Add(4 * time.Minute), Started: at, Verdict: diagnose.Verdict{Ratio: 4, Usual: 200}}
	demo := diagnose.NewIncident("demo", time.UTC, f, []diagnose.Cause{{Dimension: diagnose.ASN, Value: "9198", Share: 0.9, Ratio: 4}})
	clinic := diagnose.NewIncident("clinic", time.UTC, f, []diagnose.Cause{})
	return []diagnose.Incident{*demo, *clinic}, nil
}

// Referred knows one reference, of the site demo, and tells of every column that may be read.
func (k *known) Referred(_ context.Context, reference string, readable func(string) bool) (*diagnose.Visit, error) {
	if reference == "short" {
		return nil, diagnose.ErrNotAReference
	}
	if reference != "K7QF9D2M" {
		return nil, diagnose.ErrNoReference
	}
	values := map[string]string{}
	for _, column := range []string{"path", "error_message", "visitor", "click_id", "no_column"} {
		if readable(column) {
			values[column] = "x"
		}
	}
	return &diagnose.Visit{Reference: reference, Site: "demo", Events: []diagnose.VisitedEvent{{Here: true, Values: values}}}, nil
}

func TestAReferenceIsLookedUpByOpsAndNotedDown(t *testing.T) {
	log := &written{}
	f := newFixture(t, func(o *Options) { o.Incidents, o.Audit = &known{}, log })
	for _, tt := range []struct {
		name, token, path string
		code              int
		want              string
		noted             bool
	}{
		{"ops", "ops", "K7QF9D2M", http.StatusOK, `"values":{"error_message":"x","path":"x","visitor":"x"}`, true},
		{"what is no reference", "ops", "short", http.StatusBadRequest, "eight of the characters", false},
		{"what nobody was told", "ops", "ABCDEFGH", http.StatusNotFound, "may be mistyped", false},
		{"an analyst", "analyst", "K7QF9D2M", http.StatusForbidden, "yours is analyst", false},
		{"security, which the policy does not name", "security", "K7QF9D2M", http.StatusForbidden, "yours is security", false},
		{"nobody", "", "K7QF9D2M", http.StatusUnauthorized, "token", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(log.entries)
			code, _, body := f.get(t, tt.token, "/api/reference/"+tt.path)
			if code != tt.code || !strings.Contains(body, tt.want) || tt.noted != (len(log.entries) > before) {
				t.Errorf("%d %s, noted %t; want %d %q, %t", code, body, len(log.entries) > before, tt.code, tt.want, tt.noted)
			}
			if code == http.StatusOK {
				obeys(t, "Visit", body)
			}
		})
	}
	log.err = errors.New("the database is away")
	if code, _, body := f.get(t, "ops", "/api/reference/K7QF9D2M"); code != http.StatusServiceUnavailable || strings.Contains(body, "error_message") {
		t.Errorf("shown without a note: %d %s", code, body)
	}
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

func TestDeploymentsAreToldByOps(t *testing.T) {
	k := &known{}
	f := newFixture(t, func(o *Options) { o.Incidents = k })
	for _, tt := range []struct {
		name, token, body string
		code              int
		want              string
	}{
		{"ops", "ops", `{"site":"demo","version":"1.4.2","at":"2026-03-02T09:00:00Z","text":"booking"}`, http.StatusCreated, `"version":"1.4.2"`},
		{"an analyst", "analyst", `{"site":"demo","version":"1"}`, http.StatusForbidden, "for the role ops"},
		{"nobody", "", `{}`, http.StatusUnauthorized, "token"},
		{"no version", "ops", `{"site":"demo"}`, http.StatusBadRequest, "no version"},
		{"a key that does not exist", "ops", `{"site":"demo","version":"1","who":"me"}`, http.StatusBadRequest, "cannot be read"},
		{"a time that is none", "ops", `{"site":"demo","version":"1","at":"yesterday"}`, http.StatusBadRequest, ""},
		{"an unknown site", "ops", `{"site":"nope","version":"1"}`, http.StatusNotFound, "does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, _, body := f.ask(t, tt.token, http.MethodPost, "/api/deployments", tt.body)
			if code != tt.code || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %d %q", code, body, tt.code, tt.want)
			}
			if code == http.StatusCreated {
				obeys(t, "Deployment", body)
			}
		})
	}
	if len(k.deployed) != 1 || k.deployed[0].Site != "demo" {
		t.Errorf("noted: %+v", k.deployed)
	}
}
