package beacon

import (
	"errors"
	"io"
	"net/netip"
	"strconv"
	"time"

	"mayak/collector/hit"
)

// apiFields are the keys of an item: those of /e, and what a server knows of its client or an app of itself.
func apiFields() *fields {
	const maxDevice = 256
	short := func(name string, text func(*hit.Hit) *string) field {
		return field{name: name, want: wantShort, max: maxShort, text: text}
	}
	return index(append(wireKeys(),
		field{name: "ip", kind: address, want: "want an address like 203.0.113.7 or 2001:db8::1"},
		field{name: "user_agent", want: wantURL, max: maxURL, text: func(h *hit.Hit) *string { return &h.UserAgent }},
		field{name: "sent", kind: moment, want: wantMoment, moment: func(h *hit.Hit) *time.Time { return &h.Sent }},
		field{name: consentName, want: wantConsent, max: maxShort, text: func(h *hit.Hit) *string { return &h.Consent }},
		field{name: "device_id", want: "want a string of at most 256 bytes", max: maxDevice, text: func(h *hit.Hit) *string { return &h.App.Device }},
		field{name: "screen_name", want: wantURL, max: maxURL, text: func(h *hit.Hit) *string { return &h.App.Screen }},
		short("app", func(h *hit.Hit) *string { return &h.App.Name }),
		short("app_version", func(h *hit.Hit) *string { return &h.App.Version }),
		short("os", func(h *hit.Hit) *string { return &h.App.OS }),
		short("os_version", func(h *hit.Hit) *string { return &h.App.OSVersion }),
		short("device_model", func(h *hit.Hit) *string { return &h.App.Model }),
	)...)
}

const (
	consentName = "consent"
	wantConsent = "want refused, essential, analytics or advertising"

	maxLate  = 7 * 24 * time.Hour // that an item may come after it happened
	maxSkew  = time.Minute        // that a clock may be wrong without being corrected
	itemName = "item"
)

// upload is one request to /api/events on its way through.
type upload struct {
	request
	server *Server
	key    netip.Addr // what stands for it in the limiter
	sender hit.Hit    // address and agent of who sent it, which are an app's own
	sent   time.Time  // what the sender's clock said, if a header tells
	places []int      // of the hits in the body

	arrival *arrival // nil where the body came with its request
	strange int      // keys that nobody knows
	bad     int      // items that nobody could store

	accepted int
	rejected []rejection
	counts   map[hit.Reason]int // how often each, hit.Kept for stored
}

// rejection is an item that was not stored, and why.
type rejection struct {
	index int
	error string
}

// The most that is held before it is stored.
const (
	batchHits  = 256
	batchBytes = 256 << 10
)

// takeItems stores what it reads, batch by batch. A problem, or a reason for which nothing can be stored now, ends it; what
// came before is stored and told.
func (u *upload) takeItems(from *items) (problem, hit.Reason) {
	for index := 0; ; index++ {
		begin := len(u.room)
		room, err := from.next(u.room)
		u.room = room
		switch {
		case errors.Is(err, errItemTooLarge) && !errors.Is(err, errNotJSON):
			u.reject(index, problem{itemName, err.Error()}, hit.TooLarge)
		case err != nil:
			failure := u.flush()
			if errors.Is(err, io.EOF) && !errors.Is(err, errCoding) {
				return problem{}, failure
			}
			return bodyProblem(err), failure
		case index == maxItems:
			return problem{"body", "want at most 20000 items"}, u.flush()
		default:
			u.takeItem(index, u.room[begin:])
		}
		if len(u.hits) >= batchHits || len(u.room) >= batchBytes || len(u.scratch) >= batchBytes {
			if failure := u.flush(); failure != hit.Kept {
				return problem{}, failure
			}
		}
	}
}

// bodyProblem is one of ours, in words without anything of the body.
func bodyProblem(err error) problem {
	for _, known := range [...]error{errUploadTooLarge, errItemTooLarge, errEmpty, errCoding, errNotJSON} {
		if errors.Is(err, known) {
			return problem{"body", known.Error()}
		}
	}
	return problem{"body", errCut}
}

func (u *upload) takeItem(index int, item []byte) {
	u.begin(item)
	h := u.next()
	p := problem{itemName, "want an object"}
	if u.peek() == '{' {
		p = u.decodeObject(h, u.server.api.fields)
	} else {
		u.skip()
	}
	if wrong := u.end(); wrong != (problem{}) {
		p = problem{itemName, wrong.want}
	}
	u.strange += h.Unknown
	if p == (problem{}) {
		p = u.check(h)
	}
	if p != (problem{}) {
		h.Reset()
		u.hits = u.hits[:len(u.hits)-1]
		u.reject(index, p, p.reason())
		return
	}
	u.places = append(u.places, index)
}

