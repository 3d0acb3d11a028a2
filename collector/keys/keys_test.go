package keys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/schema/tokenfile"
)

func create(t *testing.T, k *Keys, site, name string) string {
	t.Helper()
	key, err := k.Create(site, name, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAKeyIsOfItsSiteUntilItIsRevoked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "keys.yaml")
	k := Open(file)
	if site, _, err := k.Find("mayak_x"); site != "" || err != nil {
		t.Errorf("without a file: site %q, error %v", site, err)
	}
	first, second, other := create(t, k, "clinic", "backend"), create(t, k, "clinic", "backend-2"), create(t, k, "shop", "app")
	held := func() map[string]string {
		sites := map[string]string{}
		for name, key := range map[string]string{"first": first, "second": second, "other": other, "none": "", "cut": first[:len(first)-1]} {
			site, _, err := k.Find(key)
			if err != nil {
				t.Fatal(err)
			}
			sites[name] = site
		}
		return sites
	}
	if diff := cmp.Diff(map[string]string{"first": "clinic", "second": "clinic", "other": "shop", "none": "", "cut": ""}, held()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := k.Revoke("backend"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"first": "", "second": "clinic", "other": "shop", "none": "", "cut": ""}, held()); diff != "" {
		t.Errorf("after revoking the first (-want +got):\n%s", diff)
	}
	listed, err := k.List()
	want := []Key{{Name: "backend-2", Site: "clinic", Created: "2026-11-23"}, {Name: "app", Site: "shop", Created: "2026-11-23"}}
	if diff := cmp.Diff(want, listed, cmpopts.IgnoreUnexported(Key{}), cmpopts.IgnoreFields(Key{}, "Hash")); err != nil || diff != "" {
		t.Errorf("error %v, list (-want +got):\n%s", err, diff)
	}
	text, err := os.ReadFile(file)
	if secret := strings.TrimPrefix(second, tokenfile.Prefix); err != nil || strings.Contains(string(text), secret[:8]) {
		t.Errorf("the file holds a key, error %v", err)
	}
}

func TestABadFileLetsNobodyIn(t *testing.T) {
	const hash = "sha256: 0000000000000000000000000000000000000000000000000000000000000000"
	for _, tt := range []struct {
		name, text, want string
		mode             os.FileMode
	}{
		{"an unknown key", "keys: [{name: a, site: b, " + hash + ", role: x}]", "role", 0o600},
		{"no hash", "keys: [{name: a, site: b}]", "64 hexadecimal digits", 0o600},
		{"a name twice", "keys: [{name: a, site: b, " + hash + "}, {name: a, site: c, " + hash + "}]", "stands twice", 0o600},
		{"bad name and site, both told", "keys: [{name: a b, site: A B, " + hash + "}]", `"A B" is no site's id`, 0o600},
		{"writable by others", "keys: []", "chmod go-w", 0o666},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := Open(filepath.Join(t.TempDir(), "keys.yaml"))
			key := create(t, k, "clinic", "before")
			if site, _, err := k.Find(key); site != "clinic" || err != nil {
				t.Fatalf("before: %q, %v", site, err)
			}
			if err := os.WriteFile(k.file.Path(), []byte(tt.text), tt.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(k.file.Path(), tt.mode); err != nil {
				t.Fatal(err)
			}
			if site, _, err := k.Find(key); site != "" || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("site %q, error %v, want %q", site, err, tt.want)
			}
		})
	}
}

func TestKeysThatCannotBe(t *testing.T) {
	k := Open(filepath.Join(t.TempDir(), "keys.yaml"))
	create(t, k, "clinic", "backend")
	for _, tt := range []struct{ site, name, want string }{
		{"clinic", "backend", "exists already"}, {"clinic", "", "want 1 to 64 letters"}, {"Clinic!", "x", "no site's id"},
	} {
		if _, err := k.Create(tt.site, tt.name, time.Now()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Create(%q, %q) error = %v, want %q", tt.site, tt.name, err, tt.want)
		}
	}
	if err := k.Revoke("nobody"); err == nil || !strings.Contains(err.Error(), "there are backend") {
		t.Errorf("Revoke error = %v", err)
	}
}

func TestAKeyThatReplacesAnotherIsOfTheSameSender(t *testing.T) {
	k := Open(filepath.Join(t.TempDir(), "keys.yaml"))
	for name, want := range map[string]string{"backend": "backend", "backend@2027": "backend", "backend-2": "backend-2", "app@a@b": "app"} {
		if _, sender, err := k.Find(create(t, k, "clinic", name)); sender != want || err != nil {
			t.Errorf("key %s is of the sender %q, want %q; error %v", name, sender, want, err)
		}
	}
}
