// Package demo is a small web site that embeds the browser script, so that a person can see what the collector keeps.
//
// Its pages are a plain one, a single-page application, one for visitors without scripts and one that asks for consent. Each shows, on itself, the
// row that its visit became: what was kept, shortened and dropped, and why. The row comes from whoever starts the site;
// the demo only asks for it. Every page is under a strict content security policy, and data is shown as text, never as
// markup.
package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed site
var site embed.FS

// Options say what the site is shown with.
type Options struct {
	CollectorURL string // scheme and host of the collector, as browsers reach it: http://127.0.0.1:8080
	Lookup       Lookup
	Log          *slog.Logger
}

// demo serves the site.
type demo struct {
	collector string
	lookup    Lookup
	log       *slog.Logger
	pages     *template.Template
}

// New returns the site's handler.
func New(options Options) (http.Handler, error) {
	collector, err := url.Parse(options.CollectorURL)
	if err != nil || collector.Host == "" || (collector.Scheme != "http" && collector.Scheme != "https") {
		return nil, errors.New("the collector's address must look like http://127.0.0.1:8080")
	}
	pages, err := template.ParseFS(site, "site/*.html")
	if err != nil {
		return nil, fmt.Errorf("read the demo's pages: %w", err)
	}
	files, err := fs.Sub(site, "site/files")
	if err != nil {
		return nil, fmt.Errorf("read the demo's files: %w", err)
	}
	d := demo{
		collector: collector.Scheme + "://" + collector.Host, lookup: options.Lookup, log: options.Log, pages: pages,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.page("index.html", d.policy()))
	mux.HandleFunc("GET /app/", d.page("app.html", d.policy()))
	mux.HandleFunc("GET /consent/{$}", d.page("consent.html", d.policy()))
	mux.HandleFunc("GET /plain/{$}", d.page("plain.html", d.policy()+withoutScripts))
	mux.Handle("GET /files/", http.StripPrefix("/files/", http.FileServerFS(files)))
	mux.HandleFunc("POST /_row", d.row)
	mux.HandleFunc("GET /_row/frame", d.frame)
	return harden(mux), nil
}

// withoutScripts makes a browser treat a page as if its visitor had switched scripts off: they do not run and noscript
// is shown.
const withoutScripts = "; sandbox allow-same-origin allow-top-navigation-by-user-activation allow-popups"

// policy is what a site with a strict policy has to write to be counted.
func (d demo) policy() string {
	return "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; frame-src 'self'; style-src 'self'; " +
		"script-src 'self' " + d.collector + "; connect-src 'self' " + d.collector + "; img-src 'self' " + d.collector
}

// page serves one of the site's pages.
func (d demo) page(name, policy string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		d.render(w, name, struct {
			Collector, Path string
			Now             int64
		}{d.collector, r.URL.Path, time.Now().UnixMilli()})
	}
}

// render answers with a whole page or with an error, never with half of one.
func (d demo) render(w http.ResponseWriter, name string, data any) {
	var page bytes.Buffer
	if err := d.pages.ExecuteTemplate(&page, name, data); err != nil {
		d.log.Error("page not rendered", "page", name, "err", err)
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(page.Bytes())
}

// harden adds the headers that every answer carries, and answers only who asks for it by an address or as localhost: another name may be that of
// a page elsewhere that had its name lead here, to read the rows.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !isOwn(r.Host) {
			http.Error(w, "host: want localhost or an address", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwn tells whether a Host header names no name but this machine's own.
func isOwn(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(strings.Trim(host, "[]")) != nil
}
