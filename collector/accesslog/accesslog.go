// Package accesslog reads the access logs of web servers: plain, gzip, zstd or bzip2, from a file or a pipe, in nginx's,
// Apache's and Caddy's usual formats or one that is described in their own words.
//
//	Open ──► Reader: blocks of whole lines, each with its place and the digest of all content up to its end
//	Format.Parse: a line ──► Line ──Line.Page──► a page view, or the Reason why it is none
//	Journal: which content was imported, known by its digest, whatever the file is called or packed as
//
// A log holds addresses. Nothing of a line gets into an error or a journal, only places and digests; what is stored of a
// line is for the privacy gate to say. Memory is bounded by the size of a block, whatever the log holds.
package accesslog

import (
	"net/netip"
	"time"
)

// Line is one request as a server logged it. Its strings alias the line.
type Line struct {
	Address   netip.Addr
	Time      time.Time // when the server says it was, UTC
	Method    string
	Target    string // as in the request line: /path?query, or a whole URL
	Protocol  string // as HTTP/1.1; empty when the format has none
	Scheme    string // empty when the format has none
	Host      string // the host that was asked, perhaps with a port; empty when the format has none
	Referrer  string
	UserAgent string
	Language  string // Accept-Language
	GPC, DNT  bool   // Sec-GPC: 1 and DNT: 1, if the format has them
	Purpose   string // Sec-Purpose: what was only fetched ahead

	Status       int
	Bytes        int64
	RequestTime  time.Duration // of the whole request; negative when not known
	UpstreamTime time.Duration // of the server behind it, the last one asked; negative when not known
}

// Reason is why a line is no page view. The set is closed.
type Reason string

// The reasons. The first are of lines that cannot be right, which somebody may want to look at; the others are of requests
// that were no view of a page.
const (
	Page       Reason = ""            // it is one
	Unreadable Reason = "unreadable"  // not of the format
	TooLong    Reason = "too_long"    // longer than MaxLine
	NoAddress  Reason = "no_address"  // what stands for the client is no address
	FromFuture Reason = "from_future" // later than now: its time zone is wrong
	TooOld     Reason = "too_old"     // older than events are kept
	NotGet     Reason = "not_get"     // HEAD, POST, ...: nobody was shown a page
	NotServed  Reason = "not_served"  // answered with a redirect, an error or a part
	Asset      Reason = "asset"       // a picture, a style, a script, a download: a part of a page or none
)

// Reasons lists every reason, in the order in which a line meets them.
func Reasons() []Reason {
	return []Reason{TooLong, Unreadable, NoAddress, NotGet, NotServed, Asset, FromFuture, TooOld}
}

// Rejected tells whether a line was refused because something is wrong with it, or with how it is read.
func (r Reason) Rejected() bool {
	switch r {
	case TooLong, Unreadable, NoAddress, FromFuture:
		return true
	default:
		return false
	}
}

// Failed tells whether the server answered with an error.
func (l *Line) Failed() bool {
	return l.Status >= 400 && l.Status <= 599 && l.Method != "" && l.Target != ""
}

// MaxLine is the longest line that is looked at, in bytes. Servers allow a request line and a header of 8 KiB each.
const MaxLine = 64 << 10
