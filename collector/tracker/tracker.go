// Package tracker is the script that a page loads, m.js: its sources in TypeScript (src), the bundle that go generate
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
	"crypto/sha256"
	_ "embed" // the bundle
	"encoding/hex"
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
func Script() Asset {
	sum := sha256.Sum256([]byte(plain))
	version := hex.EncodeToString(sum[:8])
	return Asset{
		Body: []byte(plain), Gzip: []byte(gzipped), Brotli: []byte(brotlied),
		Version: version,
		ETag:    `W/"` + version + `"`,
	}
}
