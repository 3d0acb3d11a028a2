// Package proxies tells on whose behalf a trusted proxy asks: who limits what a client may do has to know it, and must not believe what a client
// says of itself. Without a trusted peer no header is read.
package proxies

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// The headers in which proxies say for whom they ask.
const (
	ForwardedFor = "X-Forwarded-For"
	Forwarded    = "Forwarded"
)

// Trusted are the networks of the peers whose word on the client's address counts.
type Trusted []netip.Prefix

// Parse reads addresses and networks, and reports every one that it cannot read.
func Parse(texts []string) (Trusted, error) {
	var all Trusted
	var problems []error
	for _, text := range texts {
		prefix, err := parsePrefix(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("%q: want an address or a CIDR like 10.0.0.0/8", text))
		}
		all = append(all, prefix)
	}
	return all, errors.Join(problems...)
}

// parsePrefix reads a network or an address. Peers are known by IPv4 addresses where they have one, so that one that is written as IPv6 is
// meant as such.
func parsePrefix(text string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		const mapped = 96 // bits before the IPv4 address
		if prefix.Addr().Is4In6() {
			if prefix.Bits() < mapped {
				return netip.Prefix{}, errors.New("all of IPv4")
			}
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
		}
		return prefix.Masked(), nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), nil
}

// Has tells whether this peer's word counts.
func (t Trusted) Has(address netip.Addr) bool {
	for _, prefix := range t {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// Client is the peer, or the address that trusted proxies say it asks for, by the lines of the two headers. Only one header is read, since a
// proxy that writes one passes on the other as the client sent it; only names it, or is empty.
func (t Trusted) Client(peer netip.Addr, only string, forwardedFor, forwarded []string) netip.Addr {
	if !t.Has(peer) {
		return peer
	}
	if len(forwardedFor) > 0 && !strings.EqualFold(only, Forwarded) {
		return t.walk(peer, forwardedFor, parseHop)
	}
	if !strings.EqualFold(only, ForwardedFor) {
		return t.walk(peer, forwarded, parseForwarded)
	}
	return peer
}

// walk goes from the peer towards the client for as long as the one that speaks is trusted. lines are the header's lines
// in the order in which they came, together a list that each proxy has added to at its end. The walk ends at the
// first hop that is not trusted, and before one that cannot be read: what stands to the left may be forged.
func (t Trusted) walk(peer netip.Addr, lines []string, parse func(string) netip.Addr) netip.Addr {
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
			if client = hop; !t.Has(client) {
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
