// Package tracker is the script that a page loads, m.js, and its module for diagnostics, m.d.js: its sources in TypeScript (src), the bundle that go generate
// makes of them (dist, committed), and what an HTTP edge needs to serve it.
//
// The script tells the collector that it came from about page views, visible time, scroll depth, links, downloads and
// the site's own events, and what the visitor chooses to allow. It stores nothing on the device, calls nobody else, throws nothing
// into the page and never blocks it. The ready banner is a script of its own, which comes only where it is asked for. README.md beside this file says what a site can write to steer it.
//
// To be served: /m.js with a short max-age (an hour, then stale-while-revalidate), its ETag and Vary: Accept-Encoding;
// /m.js?v=VERSION as immutable for a year, but only while VERSION is the version that is served.
package tracker

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the bundle
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
)

//go:generate go run ./build

var (
	//go:embed dist/m.js
	plain string
	//go:embed dist/m.js.gz
	gzipped string
	//go:embed dist/m.js.br
	brotlied string
	//go:embed dist/consent.js
	banner string
	//go:embed dist/m.d.js
	diagnostics string
)

// Banner is the script of the ready banner, consent.js, to which its texts have to be known as `texts`.
func Banner() string { return banner }

// Asset is the script in each encoding, as made when it was built.
type Asset struct {
	Body, Gzip, Brotli []byte

	Version string // changes whenever the script does
	ETag    string // weak, since it stands for all three encodings
}

// Script returns the script. Call it once and keep it: each call copies.
func Script() Asset { return asset(plain, []byte(gzipped), []byte(brotlied)) }

// Diagnostics returns the module that measures this share of page views. Call it once a share and keep it: each call compresses.
func Diagnostics(share float64) (Asset, error) {
	const last = "(1);" // as the bundle ends
	text, found := strings.CutSuffix(strings.TrimSpace(diagnostics), last)
	if !found {
		return Asset{}, errors.New("m.d.js does not end in " + last)
	}
	text += "(" + strconv.FormatFloat(share, 'f', -1, 64) + ");\n"
	var zipped, brotled bytes.Buffer
	zipper, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return Asset{}, fmt.Errorf("compress m.d.js: %w", err)
	}
	brotler := brotli.NewWriterLevel(&brotled, brotli.BestCompression)
	for _, to := range []io.WriteCloser{zipper, brotler} {
		if _, err := io.WriteString(to, text); err != nil {
			return Asset{}, fmt.Errorf("compress m.d.js: %w", err)
		}
		if err := to.Close(); err != nil {
			return Asset{}, fmt.Errorf("compress m.d.js: %w", err)
		}
	}
	return asset(text, zipped.Bytes(), brotled.Bytes()), nil
}

func asset(text string, gzipped, brotlied []byte) Asset {
	sum := sha256.Sum256([]byte(text))
	version := hex.EncodeToString(sum[:8])
	return Asset{Body: []byte(text), Gzip: gzipped, Brotli: brotlied, Version: version, ETag: `W/"` + version + `"`}
}
