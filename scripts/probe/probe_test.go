package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestOnlyAnAnswerOf200IsHealthy(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/unready":
			http.Error(w, `{"ready":false}`, http.StatusServiceUnavailable)
		case "/stuck":
			<-release
		}
	}))
	defer server.Close()
	defer close(release)
	for _, tt := range []struct {
		name    string
		args    []string
		healthy bool
	}{
		{"ready", []string{server.URL + "/ready"}, true},
		{"unready", []string{server.URL + "/unready"}, false},
		{"stuck", []string{server.URL + "/stuck"}, false},
		{"nobody listens", []string{"http://127.0.0.1:1/"}, false},
		{"no address", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := run(tt.args, 200*time.Millisecond); (err == nil) != tt.healthy {
				t.Errorf("run(%v) = %v", tt.args, err)
			}
		})
	}
}
