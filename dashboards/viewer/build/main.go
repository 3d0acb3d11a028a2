// Build makes the viewer's folder dist of its sources: one script, one style sheet, the map and each of them compressed.
// A message that a language lacks, one that nobody uses and a bundle over its limit are errors.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/andybalholm/brotli"
)

func main() {
	if err := run(".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "build the viewer:", err)
		os.Exit(1)
	}
}

// gzipLimitBytes is what a first visit may load, the map included, on a slow line.
const gzipLimitBytes = 400 << 10

// run builds below dir, which is the folder of the package viewer.
func run(dir string, stdout io.Writer) error {
	files, err := build(dir)
	if err != nil {
		return err
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Ext(name) != ".gz" {
			continue
		}
		total += len(files[name])
		fmt.Fprintf(stdout, "%s: %d bytes\n", name, len(files[name]))
	}
	fmt.Fprintf(stdout, "the whole viewer: %d bytes gzip\n", total)
	if total > gzipLimitBytes {
		return fmt.Errorf("%d bytes gzip, the limit is %d", total, gzipLimitBytes)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, "dist", name), content, 0o644); err != nil {
			return fmt.Errorf("keep the bundle: %w", err)
		}
	}
	return nil
}

// build returns the files of dist. The same sources give the same bytes.
func build(dir string) (map[string][]byte, error) {
	if err := checkMessages(filepath.Join(dir, "src")); err != nil {
		return nil, err
	}
	world, err := worldMap(filepath.Join(dir, "node_modules"))
	if err != nil {
		return nil, err
	}
	script, style, err := bundle(filepath.Join(dir, "src", "main.ts"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, content := range map[string][]byte{"app.js": script, "app.css": style, "map.json": world} {
		zipped, brotled, err := compress(content)
		if err != nil {
			return nil, fmt.Errorf("compress %s: %w", name, err)
		}
		files[name], files[name+".gz"], files[name+".br"] = content, zipped, brotled
	}
	return files, nil
}

// compress returns content in both encodings that browsers take, as small as it gets.
func compress(content []byte) (zipped, brotled []byte, err error) {
	var small, smaller bytes.Buffer
	zipper, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, nil, err
	}
	for _, to := range []io.WriteCloser{zipper, brotli.NewWriterLevel(&smaller, brotli.BestCompression)} {
		if _, err := to.Write(content); err != nil {
			return nil, nil, err
		}
		if err := to.Close(); err != nil {
			return nil, nil, err
		}
	}
	return small.Bytes(), smaller.Bytes(), nil
}
