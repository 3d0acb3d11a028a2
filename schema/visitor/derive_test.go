package visitor_test

import (
	"path/filepath"
	"testing"
)

func TestDerivedKeysDifferByPurposeAndByFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "visitor.key")
	key, again := openKey(t, path), openKey(t, path)
	other := openKey(t, filepath.Join(t.TempDir(), "visitor.key"))
	switch sealing := key.Derive("sealing"); {
	case sealing != again.Derive("sealing"):
		t.Error("the same file gave another key")
	case sealing == key.Derive("signing"):
		t.Error("two purposes have one key")
	case sealing == other.Derive("sealing"):
		t.Error("two files have one key")
	}
}
