package tokenfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func ownerOf(t *testing.T, path string) (user uint32, mode os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Skip("no owners here")
	}
	return of.Uid, info.Mode().Perm()
}

// An administrator makes a key with sudo, and the service has to read it.
func TestAChangedFileStaysItsOwners(t *testing.T) {
	const service = 4711
	dir := t.TempDir()
	if os.Getuid() == 0 {
		if err := os.Chown(dir, service, service); err != nil {
			t.Fatal(err)
		}
	}
	owner, _ := ownerOf(t, dir)
	path := filepath.Join(dir, "new", "names.yaml")
	file := Open(path, Form[names]{Noun: "names", Validate: func(*names) error { return nil }})
	add := func(*names) error { return nil }
	for step, mode := range []os.FileMode{0o600, 0o640, 0o600} {
		if step > 0 {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := file.Change(add); err != nil {
			t.Fatal(err)
		}
		if user, got := ownerOf(t, path); user != owner || got != mode {
			t.Errorf("step %d: of user %d with mode %o, want %d and %o", step, user, got, owner, mode)
		}
	}
	for _, beside := range []string{filepath.Dir(path), path + ".lock"} {
		if user, _ := ownerOf(t, beside); user != owner {
			t.Errorf("%s is of user %d, want %d", filepath.Base(beside), user, owner)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "new", ".names-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
