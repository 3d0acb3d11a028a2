package keyfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mayak/schema/keyfile"
)

func TestAKeyIsMadeOnceByWhoeverAsksFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "some.key")
	keys := make([][keyfile.Size]byte, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			key, err := keyfile.Open(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	all.Wait()
	for _, key := range keys {
		if key != keys[0] || key == [keyfile.Size]byte{} {
			t.Fatalf("keys %x", keys)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
		t.Errorf("left in the folder: %v, error %v", names, err)
	}
}

func TestReadingMakesNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.key")
	if _, err := keyfile.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestADamagedKeyIsToldAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.key")
	short := []byte("short")
	if err := os.WriteFile(path, short, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Open(path); err == nil || !strings.Contains(err.Error(), "5 bytes, want 32") {
		t.Errorf("error %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, short) {
		t.Errorf("the file was changed: %q, error %v", now, err)
	}
}
