package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mayak/schema/settings/settingstest"
)

func TestCheckReportsEveryProblemAtOnce(t *testing.T) {
	err := run(context.Background(), []string{
		"--check", "--listen=nowhere", "--memory=1MiB", "--concurrency=0", "--users-file=/missing",
	}, strings.NewReader(""), io.Discard, &bytes.Buffer{})
	if err == nil {
		t.Fatal("it is taken for valid")
	}
	for _, name := range []string{
		"MAYAK_ENGINE_LISTEN", "MAYAK_ENGINE_MEMORY", "MAYAK_ENGINE_CONCURRENCY", "MAYAK_ENGINE_USERS_FILE",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not reported: %v", name, err)
		}
	}
}

func TestCheckStartsNothing(t *testing.T) {
	dir := t.TempDir()
	library, secret := filepath.Join(dir, "lib.so"), filepath.Join(dir, "secret")
	t.Setenv("MAYAK_ENGINE_PASSWORD_FILE", secret)
	if err := os.WriteFile(library, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte("word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	err := run(context.Background(), []string{"--check", "--data", filepath.Join(dir, "data"), "--library", library},
		strings.NewReader(""), &said, io.Discard)
	if err != nil || said.String() != "settings are valid\n" {
		t.Errorf("%v, %q", err, said.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("the data directory was made")
	}
}

var update = flag.Bool("update", false, "write the README's table anew")

func TestTheREADMEListsEverySetting(t *testing.T) {
	settingstest.README(t, "../../../README.md", "engine", &Config{}, *update)
}
