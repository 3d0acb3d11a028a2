package accesslog

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"mayak/schema/proxies"
)

// Format says what stands where in a line.
type Format struct {
	name   string
	steps  []step
	clock  clock
	peers  proxies.Trusted
	loose  bool                 // what stands behind the last field is nobody's concern
	agents bool                 // it holds the user agent
	hosts  bool                 // and the host
	json   *fastjson.ParserPool // of a format whose lines are JSON; it has no steps
}

// step is one field and the text that ends it.
type step struct {
	field  field
	before string // only of the first: what the line begins with
	end    string // what follows the field; empty for the rest of the line
	quoted bool   // the field stands between quotes, and a backslash escapes in it
}

type field uint8

const (
	fieldIgnored field = iota
	fieldAddress
	fieldForwarded
	fieldCommonTime
	fieldISOTime
	fieldSeconds
	fieldRequest
	fieldMethod
	fieldTarget
	fieldPath
	fieldQuery
	fieldScheme
	fieldHost
	fieldReferrer
	fieldAgent
	fieldLanguage
	fieldGPC
	fieldDNT
	fieldPurpose
	fieldStatus
	fieldBytes
	fieldRequestSeconds
	fieldRequestMicros
	fieldUpstreamSeconds
	fieldProtocol
)

// The formats that have names, in nginx's words. In vhost_combined, Apache's, the host stands first.
const (
	common   = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent`
	combined = common + ` "$http_referer" "$http_user_agent"`
	vhost    = `$host $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`
)

// Auto is the name of the format that Detect finds out.
const Auto = "auto"

// Formats are the names that Compile knows, the one that tells most of a line first.
func Formats() []string { return []string{caddy, "vhost_combined", "combined", "common"} }

// Meaning is what the lines do not say themselves.
type Meaning struct {
	Zone    *time.Location  // of times that name none; nil refuses them
	Proxies proxies.Trusted // whose X-Forwarded-For is believed
}

// Compile takes the name of a format, or a format in the words of nginx's log_format or of Apache's LogFormat.
func Compile(text string, m Meaning) (*Format, error) {
	if text == caddy {
		return newCaddy(m), nil
	}
	named := map[string]string{"vhost_combined": vhost, "combined": combined, "common": common}
	f := &Format{name: text, clock: clock{zone: m.Zone}, peers: m.Proxies}
	if known, ok := named[text]; ok {
		f.loose, text = true, known
	}
	var err error
	switch {
	case strings.Contains(text, "$"):
		f.steps, err = compile(text, nginxField)
	case strings.Contains(text, "%"):
		f.steps, err = compile(strings.ReplaceAll(text, `\"`, `"`), apacheField)
	default:
		return nil, fmt.Errorf("format %q: there are %s, %s, and those in the words of nginx ($remote_addr …) or Apache (%%h …)",
			text, Auto, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("format %q: %w", f.name, err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// Name is what the format was compiled from.
func (f *Format) Name() string { return f.name }

// HasAgent tells whether the lines hold a user agent. Without, robots cannot be told from people.
func (f *Format) HasAgent() bool { return f.agents }

// check refuses a format that leaves out what no page view can do without.
func (f *Format) check() error {
	has := map[field]bool{}
	for _, s := range f.steps {
		has[s.field] = true
	}
	f.agents, f.hosts = has[fieldAgent], has[fieldHost]
	var missing []error
	for _, need := range []struct {
		there bool
		what  string
	}{
		{has[fieldAddress] || has[fieldForwarded], "the client's address ($remote_addr, %h)"},
		{has[fieldCommonTime] || has[fieldISOTime] || has[fieldSeconds], "the time ($time_local, $time_iso8601, $msec, %t)"},
		{has[fieldRequest] || has[fieldMethod] && (has[fieldTarget] || has[fieldPath]), "the request ($request, or $request_method and $request_uri, %r)"},
		{has[fieldStatus], "the status ($status, %>s)"},
	} {
		if !need.there {
			missing = append(missing, errors.New("it lacks "+need.what))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("format %q: %w", f.name, errors.Join(missing...))
	}
	return nil
}

// Detect finds the format with a name that reads most of the lines; nil if none reads any.
func Detect(lines []string, m Meaning) *Format {
	var best *Format
	most := 0
	for _, name := range Formats() {
		f, err := Compile(name, m)
		if err != nil {
			continue // they all compile
		}
		readable := 0
		var line Line
		for _, text := range lines {
			if f.Parse(text, &line) == Page {
				readable++
			}
		}
		if readable > most {
			best, most = f, readable
		}
	}
	return best
}

// HasHost tells whether the lines say which host was asked.
func (f *Format) HasHost() bool { return f.hosts }
