package beacon

import (
	"strings"
	"time"

	"mayak/collector/hit"
)

// reportKind is what a report is of; a closed set, used as a metric label.
type reportKind uint8

const (
	otherReport reportKind = iota // nothing that is wanted
	networkReport
	policyReport
	deprecationReport
	interventionReport
	crashReport
	reportKinds
)

func (k reportKind) String() string {
	return [reportKinds]string{"other", "network-error", "csp-violation", "deprecation", "intervention", "crash"}[k]
}

func kindOf(name string) reportKind {
	for k := networkReport; k < reportKinds; k++ {
		if k.String() == name {
			return k
		}
	}
	return otherReport
}

// raw is a report as it was read, in whatever order its keys came. What is not here is not wanted: the address of the
// server, the headers, the sample of a script, the policy, the user agent.
type raw struct {
	age, status, elapsed, line, column float64
	fraction                           float64 // 0 when there is none
	kind, url                          string
	document, blocked                  string // of a policy
	directive, violated                string
	disposition, source                string
	typed, phase, method, protocol     string // of the network
	id, message, reason                string
}

// text is where the value of a key is kept, for keys without hyphens and underscores and in lower case: browsers write them in three ways.
func (w *raw) text(key string) *string {
	switch key {
	case "documenturl", "documenturi":
		return &w.document
	case "blockedurl", "blockeduri":
		return &w.blocked
	case "effectivedirective":
		return &w.directive
	case "violateddirective":
		return &w.violated
	case "disposition":
		return &w.disposition
	case "sourcefile":
		return &w.source
	case "type":
		return &w.typed
	case "phase":
		return &w.phase
	case "method":
		return &w.method
	case "protocol":
		return &w.protocol
	case "id":
		return &w.id
	case "message":
		return &w.message
	case "reason":
		return &w.reason
	}
	return nil
}

func (w *raw) number(key string) *float64 {
	switch key {
	case "statuscode":
		return &w.status
	case "elapsedtime":
		return &w.elapsed
	case "samplingfraction":
		return &w.fraction
	case "linenumber":
		return &w.line
	case "columnnumber":
		return &w.column
	}
	return nil
}

const (
	wantReports = "want an array of reports"
	wantPolicy  = `want an object with the key "csp-report"`
)

// counted counts the reports of each kind.
type counted func(reportKind)

// decodeReports reads a body. It returns a problem only when the body as a whole cannot be read.
func (r *request) decodeReports(body []byte, form content, count counted) problem {
	r.at = -1
	r.begin(body)
	p := r.decodeReportBody(form, count)
	if wrong := r.end(); wrong != (problem{}) {
		p = wrong
	}
	if p != (problem{}) {
		r.forget()
	}
	return p
}

func (r *request) decodeReportBody(form content, count counted) problem {
	switch {
	case form == policyContent && r.peek() == '{':
		return r.decodePolicyReport(count)
	case form == reportingContent && r.peek() == '{':
		r.decodeReport(-1, count)
		return problem{}
	case form == reportingContent && r.peek() == '[':
		read := 0
		for r.enter(); r.more(']'); read++ {
			if read < maxReports {
				r.decodeReport(read, count)
				continue
			}
			r.skip()
			r.unreadable(read, hit.TooLarge, problem{"body", "want at most 100 reports"})
		}
		if read == 0 {
			return problem{"body", wantReports}
		}
		return problem{}
	}
	r.skip()
	if form == policyContent {
		return problem{"body", wantPolicy}
	}
	return problem{"body", wantReports}
}

// decodePolicyReport reads the one report of application/csp-report.
func (r *request) decodePolicyReport(count counted) problem {
	w, found := raw{kind: policyReport.String()}, false
	for r.enter(); r.more('}'); {
		if r.key() == "csp-report" && r.peek() == '{' {
			found = true
			r.decodeReportFields(&w)
		} else {
			r.skip()
		}
	}
	if !found {
		return problem{"body", wantPolicy}
	}
	r.settleReport(-1, &w, count)
	return problem{}
}

func (r *request) decodeReport(at int, count counted) {
	if r.peek() != '{' {
		r.skip()
		r.unreadable(at, hit.Malformed, problem{"body", "want an object"})
		return
	}
	var w raw
	for r.enter(); r.more('}'); {
		key := r.key()
		switch c := r.peek(); {
		case key == "body" && c == '{':
			r.decodeReportFields(&w)
		case key == "type" && c == '"':
			w.kind = r.text()
		case key == "url" && c == '"':
			w.url = r.text()
		case key == "age" && isNumber(c):
			w.age = decimal(r.number())
		default:
			r.skip()
		}
	}
	r.settleReport(at, &w, count)
}

