package beacon

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
)

func itoa(n int) string { return strconv.Itoa(n) }

const good = `{"site":"demo","url":"http://localhost/"}`

// decideByHost drops as a gate would, for what stands in the URL.
func decideByHost(h *hit.Hit) hit.Reason {
	for _, reason := range hit.Reasons() {
		if strings.Contains(h.URL, string(reason)) {
			return reason
		}
	}
	return hit.Kept
}

func at(reason string) string { return `{"site":"demo","url":"http://` + reason + `/"}` }

func TestEventAnswers(t *testing.T) {
	const tooMany = `{"error":"body: want 1 to 50 hits in an array"}` + "\n"
	for _, tt := range []struct {
		name, body, outcome, text string
		status                    int
		refused                   []hit.Reason
	}{
		{name: "one hit", body: good, status: 202, outcome: "stored"},
		{name: "a batch", body: "[" + good + "," + good + "]", status: 202, outcome: "stored"},
		{name: "white space around", body: " \n" + good + "\t", status: 202, outcome: "stored"},
		{name: "dropped by the gate", body: at("bad_url"), status: 202, outcome: "dropped; reason=bad_url"},
		{name: "a duplicate", body: at("duplicate"), status: 202, outcome: "dropped; reason=duplicate"},
		{
			name: "unknown site", body: at("unknown_site"), status: 404, outcome: "dropped; reason=unknown_site",
			text: `{"error":"site: not a site of this collector"}` + "\n",
		},
		{
			name: "unknown host", body: at("unknown_host"), status: 404, outcome: "dropped; reason=unknown_host",
			text: `{"error":"url: its host name is not one of the site's"}` + "\n",
		},
		{
			name: "a batch of unknown ones", body: "[" + at("unknown_host") + "," + at("unknown_site") + "]", status: 404,
			outcome: "dropped; reason=unknown_host; count=1, dropped; reason=unknown_site; count=1",
			text:    `{"error":"url: its host name is not one of the site's"}` + "\n",
		},
		{
			name: "a batch that fares differently", body: "[" + at("bad_url") + "," + good + "," + good + "]", status: 202,
			outcome: "stored; count=2, dropped; reason=bad_url; count=1",
		},
		{
			name: "one unreadable hit does not stop the others", body: "[" + good + `,{"site":"demo","url":7}]`, status: 202,
			outcome: `stored; count=1, dropped; reason=malformed; count=1; error="[1].url: want a string of at most 8192 bytes"`,
			refused: []hit.Reason{hit.Malformed},
		},
		{
			name: "nothing readable in a batch", body: `[{"site":"demo"},7]`, status: 400, outcome: "dropped; reason=malformed",
			text: `{"error":"[0].url: missing"}` + "\n", refused: []hit.Reason{hit.Malformed, hit.Malformed},
		},
		{name: "no hit", body: "[]", status: 400, outcome: "dropped; reason=malformed", text: tooMany, refused: []hit.Reason{hit.Malformed}},
		{
			name: "50 hits", body: "[" + strings.Repeat(good+",", 49) + good + "]", status: 202, outcome: "stored",
		},
		{
			name: "51 hits", body: "[" + strings.Repeat(good+",", 50) + good + "]", status: 400, outcome: "dropped; reason=malformed",
			text: tooMany, refused: []hit.Reason{hit.Malformed},
		},
		{
			name: "a type that nobody knows", body: `{"site":"demo","url":"u","type":"click"}`, status: 400, outcome: "dropped; reason=unknown_type",
			text: `{"error":"type: want pageview, event, engage, vitals or error"}` + "\n", refused: []hit.Reason{hit.UnknownType},
		},
		{
			name: "an empty body", body: "", status: 400, outcome: "dropped; reason=malformed",
			text: `{"error":"body: not JSON"}` + "\n", refused: []hit.Reason{hit.Malformed},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &recorder{decide: decideByHost}
			_, dial := inMemory(t, testOptions(p))
			got := ask(t, dial(), post(tt.body))
			want := []any{tt.status, tt.outcome, tt.text, tt.refused}
			if diff := cmp.Diff(want, []any{got.Status, got.Header.Get("Mayak-Outcome"), got.Body, p.refused}); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if origin := got.Header.Get("Access-Control-Allow-Origin"); origin != "*" {
				t.Errorf("a page cannot read the answer: allowed origin %q", origin)
			}
		})
	}
}
