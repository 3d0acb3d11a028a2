package visitor

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestTheFileIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "salts")
	if err := os.WriteFile(path, encode(nil), 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Now: at("2026-11-22 08:00:00").Now, Path: path})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode = %v, want 0600", got)
	}
}

func TestWhatStoodInTheFileIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "salts")
	open(t, Options{Now: at("2026-11-22 08:00:00").Now, Path: path})
	old, err := os.Open(path) // keeps the old content readable after it was replaced
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	if err := writeFile(path, nil); err != nil {
		t.Fatal(err)
	}
	left := make([]byte, 100)
	n, err := old.Read(left)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(left[:n], make([]byte, n)) {
		t.Errorf("the replaced file still reads %q", left[:n])
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files = %v (%v), want the one", files, err)
	}
}

func TestADamagedFileIsSetAsideCountedAndWipedInTheEnd(t *testing.T) {
	whole := encode([]*entry{newEntry("2026-11-22", Salt{1}, at("2026-11-22 00:00:00").now)})
	for name, text := range map[string][]byte{
		"empty":           {},
		"cut":             whole[:len(whole)-20],
		"bit turned":      bytes.Replace(whole, []byte("2026-11-22"), []byte("2026-11-23"), 1),
		"another file":    []byte("hello\n"),
		"only its header": []byte(header),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "salts")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			c := &clock{now: time.Now()}
			s := open(t, Options{Now: c.Now, Path: path})
			if got := counted(s.metrics.corrupt); got != 1 {
				t.Errorf("corrupt = %v, want 1", got)
			}
			if _, err := os.Stat(path + corrupt); err != nil {
				t.Errorf("the file was not set aside: %v", err)
			}
			c.now = c.now.Add(maxAge)
			tend(t, s)
			if _, err := os.Stat(path + corrupt); !os.IsNotExist(err) {
				t.Errorf("two days later it is still there: %v", err)
			}
		})
	}
}

func TestWhatACrashLeftIsWiped(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".salts-123"), encode(nil), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Now: at("2026-11-22 08:00:00").Now, Path: filepath.Join(dir, "salts")})
	if _, err := os.Stat(filepath.Join(dir, ".salts-123")); !os.IsNotExist(err) {
		t.Errorf("the temporary file is still there: %v", err)
	}
}

func TestAFileThatCannotBeWrittenIsAnErrorAtStartAndCountedLater(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "salts")
	_, err := OpenSalts(Options{
		Path: missing, Now: at("2026-11-22 08:00:00").Now, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		t.Error("OpenSalts took a folder that is not there")
	}

	dir, c := filepath.Join(t.TempDir(), "state"), at("2026-11-22 08:00:00")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{Path: filepath.Join(dir, "salts"), Now: c.Now})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	c.set("2026-11-23 00:00:01")
	salt := s.Salt("2026-11-23")
	if s.Salt("2026-11-23") != salt {
		t.Error("the salt is not kept while the file cannot be written")
	}
	if got := counted(s.metrics.fileErrors); got != 1 {
		t.Errorf("file errors = %v, want 1", got)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	tend(t, s)
	entries, err := readFile(filepath.Join(dir, "salts"))
	if err != nil || len(entries) != 2 {
		t.Errorf("file holds %d days (%v), want 2", len(entries), err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode([]*entry{newEntry("2026-11-22", Salt{1, 2, 3}, time.UnixMicro(1795305600000000))}))
	f.Add([]byte(header))
	f.Add([]byte("sum 00000000\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := decode(text)
		if err != nil {
			return
		}
		if got, err := decode(encode(entries)); err != nil || len(got) != len(entries) {
			t.Errorf("what was read (%d days) is not read again: %d, %v", len(entries), len(got), err)
		}
	})
}
