package beacon

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
)

func TestWhatTheModuleForDiagnosticsTellsIsRead(t *testing.T) {
	p := &recorder{}
	_, dial := inMemory(t, testOptions(p))
	const body = `{"site":"demo","url":"http://localhost/","type":"error","weight":10,"reference":"K7QF9D2M","vitals":{"longtask":900},
		"error":{"kind":"fetch","type":"status","source":"/api/:id"},"request":{"protocol":"h2","method":"GET","status":503,"bytes":12,"duration_ms":31.5},
		"attribution":{"lcp_element":"h1","navigation":"reload","lcp_element":"h2","inp_event":""}}`
	if got := ask(t, dial(), post(body)); got.Status != 202 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	h := p.hits[0]
	got := []any{h.Weight, h.Reference, h.Vitals, h.Error, h.Exchange, h.Sources, h.Unknown}
	want := []any{
		10.0, "K7QF9D2M",
		[]hit.Vital{{Name: "longtask", Value: 900}},
		hit.Error{Kind: "fetch", Type: "status", Source: "/api/:id"},
		hit.Exchange{Protocol: "h2", Method: "GET", Status: 503, Bytes: 12, DurationMS: 31.5},
		[]hit.Prop{{Key: "lcp_element", Value: "h2"}, {Key: "navigation", Value: "reload"}},
		0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for body, message := range map[string]string{
		`"request":7`: "request: want an object", `"request":{"status":"503"}`: "request.status: want a finite number",
		`"attribution":{"navigation":1}`: "attribution.navigation: want a string", `"weight":"1"`: "weight: want a finite number",
	} {
		got := ask(t, dial(), post(`{"site":"demo","url":"http://localhost/",`+body+`}`))
		if got.Status != 400 || got.Body != `{"error":"`+message+`"}`+"\n" {
			t.Errorf("%s: %d %s", body, got.Status, got.Body)
		}
	}
	if got := ask(t, dial(), post(`{"site":"demo","url":"http://localhost/","type":"report"}`)); got.Status != 400 {
		t.Errorf("a page that plays the browser: %d %s", got.Status, got.Body)
	}
}
