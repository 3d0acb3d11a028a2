package beacon

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"
)

// The headers in which proxies say for whom they ask.
const (
	headerForwardedFor = "X-Forwarded-For"
	headerForwarded    = "Forwarded"
)

// peerOf is the address at the other end of the connection.
func peerOf(remote net.Addr) netip.Addr {
	if tcp, ok := remote.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// peerIn is the peer of the connection that a request came on.
func peerIn(ctx *fasthttp.RequestCtx) netip.Addr {
	c := ctx.Conn()
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	if one, ok := c.(*connection); ok {
		return one.peer
	}
	return peerOf(ctx.RemoteAddr())
}

// trusts tells whether this peer's word on the client's address counts.
func (s *Server) trusts(address netip.Addr) bool {
	for _, prefix := range s.options.TrustedProxies {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// clientAddress is the peer, or the address that trusted proxies say it asks for. Only one header is read, since a
// proxy that writes one passes on the other as the client sent it.
func (s *Server) clientAddress(peer netip.Addr, r *request) netip.Addr {
	if !s.trusts(peer) {
		return peer
	}
	only := s.options.ForwardedHeader
	if len(r.forwardedFor) > 0 && !strings.EqualFold(only, headerForwarded) {
		return s.walk(peer, r.forwardedFor, parseHop)
	}
	if !strings.EqualFold(only, headerForwardedFor) {
		return s.walk(peer, r.forwarded, parseForwarded)
	}
	return peer
}

// walk goes from the peer towards the client for as long as the one that speaks is trusted. lines are the header's lines
// in the order in which they came, together a list that each proxy has added to at its end. The walk ends at the
// first hop that is not trusted, and before one that cannot be read: what stands to the left may be forged.
func (s *Server) walk(peer netip.Addr, lines []string, parse func(string) netip.Addr) netip.Addr {
	client := peer
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			comma := strings.LastIndexByte(rest, ',')
			element := strings.TrimSpace(rest[comma+1:])
			if more = comma >= 0; more {
				rest = rest[:comma]
			}
			if element == "" {
				continue // an empty element of a list is none
			}
			hop := parse(element)
			if !hop.IsValid() {
				return client
			}
			if client = hop; !s.trusts(client) {
				return client
			}
		}
	}
	return client
}

// parseForwarded reads one element of Forwarded (RFC 7239); an invalid address for a hidden, unknown or malformed one.
// It splits at every ; and takes no notice of quotes: no address needs one of these inside them, and a client that
// sends a quote that never ends must not be able to hide what its proxy wrote behind it.
func parseForwarded(element string) netip.Addr {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "for") {
			continue
		}
		value = strings.TrimSpace(value)
		if inner, quoted := strings.CutPrefix(value, `"`); quoted {
			var ended bool
			if value, ended = strings.CutSuffix(inner, `"`); !ended {
				return netip.Addr{}
			}
		}
		return parseHop(value)
	}
	return netip.Addr{}
}

// parseHop reads an address, with or without a port.
func parseHop(hop string) netip.Addr {
	if inner, bracketed := strings.CutPrefix(hop, "["); bracketed {
		end := strings.IndexByte(inner, ']')
		if end < 0 || !isPort(inner[end+1:]) {
			return netip.Addr{}
		}
		hop = inner[:end]
		if !strings.Contains(hop, ":") {
			return netip.Addr{}
		}
	} else if host, port, found := strings.Cut(hop, ":"); found && !strings.Contains(port, ":") {
		if !isPort(":" + port) {
			return netip.Addr{}
		}
		hop = host
	}
	address, err := netip.ParseAddr(hop)
	if err != nil || address.Zone() != "" {
		return netip.Addr{}
	}
	return address.Unmap()
}

// isPort accepts nothing, or a colon and up to five digits. RFC 7239 lets a proxy hide the port as well: "_" and a name.
func isPort(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != ':' || len(s) == 1 {
		return false
	}
	if s[1] == '_' {
		return true
	}
	if len(s) > len(":65535") {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
