package beacon

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
)

// office knows two links.
type office struct{}

func (office) Open(link func(string) string, h *hit.Hit) hit.Reason {
	_, reason := office{}.Click(link, h)
	return reason
}

func (office) Click(link func(string) string, h *hit.Hit) (target string, reason hit.Reason) {
	switch link("k") {
	case "good":
		h.Way, h.Site, h.URL, h.Type, h.Name = hit.Mail, link("site"), "https://clinic.example/", "open", "human"
		return "https://clinic.example/booking?a=b#c", hit.Kept
	case "unsubscribed":
		return "https://clinic.example/", hit.Unsubscribed
	}
	return "", hit.BadSignature
}

func TestLinksOfEMails(t *testing.T) {
	r := &recorder{}
	options := testOptions(r)
	options.Mail = office{}
	_, dial := inMemory(t, options)
	type answer struct {
		Status                            int
		Outcome, Type, Location, Referrer string
		Body                              bool
	}
	stored := "stored"
	for _, tt := range []struct {
		name, request string
		want          answer
	}{
		{"a picture", get("/o.gif?site=demo&k=good"), answer{http.StatusOK, stored, "image/gif", "", "", true}},
		{"a picture that was made up", get("/o.gif?site=demo&k=bad"), answer{http.StatusOK, "dropped; reason=bad_signature", "image/gif", "", "", true}},
		{"a picture of who is unsubscribed", get("/o.gif?site=demo&k=unsubscribed"), answer{http.StatusOK, "dropped; reason=unsubscribed", "image/gif", "", "", true}},
		{"a click", get("/c?site=demo&k=good"), answer{http.StatusFound, stored, "", "https://clinic.example/booking?a=b#c", "no-referrer", false}},
		{"a click of who is unsubscribed", get("/c?site=demo&k=unsubscribed"), answer{http.StatusFound, "dropped; reason=unsubscribed", "", "https://clinic.example/", "no-referrer", false}},
		{"a click that was made up", get("/c?site=demo&k=bad&u=https://evil.test/"), answer{http.StatusForbidden, "dropped; reason=bad_signature", "application/json", "", "", true}},
		{"a look ahead at a click", strings.Replace(get("/c?site=demo&k=good"), "GET", "HEAD", 1), answer{http.StatusFound, "dropped; reason=prefetch", "", "https://clinic.example/booking?a=b#c", "no-referrer", false}},
		{"nonsense", get("/c?%zz=%&&&=;"), answer{http.StatusForbidden, "dropped; reason=bad_signature", "application/json", "", "", true}},
		{"a body", strings.Replace(post(good), "/e ", "/o.gif ", 1), answer{http.StatusMethodNotAllowed, "dropped; reason=malformed", "application/json", "", "", true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, dial(), tt.request)
			have := answer{
				got.Status, got.Header.Get("Mayak-Outcome"), got.Header.Get("Content-Type"), got.Header.Get("Location"), got.Header.Get("Referrer-Policy"), got.Body != "",
			}
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(got.Header.Get("Cache-Control"), "max-age") {
				t.Error("the answer may be kept")
			}
		})
	}
}

func TestALinkIsReadWithWhatTheRequestTells(t *testing.T) {
	r := &recorder{}
	options := testOptions(r)
	options.Mail = office{}
	_, dial := inMemory(t, options)
	ask(t, dial(), get("/o.gif?site=demo&k=good", "User-Agent: somebody's", "Sec-GPC: 1"))
	if len(r.hits) != 1 {
		t.Fatalf("%d hits", len(r.hits))
	}
	got := &r.hits[0]
	if got.UserAgent != "somebody's" || !got.GPC || got.Way != hit.Mail || got.Site != "demo" || got.Received.IsZero() {
		t.Errorf("agent %q, GPC %v, way %s, site %q", got.UserAgent, got.GPC, got.Way, got.Site)
	}
}
