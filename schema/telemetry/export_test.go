package telemetry

import "net/http"

// Handler is what the listener serves.
func Handler(a *Admin) http.Handler { return a.handler() }
