package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"mayak/collector/beacon"
	"mayak/collector/deliver"
	"mayak/collector/enrich"
	"mayak/collector/hit"
	"mayak/collector/privacy"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// explainCommand is `collector explain`.
type explainCommand struct {
	Site string `help:"site of the lines that name none; the site that owns the url's host, otherwise the first of the sites file"`
}

// explainer does to a line what the collector does to a hit, and keeps the reasons.
type explainer struct {
	sites   *sites.Sites
	site    string
	rules   *policy.Policy
	lookups *enrich.Lookups
	reader  *beacon.Reader
	gates   map[string]*privacy.Gate // by the host that was adopted for a line without a site
	adopted string                   // host of the line that is being explained, when no site owns it
	cleared privacy.Cleared
	record  event.Record
}

const (
	maxLine   = 1 << 20
	mostGates = 64
)

// explain reads JSON lines: ip, user_agent, headers, consent and the keys of /e. It prints one line for each. The consent "each" asks
// for all levels: the answer has one under the name of each.
func explain(c *Config, command *explainCommand, stdin io.Reader, stdout io.Writer) error {
	e, err := newExplainer(c, command)
	if err != nil {
		return err
	}
	out, lines := bufio.NewWriter(stdout), bufio.NewReaderSize(stdin, 64<<10)
	var room []byte
	for number, ended := 1, false; !ended; number++ {
		read, problem := readLine(lines, room[:0])
		ended = errors.Is(problem, io.EOF)
		if problem != nil && !ended && !errors.Is(problem, errLongLine) {
			return fmt.Errorf("read standard input: %w", problem)
		}
		room = read
		line := bytes.TrimSpace(read)
		if len(line) == 0 {
			continue
		}
		answer, err := e.line(line)
		if errors.Is(problem, errLongLine) {
			err = problem
		}
		if err != nil {
			answer, _ = json.Marshal(map[string]any{"outcome": "dropped; reason=malformed", "error": err.Error(), "line": number}) // strings always marshal
		}
		if _, err := out.Write(append(answer, '\n')); err != nil {
			return err
		}
		// Somebody may wait for the answer before giving the next line.
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

var errLongLine = fmt.Errorf("a line has at most %d bytes", maxLine)

// readLine appends the next line to line, and reads past the end of one that is too long: it has an answer too, and
// so have the lines behind it.
func readLine(from *bufio.Reader, line []byte) ([]byte, error) {
	var problem error
	for {
		part, err := from.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			line, problem = append(line[:0], '-'), errLongLine
		} else if problem == nil {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return line, errors.Join(problem, err)
	}
}

func newExplainer(c *Config, command *explainCommand) (*explainer, error) {
	known, err := sites.Load(c.Sites)
	if errors.Is(err, fs.ErrNotExist) && c.Sites == "" {
		known, err = sites.Parse([]byte("sites: [{id: demo, hostnames: [localhost, 127.0.0.1], time_zone: Asia/Almaty}]"))
	}
	if err != nil {
		return nil, err
	}
	if command.Site != "" && known.Find(command.Site) == nil {
		return nil, fmt.Errorf("site %q is not in the sites file", command.Site)
	}
	rules, err := policy.Load(c.Policy)
	if err != nil {
		return nil, err
	}
	lookups, err := enrich.NewLookups(enrich.Options{Directory: c.geoIP()})
	if err != nil {
		return nil, err
	}
	return &explainer{
		sites: known, site: command.Site, rules: rules, lookups: lookups,
		reader: beacon.NewReader(time.Now()), gates: map[string]*privacy.Gate{},
	}, nil
}

// question is what a line may say beside the keys of /e.
type question struct {
	IP        string            `json:"ip"`
	UserAgent string            `json:"user_agent"`
	Headers   map[string]string `json:"headers"`
	Consent   string            `json:"consent"`
	Site      string            `json:"site"`
	URL       string            `json:"url"`
	Hints     map[string]any    `json:"hints"`
}

func (e *explainer) line(line []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, fmt.Errorf("want a JSON object with ip, user_agent, headers, hints, url, …: %w", err)
	}
	claim, gate, err := e.claim(line, &q)
	if err != nil {
		return nil, err
	}
	h, err := e.reader.Read(claim)
	if err != nil {
		return nil, err
	}
	if q.Consent == everyLevel {
		return e.each(h, gate)
	}
	h.Consent = q.Consent
	return e.kept(h, gate)
}

// kept is what would be stored of a hit, and why no more.
func (e *explainer) kept(h *hit.Hit, gate *privacy.Gate) ([]byte, error) {
	var notes privacy.Notes
	reason := gate.Clear(h, &e.cleared, &notes)
	if reason != hit.Kept {
		return json.Marshal(map[string]any{"outcome": "dropped; reason=" + string(reason), "notes": notes.List})
	}
	enrich.New().Enrich(&e.cleared, &e.record)
	if e.adopted != "" {
		notes.List = append(notes.List, privacy.Note{
			Field: "hostname", Action: privacy.Kept, Raw: e.adopted, Stored: e.record.Event.Hostname,
			Why: "no site owns this host, so a collector would answer unknown_host; here the site " + e.record.Event.Site + " is taken to own it",
		})
	}
	return answer(&e.record, notes.List)
}

// claim is the request that the line tells of, and the gate for it.
func (e *explainer) claim(line []byte, q *question) (beacon.Claim, *privacy.Gate, error) {
	body := map[string]any{}
	if err := json.Unmarshal(line, &body); err != nil {
		return beacon.Claim{}, nil, err
	}
	claim := beacon.Claim{Address: netip.IPv4Unspecified(), Headers: map[string]string{}}
	if q.IP != "" {
		address, err := netip.ParseAddr(q.IP)
		if err != nil {
			return claim, nil, errors.New("ip: want an address")
		}
		claim.Address = address
	}
	for name, value := range q.Headers {
		claim.Headers[name] = value
	}
	if q.UserAgent != "" {
		claim.Headers["User-Agent"] = q.UserAgent
	}
	body["hints"] = splitHints(q.Hints, claim.Headers)
	gate, err := e.place(q, body)
	if err != nil {
		return claim, nil, err
	}
	for _, own := range []string{"ip", "user_agent", "headers", "consent"} {
		delete(body, own)
	}
	claim.Body, err = json.Marshal(body)
	return claim, gate, err
}

// splitHints takes the hints that are named like request headers for headers. The full versions win over the short ones.
func splitHints(hints map[string]any, headers map[string]string) map[string]any {
	script := map[string]any{}
	for name, value := range hints {
		text, isText := value.(string)
		if isText && strings.HasPrefix(strings.ToLower(name), "sec-ch-") {
			headers[name] = text
			continue
		}
		script[name] = value
	}
	if full, ok := script["fullVersionList"]; ok {
		script["brands"] = full
	}
	return script
}

// place completes a line that names no site or no page, and finds its gate.
func (e *explainer) place(q *question, body map[string]any) (*privacy.Gate, error) {
	site := q.Site
	host := ""
	if page, err := url.Parse(q.URL); err == nil {
		host = strings.ToLower(page.Hostname())
	}
	if site == "" {
		site = e.site
	}
	adopted := ""
	if site == "" {
		site, adopted = e.owner(host)
	}
	body["site"], e.adopted = site, adopted
	if known := e.sites.Find(site); q.URL == "" && known != nil {
		body["url"] = "https://" + strings.Replace(known.Hostnames[0], "*", "www", 1) + "/"
	}
	if gate, ok := e.gates[adopted]; ok {
		return gate, nil
	}
	known := e.sites
	if adopted != "" {
		known = known.Adopt(adopted)
	}
	gate, err := privacy.New(privacy.Options{Sites: known, Policy: e.rules, Salts: oneSalt{}, Lookups: e.lookups, Key: new(visitor.Key)})
	if err != nil {
		return nil, err
	}
	if len(e.gates) == mostGates {
		clear(e.gates) // lines may name as many hosts as they like
	}
	e.gates[adopted] = gate
	return gate, nil
}

// owner is the site whose host this is, or else the first one, which is then taken to own it.
func (e *explainer) owner(host string) (site, adopted string) {
	for _, s := range e.sites.All() {
		if host == "" || s.Owns(host) {
			return s.ID, ""
		}
	}
	return e.sites.All()[0].ID, host
}

// oneSalt is no secret, nor is the key of zeros: what is explained is not stored, and its visitor ids mean nothing elsewhere.
type oneSalt struct{}

func (oneSalt) Salt(string) visitor.Salt { return visitor.Salt{} }

// answer prints the columns in the table's order, then what goes into the restricted table, then what happened on the way.
func answer(r *event.Record, notes []privacy.Note) ([]byte, error) {
	out := []byte(`{"outcome":"stored"`)
	add := func(name string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		out = append(out, `,"`+name+`":`...)
		out = append(out, text...)
		return nil
	}
	for name, value := range deliver.Row(r) {
		switch name {
		case "ts":
			value = r.Event.Time.Format("2006-01-02 15:04:05.000")
		case "received":
			value = r.Event.Received.Format(time.DateTime)
		}
		if err := add(name, value); err != nil {
			return nil, err
		}
	}
	if r.Network != (event.Network{}) {
		if err := add("network_log", map[string]string{"address": r.Network.Address.String(), "user_agent": r.Network.UserAgent}); err != nil {
			return nil, err
		}
	}
	if err := add("notes", notes); err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}
