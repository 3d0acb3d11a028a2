package backup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func clock() time.Time { return time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC) }

func TestOnlyBackupsPastTheirTimeAreRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"mayak-20261123T040000Z.tar", "mayak-20261024T050000Z.tar", "mayak-20261024T045959Z.tar", "mayak-20250101T000000Z.tar",
		"other-20250101T000000Z.tar", "mayak-20250101.tar", "notes.txt", "mayak-20250101T000000Z.tar.part",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := New(Options{Name: "mayak", Folder: dir, Kept: 30 * 24 * time.Hour, Now: clock}).Prune()
	if diff := cmp.Diff([]string{"mayak-20250101T000000Z.tar", "mayak-20261024T045959Z.tar"}, removed); diff != "" || err != nil {
		t.Errorf("removed: %v (-want +got):\n%s", err, diff)
	}
	for _, o := range []Options{{Name: "mayak", Kept: time.Hour}, {Name: "mayak", Folder: dir}, {Name: "mayak", Folder: dir + "/missing", Kept: time.Hour}} {
		o.Now = clock
		if removed, err := New(o).Prune(); len(removed) > 0 || err != nil {
			t.Errorf("Prune() of %+v = %v, %v", o, removed, err)
		}
	}
}

func TestABackupIsNamedSoThatItsAgeIsKnown(t *testing.T) {
	b := New(Options{Name: "mayak", Kept: 30 * 24 * time.Hour, Now: clock})
	for name, want := range map[string]string{
		"mayak-20261020T000000Z.tar":           "is 34 days old",
		"mayak.tar":                            "is no name of a backup",
		"../mayak-20261123T000000Z.tar":        "is no name of a backup",
		"mayak-20261399T000000Z.tar":           "month out of range",
		"mayak-20261123T000000Z.tar'); DROP x": "is no name of a backup",
	} {
		if _, err := b.Restore(t.Context(), name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Restore(%s) = %v, want %q", name, err, want)
		}
	}
}
