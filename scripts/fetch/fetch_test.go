package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"mayak/schema/embedded"
	"mayak/scripts/fetch/npm"
)

func TestEveryMachineHasAPackage(t *testing.T) {
	for machine, pinned := range map[[2]string]bool{
		{"linux", "amd64"}: true, {"linux", "arm64"}: false, {"darwin", "amd64"}: false, {"darwin", "arm64"}: false,
	} {
		pkg, err := enginePackage(machine[0], machine[1])
		if err != nil || pkg.Name == "" || pkg.Version != embedded.Version || (pkg.Integrity != "") != pinned {
			t.Errorf("%v: %+v, %v", machine, pkg, err)
		}
	}
}

// registry serves a small library and counts how often it is asked for; npm stands in front of it.
func registry(t *testing.T) (pkg npm.Package, asked *atomic.Int32) {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	entries := tar.NewWriter(zip)
	err := entries.WriteHeader(&tar.Header{Name: "package/" + embedded.LibraryName, Size: 7, Mode: 0o644})
	_, written := entries.Write([]byte("library"))
	if err := errors.Join(err, written, entries.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	asked = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(packed.Bytes())
	}))
	t.Cleanup(server.Close)
	sum := sha512.Sum512(packed.Bytes())
	pkg = npm.Package{Name: "@x/lib", Version: "1", Integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho '{\"dist.tarball\":%q,\"dist.integrity\":%q}'\n", server.URL+"/x.tgz", pkg.Integrity)
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return pkg, asked
}

func TestTwoAtOnceFetchOnce(t *testing.T) {
	pkg, asked := registry(t)
	getenv := os.Getenv
	t.Setenv("MAYAK_CACHE", t.TempDir())
	t.Setenv("MAYAK_ENGINE_LIBRARY", "")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			var said bytes.Buffer
			client := &npm.Client{HTTP: http.DefaultClient, Progress: &said}
			path, err := fetch(context.Background(), client, pkg, getenv, &said)
			if err != nil {
				t.Error(err)
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != "library" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	both.Wait()
	if got := asked.Load(); got != 1 {
		t.Errorf("fetched %d times", got)
	}
}

func TestDamagedLibraryIsReplacedAndLeftoversGo(t *testing.T) {
	pkg, asked := registry(t)
	t.Setenv("MAYAK_CACHE", t.TempDir())
	t.Setenv("MAYAK_ENGINE_LIBRARY", "")
	dir, err := embedded.CacheDir(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, embedded.LibraryName)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(path, []byte("half"), 0o600), os.WriteFile(path+".part1", nil, 0o600),
		embedded.Receipt{Size: 7}.Write(dir)); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if _, err := fetch(context.Background(), &npm.Client{HTTP: http.DefaultClient, Progress: &said}, pkg, os.Getenv, &said); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "library" || asked.Load() != 1 {
		t.Errorf("%q after %d fetches", text, asked.Load())
	}
	if !bytes.Contains(said.Bytes(), []byte("damaged")) {
		t.Errorf("said %q", said.String())
	}
	if left, _ := filepath.Glob(path + ".part*"); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

func TestWrongContentLeavesNothing(t *testing.T) {
	pkg, _ := registry(t)
	pkg.Integrity = "sha512-AAAA"
	t.Setenv("MAYAK_CACHE", t.TempDir())
	t.Setenv("MAYAK_ENGINE_LIBRARY", "")
	var said bytes.Buffer
	if _, err := fetch(context.Background(), &npm.Client{HTTP: http.DefaultClient, Progress: &said}, pkg, os.Getenv, &said); err == nil {
		t.Fatal("a wrong content was taken")
	}
	if _, err := embedded.Locate(os.Getenv); !errors.Is(err, embedded.ErrMissing) {
		t.Errorf("afterwards: %v", err)
	}
}
