package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fetched makes a cache with a small library and its receipt.
func fetched(t *testing.T) (path string, getenv func(string) string) {
	t.Helper()
	cache := t.TempDir()
	getenv = func(name string) string { return map[string]string{"MAYAK_CACHE": cache}[name] }
	dir, err := CacheDir(getenv)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, LibraryName)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(path, []byte("library"), 0o600)); err != nil {
		t.Fatal(err)
	}
	receipt, err := NewReceipt(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := receipt.Write(dir); err != nil {
		t.Fatal(err)
	}
	return path, getenv
}

func TestLocate(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, path string)
		says   string // empty: it is found
	}{
		{"whole", func(*testing.T, string) {}, ""},
		{"touched", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"missing", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "make engine"},
		{"cut", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Truncate(path, 3); err != nil {
				t.Fatal(err)
			}
		}, "damaged (it has 3 bytes instead of 7)"},
		{"changed in place", func(t *testing.T, path string) {
			t.Helper()
			if err := errors.Join(os.WriteFile(path, []byte("librarx"), 0o600), os.Chtimes(path, later, later)); err != nil {
				t.Fatal(err)
			}
		}, "damaged (its content is not what was fetched)"},
		{"no receipt", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Remove(filepath.Join(filepath.Dir(path), ReceiptName)); err != nil {
				t.Fatal(err)
			}
		}, "has no receipt"},
		{"torn receipt", func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), ReceiptName), []byte(`{"si`), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "receipt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, getenv := fetched(t)
			tt.change(t, path)
			for range 2 { // the second look trusts what the first has found
				got, err := Locate(getenv)
				if tt.says == "" && (err != nil || got != path) {
					t.Errorf("Locate() = %q, %v, want %q", got, err, path)
				}
				if tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
					t.Errorf("Locate() = %q, %v, want an error that says %q", got, err, tt.says)
				}
				if missing := errors.Is(err, ErrMissing); missing != (tt.name == "missing") {
					t.Errorf("ErrMissing is %t: %v", missing, err)
				}
			}
		})
	}
}

func TestALibraryThatWasCutOffIsRefusedBeforeItIsLoaded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the format is Linux's")
	}
	program, err := os.Executable() // any file of the format
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"half": whole[:len(whole)/2], "nothing": nil, "text": []byte("library")} {
		path := filepath.Join(t.TempDir(), LibraryName)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadLibrary(path); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: error = %v", name, err)
		}
	}
	if err := checkWhole(program); err != nil {
		t.Errorf("a whole file: %v", err)
	}
}

func TestSupported(t *testing.T) {
	musl := func(pattern string) ([]string, error) {
		if strings.Contains(pattern, "musl") {
			return []string{"/lib/ld-musl-x86_64.so.1"}, nil
		}
		return nil, nil
	}
	both := func(string) ([]string, error) { return []string{"loader"}, nil }
	none := func(string) ([]string, error) { return nil, nil }
	for _, tt := range []struct {
		system, processor string
		glob              func(string) ([]string, error)
		says              string
	}{
		{"linux", "amd64", none, ""},
		{"linux", "arm64", both, ""},
		{"darwin", "arm64", none, ""},
		{"linux", "amd64", musl, "glibc"},
		{"linux", "riscv64", none, "no embedded engine for linux/riscv64"},
		{"windows", "amd64", none, "no embedded engine for windows/amd64"},
	} {
		err := supportedOn(tt.system, tt.processor, tt.glob)
		if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s/%s: %v, want %q", tt.system, tt.processor, err, tt.says)
		}
	}
}
