package beacon

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mayak/collector/hit"
)

func printed(t *testing.T, u *Unknown) string {
	t.Helper()
	answer := httptest.NewRecorder()
	u.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/unknown", nil))
	return answer.Body.String()
}

func TestUnknownIsFedByTheEdge(t *testing.T) {
	s, dial := inMemory(t, testOptions(&recorder{decide: func(h *hit.Hit) hit.Reason {
		if h.Site != "demo" {
			return hit.UnknownSite
		}
		return decideByHost(h)
	}}))
	if got := printed(t, s.Unknown()); got != `{"unknown":[],"rare":{"names":0,"hits":0,"named_from":5}}`+"\n" {
		t.Errorf("at first it lists %s", got)
	}
	c := dial()
	ask(t, c, post(`{"site":"other","url":"http://a.test/"}`))
	ask(t, c, post(`[{"site":"other","url":"http://a.test/b"},`+good+`]`))
	for range 5 {
		ask(t, c, get("/p.gif?site=demo&url=http://unknown_host:8080/"))
	}
	if got := printed(t, s.Unknown()); strings.Contains(got, "a.test") || !strings.Contains(got, `"rare":{"names":1,"hits":2,"named_from":5}`) {
		t.Errorf("a name that came twice: %s", got)
	}
	for range 3 {
		ask(t, c, post(`{"site":"other","url":"http://a.test/"}`))
	}
	ask(t, c, post(at("bad_url")))
	got := printed(t, s.Unknown())
	for _, want := range []string{`"site":"other","host":"a.test","at_least":5,"at_most":5`, `"site":"demo","host":"unknown_host","at_least":5,"at_most":5`} {
		if !strings.Contains(got, want) {
			t.Errorf("the list is without %s: %s", want, got)
		}
	}
	if strings.Contains(got, "bad_url") {
		t.Errorf("another reason is listed: %s", got)
	}
}

func TestUnknownIsBounded(t *testing.T) {
	var u Unknown
	add := func(site, url string) { u.add(&hit.Hit{Site: site, URL: url, Received: time.Unix(0, 0).UTC()}) }
	for range 100 {
		add("forgotten", "https://User:secret@Clinic.Example:8443/path?q=secret#secret")
	}
	for i := range 5000 {
		add("x", "http://h"+itoa(i)+".test/")
	}
	add("a b<script>", "http://"+strings.Repeat("l", 300)+".test/")
	add(strings.Repeat("é", 40), ":not a url:")
	if len(u.entries) != maxUnknown {
		t.Errorf("%d entries, want %d", len(u.entries), maxUnknown)
	}
	got := printed(t, &u)
	if strings.Contains(got, "secret") || strings.Contains(got, "path") || strings.Contains(got, "<") {
		t.Errorf("the list tells more than names: %s", got)
	}
	if !strings.HasPrefix(got, `{"unknown":[{"site":"forgotten","host":"clinic.example","at_least":100,"at_most":100,"last":"1970-01-01T00:00:00Z"}`) {
		t.Errorf("the frequent one was pushed out by the rare ones: %.200s", got)
	}
}
