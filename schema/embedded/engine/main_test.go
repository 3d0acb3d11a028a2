package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBytes(t *testing.T) {
	for text, want := range map[string]Bytes{"0": 0, "1048576": 1 << 20, "800MiB": 800 << 20, "2GB": 2e9, "1GiB": 1 << 30, "3KiB": 3 << 10} {
		var got Bytes
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1.5GiB", "1 GiB", "1gib", "10iB", "99999999999999999999"} {
		if err := new(Bytes).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for a size", text)
		}
	}
}

func TestCheckReportsEveryProblemAtOnce(t *testing.T) {
	err := run(context.Background(), []string{
		"--check", "--data=", "--listen=nowhere", "--memory=1MiB", "--concurrency=0", "--password=a", "--password-file=/missing", "--users-file=/missing",
	}, func(string) string { return "" }, strings.NewReader(""), &bytes.Buffer{})
	if err == nil {
		t.Fatal("it is taken for valid")
	}
	for _, name := range []string{
		"MAYAK_ENGINE_DATA", "MAYAK_ENGINE_LISTEN", "MAYAK_ENGINE_MEMORY", "MAYAK_ENGINE_CONCURRENCY", "MAYAK_ENGINE_PASSWORD_FILE", "are both set", "MAYAK_ENGINE_USERS_FILE",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not reported: %v", name, err)
		}
	}
}

func TestCheckStartsNothing(t *testing.T) {
	dir := t.TempDir()
	library, secret := filepath.Join(dir, "lib.so"), filepath.Join(dir, "secret")
	if err := os.WriteFile(library, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte("word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	err := run(context.Background(), []string{"--check", "--data", filepath.Join(dir, "data"), "--library", library, "--password-file", secret},
		func(string) string { return "" }, strings.NewReader(""), &said)
	if err != nil || said.String() != "the configuration is valid\n" {
		t.Errorf("%v, %q", err, said.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("the data directory was made")
	}
}

func TestPasswordIsNotPrinted(t *testing.T) {
	if got := Secret("word").String(); strings.Contains(got, "word") {
		t.Errorf("%q", got)
	}
}
