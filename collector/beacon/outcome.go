package beacon

import (
	"slices"
	"strconv"

	"mayak/collector/hit"
)

// outcome is the value of Mayak-Outcome: "stored", "dropped; reason=x", or for a batch that fared differently a list of
// these with counts, as in "stored; count=2, dropped; reason=bad_url; count=1". When the body of the answer cannot
// tell what a hit that could not be read was lacking, the header does.
func (r *request) outcome(tell bool) []byte {
	r.reasons = append(r.reasons, r.refusals...)
	begin := len(r.scratch)
	r.appendOutcome(begin, hit.Kept, false)
	for i, reason := range r.reasons {
		if reason != hit.Kept && !slices.Contains(r.reasons[:i], reason) {
			r.appendOutcome(begin, reason, tell && len(r.refusals) > 0 && reason == r.refusals[0])
		}
	}
	return r.scratch[begin:]
}

func (r *request) appendOutcome(begin int, reason hit.Reason, tell bool) {
	count := 0
	for _, other := range r.reasons {
		if other == reason {
			count++
		}
	}
	if count == 0 {
		return
	}
	if len(r.scratch) > begin {
		r.scratch = append(r.scratch, ", "...)
	}
	if reason == hit.Kept {
		r.scratch = append(r.scratch, "stored"...)
	} else {
		r.scratch = append(append(r.scratch, "dropped; reason="...), reason...)
	}
	if count < len(r.reasons) {
		r.scratch = strconv.AppendInt(append(r.scratch, "; count="...), int64(count), 10)
	}
	if tell {
		r.scratch = appendQuoted(append(r.scratch, "; error="...), r.told())
	}
}

// told says what the first hit that could not be read was lacking, and which one it is of a batch.
func (r *request) told() string {
	said := r.first.name + ": " + r.first.want
	if r.at >= 0 {
		said = "[" + strconv.Itoa(r.at) + "]." + said
	}
	return said
}

// allFor tells whether every hit that the pipeline was given was dropped for one of these reasons.
func (r *request) allFor(reasons ...hit.Reason) bool {
	for _, reason := range r.reasons[:len(r.hits)] {
		if !slices.Contains(reasons, reason) {
			return false
		}
	}
	return true
}

// dropped is the outcome of a request whose one hit was dropped before it was read.
func (r *request) dropped(reason hit.Reason) []byte {
	begin := len(r.scratch)
	r.scratch = append(append(r.scratch, "dropped; reason="...), reason...)
	return r.scratch[begin:]
}
