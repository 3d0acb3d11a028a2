package beacon

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// A key that somebody only claims to have asks for the keys too, so whoever wants could fill the log.
func TestThatKeysCannotBeReadIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	options := withKeys(&recorder{})
	options.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := New(options)
	for _, key := range []string{"broken", "broken", "broken", "good", "good", "broken"} {
		s.handle(arrived(t, uploading("{\"url\":\"u\"}", "Authorization: Bearer "+key)))
	}
	if got := strings.Count(log.String(), "\n"); got != 3 || strings.Count(log.String(), "level=ERROR") != 2 {
		t.Errorf("log, want that they could not be read, could, and could not:\n%s", log.String())
	}
}