// decodeReportFields reads what a report says; a value of another type than the key has is none.
func (r *request) decodeReportFields(w *raw) {
	for r.enter(); r.more('}'); {
		var room [maxReportKey]byte
		key := folded(&room, r.key())
		switch c := r.peek(); {
		case c == '"' && w.text(key) != nil:
			*w.text(key) = r.text()
		case isNumber(c) && w.number(key) != nil:
			*w.number(key) = decimal(r.number())
		default:
			r.skip()
		}
	}
}

func isNumber(c byte) bool { return c == '-' || c-'0' <= 9 }

// maxReportKey is longer than any key that is wanted.
const maxReportKey = 32

// folded is the key without hyphens and underscores, in lower case; nothing for one that is too long.
func folded(room *[maxReportKey]byte, key string) string {
	out := room[:0]
	for i := range len(key) {
		switch c := key[i]; {
		case c == '-' || c == '_':
		case len(out) == len(room):
			return ""
		case c >= 'A' && c <= 'Z':
			out = append(out, c|0x20)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func (r *request) unreadable(at int, reason hit.Reason, p problem) {
	if r.refusals = append(r.refusals, reason); len(r.refusals) == 1 {
		r.first, r.at = p, at
	}
}

// settleReport makes a hit of a report, or refuses it.
func (r *request) settleReport(at int, w *raw, count counted) {
	kind := kindOf(w.kind)
	count(kind)
	address := w.url
	if kind == policyReport && w.document != "" {
		address = w.document
	}
	switch {
	case kind == otherReport, kind == networkReport && w.typed == "ok":
		r.unreadable(at, hit.UnknownType, problem{typeName, "want network-error (that is no success), csp-violation, deprecation, intervention or crash"})
		return
	case address == "":
		r.unreadable(at, hit.Malformed, problem{"url", "missing"})
		return
	}
	h := r.next()
	h.Type, h.URL, h.Error.Kind = "report", address, kind.String()
	h.Time = w.happened(h.Received)
	h.Error.Message, h.Error.Source, h.Error.Type = w.message, w.source, w.id
	h.Error.Line, h.Error.Column = whole(w.line), whole(w.column)
	switch kind {
	case networkReport:
		w.network(h)
	case policyReport:
		w.policy(h)
	case crashReport:
		h.Error.Type = w.reason
	case otherReport, deprecationReport, interventionReport, reportKinds:
	}
}

// happened is when, by the report's age in milliseconds; zero if that is more than a week or cannot be.
func (w *raw) happened(received time.Time) time.Time {
	const week = 7 * 24 * time.Hour
	if !(w.age >= 0 && w.age <= float64(week/time.Millisecond)) {
		return time.Time{}
	}
	return received.Add(-time.Duration(w.age) * time.Millisecond)
}

// network tells of a request that failed. Where only a share of them is reported, the report stands for more.
func (w *raw) network(h *hit.Hit) {
	h.Error.Type, h.Error.Message, h.Error.Source = w.typed, "", ""
	h.Exchange = hit.Exchange{
		Protocol: w.protocol, Method: w.method, Phase: w.phase, Status: whole(w.status), DurationMS: w.elapsed,
	}
	if w.fraction > 0 && w.fraction < 1 {
		h.Weight = 1 / w.fraction
	}
}

// policy tells what a Content-Security-Policy kept from the page: of its address the origin only, since the rest is another site's.
func (w *raw) policy(h *hit.Hit) {
	h.Error.Type = w.directive
	if h.Error.Type == "" {
		h.Error.Type, _, _ = strings.Cut(w.violated, " ")
	}
	h.Error.Message, h.Error.Source = w.disposition, originOf(w.blocked)
	// The page itself is named as the source while it is being read, and no more afterwards: the same violation must look the same.
	if pageOf(w.source) != pageOf(h.URL) {
		h.Error.Stack = w.source
	}
	h.Exchange.Status = whole(w.status)
}

// pageOf is an address without its query and fragment.
func pageOf(address string) string {
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		return address[:end]
	}
	return address
}

// originOf is scheme and host of an address; what is none, as inline, eval or data, is told as it is.
func originOf(address string) string {
	scheme := strings.Index(address, "://")
	if scheme < 0 {
		before, _, _ := strings.Cut(address, ":")
		return before
	}
	end := strings.IndexAny(address[scheme+3:], "/?#")
	if end < 0 {
		return address
	}
	return address[:scheme+3+end]
}
