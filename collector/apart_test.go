package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"mayak/schema/visitor"
)

func TestASpoolThatWasFilledUnderAnotherKeyIsLaidAside(t *testing.T) {
	dir := t.TempDir()
	key := func() *visitor.Key {
		t.Helper()
		k, err := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	fill := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, "spool"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "spool", "segment"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, second := key(), key()
	for _, step := range []struct {
		name string
		key  *visitor.Key
		want bool // the spool stays where it is
	}{{"at first", first, true}, {"with the same key", first, true}, {"with another", second, false}, {"with that one again", second, true}} {
		fill(step.name)
		p := &collector{key: step.key, log: slog.New(slog.DiscardHandler)}
		if err := p.keepApart(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "spool", "segment")); (err == nil) != step.want {
			t.Errorf("%s: the spool stays %v, want %v", step.name, err == nil, step.want)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "spool-of-key-"+first.Fingerprint(), "segment")); err != nil || string(text) != "with another" {
		t.Errorf("laid aside: %q, %v", text, err)
	}
}
