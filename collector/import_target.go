package main

import (
	"errors"
	"fmt"
	"strings"

	"mayak/collector/accesslog"
	"mayak/schema/sites"
)

// target tells for which site a line's request was, and with which host its page's address is to be completed.
type target struct {
	sites *sites.Sites
	only  *sites.Site // that all lines are for; nil: whose host the line names
	host  string      // of only
}

func newTarget(known *sites.Sites, id string) (target, error) {
	t := target{sites: known}
	if id == "" && len(known.All()) > 1 {
		return t, nil
	}
	t.only = known.All()[0]
	if id != "" {
		t.only = known.Find(id)
	}
	if t.only == nil {
		return t, fmt.Errorf("site %q is not in the sites file; there are %s", id, names(known))
	}
	t.host = strings.Replace(t.only.Hostnames[0], "*", "www", 1)
	for _, host := range t.only.Hostnames {
		if !strings.HasPrefix(host, "*") {
			t.host = host
			break
		}
	}
	return t, nil
}

func names(known *sites.Sites) string {
	var ids []string
	for _, site := range known.All() {
		ids = append(ids, site.ID)
	}
	return strings.Join(ids, ", ")
}

// errNoSite is a log that tells no host, of one of several sites.
var errNoSite = errors.New("its lines do not tell which host they are for: name the site with --site")

// of is the site of a line. A host that no site owns is for the gate to refuse.
func (t *target) of(l *accesslog.Line) (site string) {
	if t.only != nil {
		return t.only.ID
	}
	host := bare(l.Host)
	for _, site := range t.sites.All() {
		if site.Owns(host) {
			return site.ID
		}
	}
	return t.sites.All()[0].ID
}

// bare is a host in lower case and without its port, as the sites know it.
func bare(host string) string {
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host = host[:colon]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// appendURL appends the whole address of the page.
func (t *target) appendURL(dst []byte, l *accesslog.Line) []byte {
	if l.IsWhole() {
		return append(dst, l.Target...)
	}
	host := l.Host
	if host == "" {
		host = t.host
	}
	dst = append(append(dst, "https://"...), host...)
	return append(dst, l.Target...)
}
