package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive is a package with these files, and its integrity.
func archive(t *testing.T, files ...[2]string) (packed []byte, integrity string) {
	t.Helper()
	var buffer bytes.Buffer
	zip := gzip.NewWriter(&buffer)
	entries := tar.NewWriter(zip)
	for _, f := range files {
		err := entries.WriteHeader(&tar.Header{Name: f[0], Size: int64(len(f[1])), Mode: 0o644})
		_, written := entries.Write([]byte(f[1]))
		if err := errors.Join(err, written); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(entries.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(buffer.Bytes())
	return buffer.Bytes(), "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// fakeNPM puts a script named npm in front of the real one; it stands for the registry.
func fakeNPM(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

func TestExtract(t *testing.T) {
	packed, integrity := archive(t, [2]string{"package/data.csv", strings.Repeat("data\n", 1000)})
	local := filepath.Join(t.TempDir(), "packed.tgz")
	if err := os.WriteFile(local, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	const pack = "\nif [ $1 = pack ]; then cp %s ./x.tgz; exit 0; fi\n"
	for _, tt := range []struct {
		name      string
		integrity string
		file      string
		serve     http.HandlerFunc
		npm       string // after the answer to npm view
		view      string // instead of it
		says      string // empty: it comes whole
	}{
		{name: "directly", integrity: integrity},
		{name: "not pinned, as npm says", integrity: ""},
		{name: "pinned to another content", integrity: "sha512-AAAA", says: "integrity differs"},
		{name: "changed on the way", integrity: integrity, serve: func(w http.ResponseWriter, _ *http.Request) {
			changed := bytes.Clone(packed)
			changed[len(changed)/2] ^= 1
			_, _ = w.Write(changed)
		}, says: "integrity differs"},
		{name: "cut on the way, then by npm", integrity: integrity, serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(packed)))
			_, _ = w.Write(packed[:len(packed)/2])
		}, npm: fmt.Sprintf(pack, local)},
		{name: "refused, then by npm", integrity: integrity, serve: http.NotFound, npm: fmt.Sprintf(pack, local)},
		{name: "refused both ways", integrity: integrity, serve: http.NotFound, npm: "echo 'npm error code ENOTFOUND' >&2; exit 1", says: "is there a network?"},
		{name: "another file", integrity: integrity, file: "package/other.csv", npm: fmt.Sprintf(pack, local), says: "there is no package/other.csv"},
		{name: "unknown package", view: "echo 'npm error code E404' >&2; exit 1", says: "the registry does not have it"},
		{name: "npm without sense", view: "echo sense", says: "npm knows no"},
		{name: "npm that fails", view: "echo 'npm error code EACCES' >&2; exit 1", says: "npm failed with EACCES"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.serve == nil {
				tt.serve = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(packed) }
			}
			server := httptest.NewServer(tt.serve)
			defer server.Close()
			if tt.view == "" {
				tt.view = fmt.Sprintf(`if [ $1 = view ]; then echo '{"dist.tarball":%q,"dist.integrity":%q}'; exit 0; fi`, server.URL+"/x.tgz", integrity)
			}
			fakeNPM(t, tt.view+"\n"+tt.npm)
			if tt.file == "" {
				tt.file = "package/data.csv"
			}
			target, err := os.Create(filepath.Join(t.TempDir(), "target"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = target.Close() }()
			var progress bytes.Buffer
			client := &Client{HTTP: server.Client(), Progress: &progress}
			err = client.Extract(context.Background(), Package{Name: "@x/data", Version: "1.0.0", Integrity: tt.integrity}, Files{tt.file: target})
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("Extract: %v, want an error that says %q", err, tt.says)
				}
				if strings.Contains(err.Error(), server.URL) {
					t.Errorf("the error names the registry: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(target.Name()); string(got) != strings.Repeat("data\n", 1000) {
				t.Errorf("%d bytes came out", len(got))
			}
		})
	}
}

func TestFilesOfOnePackageComeWithOneDownload(t *testing.T) {
	packed, integrity := archive(t, [2]string{"package/b", "second"}, [2]string{"package/other", "x"}, [2]string{"package/a", "first"})
	downloads := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		downloads++
		_, _ = w.Write(packed)
	}))
	defer server.Close()
	fakeNPM(t, fmt.Sprintf(`echo '{"dist.tarball":%q,"dist.integrity":%q}'`, server.URL+"/x.tgz", integrity))
	dir, files := t.TempDir(), Files{}
	for _, name := range []string{"a", "b"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		files["package/"+name] = f
	}
	client := &Client{HTTP: server.Client(), Progress: io.Discard}
	if err := client.Extract(t.Context(), Package{Name: "data", Version: "1.0.0", Integrity: integrity}, files); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "first", "b": "second"} {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if downloads != 1 {
		t.Errorf("%d downloads, want 1", downloads)
	}
}

func TestNPMMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := (&Client{}).Extract(context.Background(), Package{}, nil)
	if !errors.Is(err, ErrNoNPM) {
		t.Errorf("Extract: %v", err)
	}
}

func TestProgressOfALogIsALineEachTenth(t *testing.T) {
	var log bytes.Buffer
	p := newProgress(&log, "fetching x", 20e6)
	for range 200 {
		_, _ = p.Write(make([]byte, 1e5))
	}
	p.Close()
	if got := strings.Count(log.String(), "\n"); got != 10 || !strings.HasSuffix(log.String(), "fetching x: 100 % of 20 MB\n") {
		t.Errorf("%d lines:\n%s", got, log.String())
	}
}
