package main

import (
	"mayak/collector/accesslog"
	"mayak/collector/hit"
)

// tally counts what became of lines, each of which counts once: lines = stored + the sum of the reasons.
type tally struct {
	lines, stored int64
	reasons       map[string]int64
	rejected      []rejection
}

// rejection is a line that somebody may want to look at.
type rejection struct {
	place

	reason string
}

func (t *tally) reset() {
	if t.reasons == nil {
		t.reasons = map[string]int64{}
	}
	clear(t.reasons)
	clear(t.rejected)
	t.lines, t.stored, t.rejected = 0, 0, t.rejected[:0]
}

// refuse counts a line that is no page view that may be stored.
func (t *tally) refuse(reason accesslog.Reason, at place) {
	t.reasons[string(reason)]++
	if reason.Rejected() {
		t.rejected = append(t.rejected, rejection{at, string(reason)})
	}
}

// decide counts what the pipeline said to a hit.
func (t *tally) decide(reason hit.Reason, at place) {
	switch reason {
	case hit.Kept:
		t.stored++
		return
	case hit.UnknownSite, hit.UnknownHost, hit.BadURL:
		t.rejected = append(t.rejected, rejection{at, string(reason)})
	default:
	}
	t.reasons[string(reason)]++
}

// add adds the counts of other, not its rejections.
func (t *tally) add(other *tally) {
	if t.reasons == nil {
		t.reasons = map[string]int64{}
	}
	t.lines += other.lines
	t.stored += other.stored
	for reason, n := range other.reasons {
		t.reasons[reason] += n
	}
}

// meanings says in words what each reason means, in the order in which they are reported. What is not worth a line of its own
// in the report is still in the sum.
func meanings() []struct{ reason, words string } {
	return []struct{ reason, words string }{
		{string(accesslog.Asset), "parts of pages and downloads"},
		{string(accesslog.NotServed), "answered with a redirect, an error or a part"},
		{string(accesslog.NotGet), "not GET"},
		{string(accesslog.TooOld), "older than events are kept"},
		{string(hit.Duplicate), "stored before the import was cut off"},
		{string(hit.Refused), "the visitor refused"},
		{string(hit.Prefetch), "only fetched ahead"},
		{string(accesslog.Unreadable), "not of the format"},
		{string(accesslog.TooLong), "longer than 64 KiB"},
		{string(accesslog.NoAddress), "no address where the client's should stand"},
		{string(accesslog.FromFuture), "later than now: is the time zone right?"},
		{string(hit.UnknownHost), "for a host that is not the site's"},
		{string(hit.UnknownSite), "for a site that is not in the sites file"},
		{string(hit.BadURL), "no page can have this address"},
	}
}
