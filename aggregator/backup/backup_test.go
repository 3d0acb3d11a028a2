package backup

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func clock() time.Time { return time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC) }

func TestWhatIsTooMuchIsRemoved(t *testing.T) {
	const month = 30 * 24 * time.Hour
	const (
		old      = "mayak-20261024T045959Z.tar"
		onOld    = "mayak-20261025T050000Z-on-20261024T045959Z.tar"
		week     = "mayak-20261115T050000Z.tar"
		onWeek1  = "mayak-20261116T050000Z-on-20261115T050000Z.tar"
		onWeek2  = "mayak-20261117T050000Z-on-20261115T050000Z.tar"
		newest   = "mayak-20261122T050000Z.tar"
		onNewest = "mayak-20261123T040000Z-on-20261122T050000Z.tar"
	)
	others := []string{"other-20250101T000000Z.tar", "mayak-20250101.tar", "notes.txt", "mayak-20250101T000000Z.tar.part"}
	all := []string{old, onOld, week, onWeek1, onWeek2, newest, onNewest}
	for _, tt := range []struct {
		name string
		o    Options
		free []uint64 // that the disk has, as often as it is asked
		want []string
	}{
		{"nothing is promised", Options{}, nil, nil},
		{"past their time, with what is made on them", Options{Kept: month}, nil, []string{onOld, old}},
		{"beyond the newest only whole ones stay", Options{Kept: month, Recent: 2}, nil, []string{onOld, old, onWeek1, onWeek2}},
		{"the disk has enough", Options{Spare: 10}, []uint64{10}, nil},
		{"the disk has too little for a while", Options{Spare: 10}, []uint64{5, 9, 10}, []string{onOld, old, onWeek2, onWeek1, week}},
		{"the disk has too little whatever is done", Options{Spare: 10}, []uint64{5}, []string{onOld, old, onWeek2, onWeek1, week}},
		{"the folder is not seen", Options{Folder: "/nowhere", Kept: month}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range append(slices.Clone(all), others...) {
				if err := os.WriteFile(filepath.Join(dir, name), make([]byte, tail), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			tt.o.Name, tt.o.Now = "mayak", clock
			if tt.o.Folder == "" {
				tt.o.Folder = dir
			}
			tt.o.Free = func(string) (uint64, error) {
				free := tt.free[0]
				if len(tt.free) > 1 {
					tt.free = tt.free[1:]
				}
				return free, nil
			}
			removed, err := New(tt.o).Prune()
			if diff := cmp.Diff(tt.want, removed); diff != "" || err != nil {
				t.Errorf("removed: %v (-want +got):\n%s", err, diff)
			}
			for _, name := range append(slices.Clone(others), onNewest, newest) {
				if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// Whatever nights there were, and however full the disk is: the newest can be brought back, and so can all that are there.
func TestNothingIsEverThereWithoutWhatItNeeds(t *testing.T) {
	folders, made := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		dir := filepath.Join(folders, strconv.Itoa(made))
		made++
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		now := clock()
		o := Options{
			Name: "mayak", Folder: dir, Kept: time.Duration(rapid.IntRange(2, 40).Draw(t, "days")) * 24 * time.Hour, Recent: rapid.IntRange(0, 9).Draw(t, "recent"),
			Whole: time.Duration(rapid.IntRange(0, 400).Draw(t, "hours")) * time.Hour, Spare: 1, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		}
		room := rapid.Uint64Range(0, 1)
		o.Free = func(string) (uint64, error) { return room.Draw(t, "room"), nil }
		b := New(o)
		for range rapid.IntRange(1, 60).Draw(t, "nights") {
			now = now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "later")) * time.Hour)
			all, err := b.list()
			if err != nil {
				t.Fatal(err)
			}
			a := archive{database: "mayak", at: now.UTC()}
			if base := b.base(all); base != nil {
				a.base = base.at
			}
			if err := os.WriteFile(filepath.Join(dir, a.name()), make([]byte, tail), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Prune(); err != nil {
				t.Fatal(err)
			}
			kept, err := b.list()
			if err != nil || len(kept) == 0 || kept[0].name() != a.name() {
				t.Fatalf("%s is gone: %v, %v", a.name(), kept, err)
			}
			for i := range kept {
				if err := b.complete(&kept[i]); err != nil {
					t.Fatal(err)
				}
				if now.Sub(kept[i].at) > o.Kept {
					t.Fatalf("%s is still there", kept[i].name())
				}
				if o.Recent > 0 && i >= o.Recent && !kept[i].whole() {
					t.Fatalf("%s is number %d", kept[i].name(), i)
				}
			}
		}
	})
}

func TestABackupIsNamedSoThatItsAgeIsKnown(t *testing.T) {
	b := New(Options{Name: "mayak", Kept: 30 * 24 * time.Hour, Folder: t.TempDir(), Now: clock})
	for name, want := range map[string]string{
		"mayak-20261020T000000Z.tar":                     "is 34 days old",
		"mayak.tar":                                      "is no name of a backup",
		"../mayak-20261123T000000Z.tar":                  "is no name of a backup",
		"mayak-20261399T000000Z.tar":                     "month out of range",
		"mayak-20261123T000000Z-on-20261399T000000Z.tar": "month out of range",
		"mayak-20261123T000000Z.tar'); DROP x":           "is no name of a backup",
		"mayak-20261123T000000Z-on-20261122T000000Z.tar": "needs the backup that it is made on",
	} {
		if _, err := b.Restore(t.Context(), name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Restore(%s) = %v, want %q", name, err, want)
		}
	}
}

func TestTheNextIsDueOnceTheLastIsOld(t *testing.T) {
	b := New(Options{Name: "mayak", Folder: t.TempDir(), Now: clock})
	if due, err := b.Due(time.Hour); !due || err != nil {
		t.Errorf("the first one: %v, %v", due, err)
	}
	if err := os.WriteFile(filepath.Join(b.o.Folder, "mayak-20261123T033000Z.tar"), make([]byte, tail), 0o600); err != nil {
		t.Fatal(err)
	}
	for every, want := range map[time.Duration]bool{time.Hour: true, 90 * time.Minute: true, 2 * time.Hour: false} {
		if due, err := b.Due(every); due != want || err != nil {
			t.Errorf("every %v: %v, %v", every, due, err)
		}
	}
}
