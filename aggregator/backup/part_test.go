package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
)

// database answers as one that writes a backup does.
type database struct {
	driver.Conn

	write      func(statement string) error
	entries    uint64
	content    uint64
	size       uint64
	statements []string
}

type row struct {
	driver.Row

	values []any
	err    error
}

func (r row) Scan(into ...any) error {
	for i := range r.values {
		reflect.ValueOf(into[i]).Elem().Set(reflect.ValueOf(r.values[i]))
	}
	return r.err
}

func (d *database) QueryRow(_ context.Context, statement string, _ ...any) driver.Row {
	switch {
	case strings.Contains(statement, "system.tables"):
		return row{values: []any{[]string{"events", "migrations"}}}
	case strings.HasPrefix(statement, "BACKUP"):
		d.statements = append(d.statements, statement)
		return row{values: []any{"number", "CREATING_BACKUP"}, err: d.write(statement)}
	case strings.HasPrefix(statement, "SELECT toString(status)"):
		return row{values: []any{"BACKUP_CREATED", "", uint64(1), d.content}}
	case strings.HasPrefix(statement, "SELECT num_entries"):
		return row{values: []any{d.entries, d.content, d.size}}
	}
	return row{err: fmt.Errorf("a question that nobody expects: %s", statement)}
}

// The engine says that a backup is made though the disk got full while its end was written.
func TestABackupThatLacksItsEndIsNone(t *testing.T) {
	const name, before = "mayak-20261123T050000Z.tar", "mayak-20261122T050000Z.tar"
	whole := append([]byte(strings.Repeat("x", 3*512+2000)), make([]byte, tail)...)
	for _, tt := range []struct {
		what  string
		bytes []byte
		seen  bool
		want  string
	}{
		{"all of it", whole, true, ""},
		{"nothing", nil, true, "of 3536 bytes 0 were written"},
		{"a part", whole[:3000], true, "of 3536 bytes 3000 were written"},
		{"all but the end of the archive", whole[:3536], true, "is not all there"},
		{"all of it, elsewhere", whole, false, ""},
		{"a part, elsewhere", whole[:3000], false, "of 3536 bytes 3000 were written"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, before), make([]byte, tail), 0o600); err != nil {
				t.Fatal(err)
			}
			d := &database{entries: 3, content: 2000, size: uint64(len(tt.bytes)), write: func(string) error {
				return os.WriteFile(filepath.Join(dir, name), tt.bytes, 0o600)
			}}
			o := Options{Conn: d, Name: "mayak", Log: slog.New(slog.DiscardHandler), Now: clock}
			if tt.seen {
				o.Folder = dir
			}
			_, err := New(o).Make(t.Context(), false, func(Progress) {})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Make() = %v, want %q", err, tt.want)
			}
			if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != (tt.want == "" || !tt.seen) {
				t.Errorf("the file: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, before)); err != nil {
				t.Errorf("the one before: %v", err)
			}
		})
	}
}

func TestNoSecondOneIsTriedWhereThereIsNoRoomForTheFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mayak-20261122T050000Z.tar"), make([]byte, tail), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &database{entries: 3, content: 2000, size: 100, write: func(string) error { return nil }}
	_, err := New(Options{Conn: d, Name: "mayak", Folder: dir, Whole: 48 * time.Hour, Log: slog.New(slog.DiscardHandler), Now: clock}).Make(t.Context(), false, func(Progress) {})
	if !errors.Is(err, errPart) || len(d.statements) != 1 || !strings.Contains(d.statements[0], "base_backup") {
		t.Errorf("%v, after %q", err, d.statements)
	}
}

// What was broken off is the newest by its name, and counts for nothing.
func TestWhatWasBrokenOffIsNoBackup(t *testing.T) {
	dir := t.TempDir()
	const good, underWay, forsaken = "mayak-20261122T050000Z.tar", "mayak-20261123T044500Z.tar", "mayak-20261122T200000Z.tar"
	for name, content := range map[string][]byte{good: make([]byte, 4*tail), underWay: []byte("the beginning"), forsaken: append(make([]byte, tail), 'x')} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, age := range map[string]time.Duration{underWay: time.Minute, forsaken: 9 * time.Hour} {
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, clock().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	b := New(Options{Name: "mayak", Folder: dir, Whole: 48 * time.Hour, Spare: 1, Now: clock, Free: func(string) (uint64, error) { return 0, nil }})
	all, err := b.list()
	if base := b.base(all); err != nil || base == nil || base.name() != good {
		t.Errorf("others would be made on %v, %v", base, err)
	}
	if due, err := b.Due(10 * time.Hour); !due || err != nil {
		t.Errorf("due: %v, %v", due, err)
	}
	removed, err := b.Prune()
	if diff := cmp.Diff([]string{forsaken}, removed); diff != "" || err != nil {
		t.Errorf("removed: %v (-want +got):\n%s", err, diff)
	}
	if _, err := b.Restore(t.Context(), underWay, nil); !errors.Is(err, errPart) {
		t.Errorf("Restore() = %v", err)
	}
}
