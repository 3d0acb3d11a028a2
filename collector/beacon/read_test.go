package beacon

import (
	"testing"
	"time"

	"mayak/collector/hit"
)

func TestClaimIsReadAsARequestIs(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	reader := NewReader(now)
	claim := Claim{
		Address: addr("203.0.113.1"), Body: []byte(everything),
		Headers: map[string]string{"user-agent": "Mozilla/5.0", "SEC-GPC": "1", "dnt": "1\r\nX-Moz: prefetch", "Content-Length": "9999", "Sec-CH-UA-Model": `"N"`},
	}
	want := complete()
	want.Way, want.Received, want.Address, want.UserAgent, want.GPC = hit.Beacon, now, claim.Address, "Mozilla/5.0", true
	for range 2 { // the second is read in the memory of the first
		got, err := reader.Read(claim)
		if err != nil {
			t.Fatal(err)
		}
		hitsEqual(t, want, *got)
	}
	for _, tt := range []struct{ body, want string }{
		{`{"site":"demo"}`, "url: missing"},
		{`nonsense`, "body: not JSON"},
		{"[" + good + "," + good + "]", "body: want one hit"},
	} {
		if _, err := reader.Read(Claim{Body: []byte(tt.body)}); err == nil || err.Error() != tt.want {
			t.Errorf("Read(%s) = %v, want %s", tt.body, err, tt.want)
		}
	}
}
