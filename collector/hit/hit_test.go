package hit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"mayak/collector/hit"
)

func TestHitIsNeverPrinted(t *testing.T) {
	h := hit.Hit{
		Address: netip.MustParseAddr("203.0.113.77"), UserAgent: "SecretAgent/1.0",
		URL: "https://clinic.example/secret", Title: "Secret", Props: []hit.Prop{{Key: "k", Value: "secret"}},
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "hit", h, "pointer", &h)
	encoded, err := json.Marshal(map[string]any{"hit": h})
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"%v": fmt.Sprintf("%v", h), "%+v": fmt.Sprintf("%+v", h), "%#v": fmt.Sprintf("%#v", h), "%s": fmt.Sprintf("%s", &h),
		"Print": fmt.Sprint(h), "slog": log.String(), "json": string(encoded),
	} {
		for _, leak := range []string{"203.0.113.77", "ecret"} {
			if strings.Contains(got, leak) {
				t.Errorf("%s prints %q of a hit: %s", name, leak, got)
			}
		}
		if !strings.Contains(got, "[hit]") {
			t.Errorf("%s = %q, want [hit]", name, got)
		}
	}
}

func TestResetForgetsEverything(t *testing.T) {
	h := hit.Hit{URL: "u", Props: []hit.Prop{{Key: "k", Value: "v"}}, Vitals: []hit.Vital{{Name: "lcp", Value: 1}}}
	h.Reset()
	if h.URL != "" || len(h.Props) != 0 || len(h.Vitals) != 0 {
		t.Errorf("Reset left %q, %d props, %d vitals", h.URL, len(h.Props), len(h.Vitals))
	}
	if left := h.Props[:1][0]; left != (hit.Prop{}) {
		t.Error("Reset left a property in the memory that it keeps")
	}
}
