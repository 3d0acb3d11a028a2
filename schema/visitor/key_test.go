package visitor_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mayak/schema/visitor"
)

func openKey(t *testing.T, path string) *visitor.Key {
	t.Helper()
	key, err := visitor.OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAKeyIsMadeOnceAndBelongsToItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "visitor.key")
	const processes = 16
	var ids [processes]uint64
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			if key, err := visitor.OpenKey(path); err == nil {
				ids[i] = key.Consented("demo", [16]byte{1})
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == 0 || id != ids[0] {
			t.Fatalf("processes that began together hold different keys: %v", ids)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("mode %v, %d bytes, error %v; want 0600 and 32", info.Mode(), info.Size(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, error %v; want the key alone", left, err)
	}
	if other := openKey(t, filepath.Join(t.TempDir(), "visitor.key")); other.Consented("demo", [16]byte{1}) == ids[0] {
		t.Error("two installations made the same id")
	}
}

func TestIDsOfDifferentKindsSitesAndValuesDiffer(t *testing.T) {
	key := openKey(t, filepath.Join(t.TempDir(), "visitor.key"))
	a := key.Consented("demo", [16]byte{1})
	seen := map[uint64]string{}
	for name, id := range map[string]uint64{
		"consented": a, "another cookie": key.Consented("demo", [16]byte{2}), "another site": key.Consented("demo2", [16]byte{1}),
		"device of the same bytes": key.Device("demo", string(append([]byte{1}, make([]byte, 15)...))),
		"mark":                     key.Mark("demo", a), "mark at another site": key.Mark("demo2", a),
		"a byte moved": key.Device("demo1", "x"), "from site to value": key.Device("demo", "1x"),
	} {
		if before, twice := seen[id]; twice || id == 0 {
			t.Errorf("%s has the id %d, which is that of %q", name, id, before)
		}
		seen[id] = name
	}
	if a != key.Consented("demo", [16]byte{1}) {
		t.Error("the same cookie has two ids")
	}
}

func TestAWrongKeyFileIsToldAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "visitor.key")
	short := []byte("short")
	if err := os.WriteFile(path, short, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := visitor.OpenKey(path); err == nil || !strings.Contains(err.Error(), "5 bytes, want 32") {
		t.Errorf("error %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, short) {
		t.Errorf("the file was changed: %q, error %v", now, err)
	}
}

func TestALastingIDNeedsNoMemory(t *testing.T) {
	key := openKey(t, filepath.Join(t.TempDir(), "visitor.key"))
	var sum uint64
	if n := testing.AllocsPerRun(100, func() {
		id := key.Consented("demo", [16]byte{1})
		sum += id + key.Mark("demo", id)
	}); n != 0 || sum == 0 {
		t.Errorf("%v allocations, sum %d", n, sum)
	}
}
