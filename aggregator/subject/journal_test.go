package subject

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheJournalKeepsWhoWasErasedOverTornLinesAsLongAsBackupsAreKept(t *testing.T) {
	j := &Journal{Path: filepath.Join(t.TempDir(), "aggregator", "erased.journal"), Kept: 30 * 24 * time.Hour}
	now := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	old, young := mark{"demo", 1 << 63, now.Add(-40 * 24 * time.Hour), "E-1"}, mark{"demo", 7, now, "E-2"}
	if all, err := j.read(); len(all) > 0 || err != nil {
		t.Errorf("read() of no file = %v, %v", all, err)
	}
	if err := j.add([]mark{old}); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(j.Path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"site":"demo","mark":"9","ma`); err != nil { // a crash while writing
		t.Fatal(err)
	}
	_ = file.Close()
	if err := j.add([]mark{young}); err != nil {
		t.Fatal(err)
	}
	all, err := j.read()
	if diff := cmp.Diff([]mark{old, young}, all); diff != "" || err != nil {
		t.Errorf("read(): %v (-want +got):\n%s", err, diff)
	}
	if err := j.Forget(now); err != nil {
		t.Fatal(err)
	}
	all, err = j.read()
	if diff := cmp.Diff([]mark{young}, all); diff != "" || err != nil {
		t.Errorf("read() after forgetting: %v (-want +got):\n%s", err, diff)
	}
	info, err := os.Stat(j.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	text, _ := os.ReadFile(j.Path)
	if lines := strings.Count(string(text), "\n"); lines != 1 {
		t.Errorf("%d lines are left", lines)
	}
	var none *Journal
	if err := none.add([]mark{young}); err != nil {
		t.Errorf("a journal that remembers nothing: %v", err)
	}
}
