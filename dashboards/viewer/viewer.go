// Package viewer is the page that draws the dashboards without Grafana: its sources in TypeScript (src), the bundle that
// go generate makes of them (dist, committed), and the handler that serves both.
//
// The page is an empty shell that needs no login; all that it shows it asks of the API beside it, as the person whose
// session it is. It loads nothing from anywhere else, which its content security policy makes a fact, and knows no SQL:
// it names a dashboard, a panel and values of variables. README.md beside this file says what it draws and how it is built.
package viewer

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

//go:generate go run ./build

//go:embed dist src/icon.svg
var files embed.FS

// Policy is the content security policy of every page: scripts, styles and answers come from this server, nothing else does.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// asset is one file, in each encoding that there is of it.
type asset struct {
	plain, gzip, brotli []byte
	kind                string
}

type handler struct {
	version string // of all assets together; it is in their addresses
	page    []byte
	assets  map[string]asset
}

// Handler serves the page at /, /live, /login and /d/UID, and its assets below /viewer/.
func Handler() (http.Handler, error) {
	h := &handler{assets: map[string]asset{}}
	sum := sha256.New()
	for _, served := range []struct{ name, file, kind string }{
		{"app.js", "dist/app.js", "text/javascript; charset=utf-8"},
		{"app.css", "dist/app.css", "text/css; charset=utf-8"},
		{"map.json", "dist/map.json", "application/json"},
		{"icon.svg", "src/icon.svg", "image/svg+xml"},
	} {
		plain, err := files.ReadFile(served.file)
		if err != nil {
			return nil, fmt.Errorf("assets of the viewer: %w", err)
		}
		a := asset{plain: plain, kind: served.kind}
		if strings.HasPrefix(served.file, "dist/") {
			if a.gzip, err = fs.ReadFile(files, served.file+".gz"); err != nil {
				return nil, fmt.Errorf("assets of the viewer: %w", err)
			}
			if a.brotli, err = fs.ReadFile(files, served.file+".br"); err != nil {
				return nil, fmt.Errorf("assets of the viewer: %w", err)
			}
		}
		h.assets[served.name] = a
		sum.Write(plain)
	}
	h.version = hex.EncodeToString(sum.Sum(nil)[:8])
	h.page = []byte(strings.ReplaceAll(shell, "VERSION", h.version))

	mux := http.NewServeMux()
	for _, path := range []string{"GET /{$}", "GET /live", "GET /login", "GET /d/{uid}"} {
		mux.HandleFunc(path, h.servePage)
	}
	mux.HandleFunc("GET /viewer/{version}/{name}", h.serveAsset)
	return mux, nil
}

// shell is the page, but for the version of the assets.
const shell = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Mayak</title>
<link rel="icon" href="/viewer/VERSION/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/viewer/VERSION/app.css">
<script src="/viewer/VERSION/app.js" defer></script>
</head>
<body>
<noscript>The dashboards are drawn by a script of this server: please allow it. · Дашбордтарды осы сервердің скрипті салады: оған рұқсат беріңіз. · Дашборды рисует скрипт этого сервера: разрешите его.</noscript>
</body>
</html>
`

func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", Policy)
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Content-Type", "text/html; charset=utf-8")
	h.serve(w, r, h.page, "no-cache")
}

func (h *handler) serveAsset(w http.ResponseWriter, r *http.Request) {
	found, ok := h.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	cache := "public, max-age=31536000, immutable"
	if r.PathValue("version") != h.version { // asked for by a page that was opened before an upgrade
		cache = "no-cache"
	}
	header := w.Header()
	header.Set("Content-Type", found.kind)
	header.Set("Vary", "Accept-Encoding")
	body := found.plain
	switch accepted := r.Header.Get("Accept-Encoding"); {
	case found.brotli != nil && strings.Contains(accepted, "br"):
		header.Set("Content-Encoding", "br")
		body = found.brotli
	case found.gzip != nil && strings.Contains(accepted, "gzip"):
		header.Set("Content-Encoding", "gzip")
		body = found.gzip
	}
	h.serve(w, r, body, cache)
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, body []byte, cache string) {
	header := w.Header()
	header.Set("Cache-Control", cache)
	header.Set("X-Content-Type-Options", "nosniff")
	tag := `W/"` + h.version + `"` // weak, since it stands for every encoding
	header.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body) // a browser that has gone is not told
}
