package access

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/tokenfile"
)

func create(t *testing.T, file string, c Caller) string {
	t.Helper()
	token, err := Create(file, c, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestATokenLetsItsHolderInUntilItIsRevoked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "tokens.yaml")
	tokens := Open(file)
	if _, found, err := tokens.Caller("mayak_x"); found || err != nil {
		t.Errorf("without a file: found %v, error %v", found, err)
	}
	want := Caller{Name: "board", Role: Analyst, Sites: []string{"demo"}}
	token := create(t, file, want)
	other := create(t, file, Caller{Name: "pager", Role: Ops})

	got, found, err := tokens.Caller(token)
	if diff := cmp.Diff(want, got); !found || err != nil || diff != "" {
		t.Errorf("found %v, error %v, caller (-want +got):\n%s", found, err, diff)
	}
	for _, wrong := range []string{"", token[:len(token)-1], token + "x", strings.ToUpper(token)} {
		if _, found, _ := tokens.Caller(wrong); found {
			t.Errorf("%d characters that are no token let in", len(wrong))
		}
	}
	if err := Revoke(file, "board"); err != nil {
		t.Fatal(err)
	}
	if _, found, _ := tokens.Caller(token); found {
		t.Error("a revoked token still lets in")
	}
	if _, found, _ := tokens.Caller(other); !found {
		t.Error("revoking one token took another away")
	}
}

func TestTheFileHoldsNoToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	token := create(t, file, Caller{Name: "board", Role: Analyst})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if secret := strings.TrimPrefix(token, tokenfile.Prefix); len(secret) != 43 || strings.Contains(string(text), secret[:10]) {
		t.Errorf("the token has %d characters after its prefix; the file:\n%s", len(secret), text)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v, want 0600", info.Mode(), err)
	}
	if token == create(t, file, Caller{Name: "another", Role: Analyst}) {
		t.Error("the same token twice")
	}
	listed, err := List(file)
	want := []Token{{Caller{Name: "board", Role: Analyst}, "2026-11-22"}, {Caller{Name: "another", Role: Analyst}, "2026-11-22"}}
	if diff := cmp.Diff(want, listed); err != nil || diff != "" {
		t.Errorf("error %v, list (-want +got):\n%s", err, diff)
	}
}

func TestSites(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sites []string
		want  bool
	}{{"a token of no site sees all", nil, true}, {"one of this site", []string{"x", "demo"}, true}, {"one of others", []string{"x"}, false}} {
		if got := (Caller{Sites: tt.sites}).MaySee("demo"); got != tt.want {
			t.Errorf("%s: MaySee = %v", tt.name, got)
		}
	}
}

func TestABadFileLetsNobodyIn(t *testing.T) {
	const hash = "sha256: " + "0000000000000000000000000000000000000000000000000000000000000000"
	for _, tt := range []struct {
		name, text, want string
		mode             os.FileMode
	}{
		{"unknown key", "tokens: [{name: a, role: ops, " + hash + ", expires: never}]", "expires", 0o600},
		{"unknown role", "tokens: [{name: a, role: admin, " + hash + "}]", "there are analyst ops security", 0o600},
		{"no hash", "tokens: [{name: a, role: ops}]", "64 hexadecimal digits", 0o600},
		{"the same name twice", "tokens: [{name: a, role: ops, " + hash + "}, {name: a, role: ops, " + hash + "}]", "stands twice", 0o600},
		{"bad name and bad site, both told", "tokens: [{name: a b, role: ops, sites: [A B], " + hash + "}]", `"A B" is no site's id`, 0o600},
		{"no YAML", "tokens: [", "tokens file", 0o600},
		{"writable by others", "tokens: []", "chmod go-w", 0o666},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "tokens.yaml")
			token := create(t, file, Caller{Name: "before", Role: Ops})
			tokens := Open(file)
			if _, found, err := tokens.Caller(token); !found || err != nil {
				t.Fatalf("before: found %v, error %v", found, err)
			}
			if err := os.WriteFile(file, []byte(tt.text), tt.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, tt.mode); err != nil {
				t.Fatal(err)
			}
			if _, found, err := tokens.Caller(token); found || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("found %v, error %v, want %q", found, err, tt.want)
			}
			if _, err := Create(file, Caller{Name: "c", Role: Ops}, time.Now()); err == nil {
				t.Error("a file that cannot be read was written over")
			}
		})
	}
}

func TestBadTokensAreNotMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	create(t, file, Caller{Name: "board", Role: Analyst})
	for _, tt := range []struct {
		caller Caller
		want   string
	}{
		{Caller{Name: "board", Role: Ops}, "exists already"},
		{Caller{Name: "", Role: Ops}, "want 1 to 64 letters"},
		{Caller{Name: "x", Role: "root"}, "there are analyst ops security"},
	} {
		if _, err := Create(file, tt.caller, time.Now()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Create(%+v) error = %v, want %q", tt.caller, err, tt.want)
		}
	}
	if err := Revoke(file, "nobody"); err == nil || !strings.Contains(err.Error(), "there are board") {
		t.Errorf("Revoke error = %v", err)
	}
}

func TestTokensMadeAtOnceAreAllKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := Create(file, Caller{Name: fmt.Sprintf("t%d", i), Role: Ops}, time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n, err := Open(file).Check(); n != 20 || err != nil {
		t.Errorf("%d tokens, error %v", n, err)
	}
}

func TestFailuresAreLimitedByClient(t *testing.T) {
	now := time.Unix(1e9, 0)
	f := NewFailures(func() time.Time { return now })
	one, sibling, other := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), netip.MustParseAddr("::ffff:192.0.2.1")
	for i := range failuresAtOnce {
		if wait := f.Count(one); wait != 0 {
			t.Fatalf("failure %d has to wait %v", i+1, wait)
		}
	}
	if wait := f.Count(sibling); wait != failureInterval {
		t.Errorf("one more of the same network waits %v, want %v", wait, failureInterval)
	}
	if wait := f.Count(other); wait != 0 {
		t.Errorf("another client waits %v", wait)
	}
	now = now.Add(failureInterval)
	if wait := f.Count(one); wait != 0 {
		t.Errorf("after the wait it waits another %v", wait)
	}
	for i := range clientsKept * 2 {
		f.Count(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if len(f.full) > clientsKept {
		t.Errorf("%d clients are remembered", len(f.full))
	}
}
