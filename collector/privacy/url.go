package privacy

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// splitURL is a URL in its parts, as they came. User name, password and port are left out, and so is a fragment, unless
// it is the route of a page that keeps its routes there: #/doctors, #!/doctors.
type splitURL struct{ scheme, host, path, query, route string }

// split takes a URL apart as browsers do, without judging it. What is no URL has an empty host.
func split(raw string) splitURL {
	raw = strings.Trim(raw, " \t\r\n")
	colon := strings.IndexByte(raw, ':')
	if colon <= 0 || len(raw) < colon+3 || !isSlash(raw[colon+1]) || !isSlash(raw[colon+2]) || !isScheme(raw[:colon]) {
		return splitURL{}
	}
	u := splitURL{scheme: raw[:colon]}
	rest := raw[colon+3:]
	end := 0
	for end < len(rest) && !isSlash(rest[end]) && rest[end] != '?' && rest[end] != '#' {
		end++
	}
	u.host = withoutPort(rest[:end])
	var fragment string
	u.path, fragment, _ = strings.Cut(rest[end:], "#")
	if strings.HasPrefix(fragment, "/") || strings.HasPrefix(fragment, "!/") {
		u.route, _, _ = strings.Cut(fragment, "?")
	}
	u.path, u.query, _ = strings.Cut(u.path, "?")
	return u
}

func isSlash(c byte) bool { return c == '/' || c == '\\' }

func isScheme(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isASCII(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return true
}

// withoutPort is the host of user:password@host:port, and nothing if the port is none.
func withoutPort(authority string) string {
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	var port string
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']') + 1
		host, port = host[:end], host[end:]
		if port != "" && port[0] != ':' {
			return ""
		}
		port = strings.TrimPrefix(port, ":")
	} else {
		host, port, _ = strings.Cut(host, ":")
	}
	if digitCount(port) != len(port) {
		return ""
	}
	return host
}

const maxHost = 253

// hostname is the canonical form of a host: lower case, IDN as punycode, no trailing dot, IPv6 in brackets. What
// cannot be a host is empty.
func (c *Cleared) hostname(raw string) string {
	host := strings.TrimSuffix(raw, ".")
	if host == "" || len(raw) > 4*maxHost {
		return ""
	}
	if host[0] == '[' {
		return c.literal(host)
	}
	if !isHost(host) {
		host = idnHostname(host)
	}
	host = c.lower(host)
	if !isHost(host) || len(host) > maxHost || host[0] == '.' || strings.Contains(host, "..") || host[len(host)-1] == '.' {
		return ""
	}
	return host
}

// isHost tells whether a host's name is of the ASCII characters that one may have.
func isHost(text string) bool {
	for i := range len(text) {
		if !isRun(text[i]) && text[i] != '.' {
			return false
		}
	}
	return text != ""
}

// literal reads [2001:db8::1].
func (c *Cleared) literal(host string) string {
	address, err := netip.ParseAddr(strings.TrimSuffix(host[1:], "]"))
	if err != nil || !address.Is6() || address.Zone() != "" || host[len(host)-1] != ']' {
		return ""
	}
	start := len(c.scratch)
	c.scratch = append(address.AppendTo(append(c.scratch, '[')), ']')
	return c.kept(start)
}

// idnHostname is rare enough to allocate: browsers send punycode.
func idnHostname(host string) string {
	if strings.IndexByte(host, '%') >= 0 || !utf8.ValidString(host) {
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return ""
	}
	return ascii
}
