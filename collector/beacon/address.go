package beacon

import (
	"crypto/tls"
	"net"
	"net/netip"

	"github.com/valyala/fasthttp"
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

// clientAddress is the peer, or the address that trusted proxies say it asks for.
func (s *Server) clientAddress(peer netip.Addr, r *request) netip.Addr {
	return s.options.TrustedProxies.Client(peer, s.options.ForwardedHeader, r.forwardedFor, r.forwarded)
}
