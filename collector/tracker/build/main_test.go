package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestCommittedBundleIsCurrent(t *testing.T) {
	type bundler func(string) ([]byte, error)
	whole := func(entry string) ([]byte, error) { return bundle(entry) }
	for source, from := range map[string]struct {
		built string
		by    bundler
	}{"main.ts": {"m.js", whole}, "banner.ts": {"consent.js", whole}, "diagnostics.ts": {"m.d.js", bundleDiagnostics}} {
		if from.built == "m.d.js" {
			needInstalled(t, filepath.Join("..", "node_modules", "web-vitals"))
		}
		want, err := from.by(filepath.Join("..", "src", source))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", "dist", from.built))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("dist/%s is not what the sources give: run go generate ./collector/tracker", from.built)
		}
	}
}

func TestBundleOverTheLimitIsRefusedAndKeepsTheOldOne(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"src", "dist"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	letters := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 4096)
	for i := range random { // too random to be compressed below the limit
		random[i] = byte('A' + letters.IntN(26))
	}
	source := append(append([]byte(`console.log("`), random...), `")`...)
	for _, name := range []string{"main.ts", "banner.ts", "diagnostics.ts"} {
		if err := os.WriteFile(filepath.Join(dir, "src", name), source, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(dir, io.Discard); err == nil {
		t.Error("run() of a script over the limit = nil, want an error")
	}
	if _, err := os.Stat(filepath.Join(dir, "dist", "m.js")); !os.IsNotExist(err) {
		t.Errorf("a script over the limit was kept (stat: %v)", err)
	}
}

func TestSourcesPassTheTypeCheck(t *testing.T) {
	compiler, err := filepath.Abs("../node_modules/.bin/tsc")
	if err != nil {
		t.Fatal(err)
	}
	needInstalled(t, compiler)
	check := exec.Command(compiler, "--noEmit")
	check.Dir = ".."
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("tsc: %v\n%s", err, output)
	}
}

// needInstalled skips the test where the sources that it needs are not installed, and fails it on CI.
func needInstalled(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	const how = "not installed here: run npm ci --prefix collector/tracker"
	if os.Getenv("CI") != "" {
		t.Fatal(how)
	}
	t.Skip(how)
}