// check looks for what every item must have, and mends what can be.
func (u *upload) check(h *hit.Hit) problem {
	switch {
	case h.Site != u.facts.Site:
		return problem{"site", "not the site of this key"}
	case h.URL == "" && h.App.Screen == "":
		return problem{"url", "missing; an app's item may have screen_name instead"}
	case h.ID != "" && h.Time.IsZero():
		return problem{"ts", "missing; an item with an id needs one, so that it is known when it is sent again"}
	}
	switch h.Type {
	case "", "pageview", "event", "engage", "vitals", "error":
	default:
		return problem{typeName, wantType}
	}
	switch h.Consent {
	case "", "refused", "essential", "analytics", "advertising":
	default:
		return problem{consentName, wantConsent}
	}
	if h.App.Name != "" { // who sends it is the client
		if !h.Address.IsValid() {
			h.Address = u.sender.Address
		}
		if h.UserAgent == "" {
			h.UserAgent = u.sender.UserAgent
		}
	}
	return u.checkTime(h)
}

// checkTime corrects the time of a clock that is wrong, as far as the sender told what it says.
func (u *upload) checkTime(h *hit.Hit) problem {
	if h.Time.IsZero() {
		return problem{}
	}
	sent := h.Sent
	if sent.IsZero() {
		sent = u.sent
	}
	if skew := h.Received.Sub(sent); !sent.IsZero() && (skew > maxSkew || skew < -maxSkew) {
		h.Time = h.Time.Add(skew)
	}
	switch {
	case h.Time.After(h.Received.Add(maxSkew)):
		return problem{"ts", "in the future; tell what the clock says as sent, if it may be wrong"}
	case h.Time.Before(h.Received.Add(-maxLate)):
		return problem{"ts", "older than 7 days"}
	}
	return problem{}
}

func (u *upload) reject(index int, p problem, reason hit.Reason) {
	u.server.options.Pipeline.RefuseOf(u.facts.Site, hit.API, reason)
	u.note(index, p.name+": "+p.want, reason)
}

func (u *upload) note(index int, said string, reason hit.Reason) {
	u.rejected = append(u.rejected, rejection{index, said})
	u.counts[reason]++
	switch reason {
	case hit.Refused, hit.Prefetch: // which whoever sends them cannot know better
	default:
		u.bad++
	}
}

// flush stores what is held. The reason is hit.Kept, or why nothing can be stored now.
func (u *upload) flush() (failure hit.Reason) {
	if len(u.hits) > 0 {
		failure = u.server.accept(&u.request)
		for i, reason := range u.request.reasons {
			switch {
			case failure != hit.Kept && (reason == failure || reason == hit.Kept):
				u.counts[failure]++
			case reason == hit.Kept, reason == hit.Duplicate: // which is stored as well
				u.accepted++
				u.counts[reason]++
			default:
				u.note(u.places[i], refusalText(reason), reason)
			}
		}
	}
	u.forget()
	u.request.reasons, u.places, u.room, u.scratch = u.request.reasons[:0], u.places[:0], u.room[:0], u.scratch[:0]
	return failure
}

// refusalText is what the sender is told of an item that the pipeline did not keep.
func refusalText(reason hit.Reason) string {
	switch reason {
	case hit.UnknownHost:
		return "url: its host name is not one of the site's"
	case hit.BadURL:
		return "url: no page can have it"
	case hit.UnknownSite:
		return "site: not a site of this collector"
	case hit.Refused:
		return "consent: of who refused only page views are counted"
	default:
		return "dropped; reason=" + string(reason)
	}
}

// answerBody is JSON; message is empty when the whole upload was read.
func (u *upload) answerBody(message string) []byte {
	dst := []byte{'{'}
	if message != "" {
		dst = append(strconv.AppendQuote(append(dst, `"error":`...), message), ',')
	}
	dst = append(strconv.AppendInt(append(dst, `"accepted":`...), int64(u.accepted), 10), `,"rejected":[`...)
	for i, r := range u.rejected {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"index":`...), int64(r.index), 10)
		dst = append(strconv.AppendQuote(append(dst, `,"error":`...), r.error), '}')
	}
	return append(dst, "]}\n"...)
}

// summary is the value of Mayak-Outcome.
func (u *upload) summary() []byte {
	var text []byte
	add := func(reason hit.Reason, said string) {
		if count := u.counts[reason]; count > 0 {
			if len(text) > 0 {
				text = append(text, ", "...)
			}
			text = strconv.AppendInt(append(append(text, said...), "; count="...), int64(count), 10)
		}
	}
	add(hit.Kept, "stored")
	for _, reason := range hit.Reasons() {
		add(reason, "dropped; reason="+string(reason))
	}
	return text
}
