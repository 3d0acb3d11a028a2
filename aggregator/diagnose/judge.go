package diagnose

import "math"

// Verdict is how a reading compares with what is usual.
type Verdict struct {
	Known   bool    // there is a usual, and enough to compare with it
	Score   float64 // robust deviations to the bad side
	Ratio   float64 // times what is usual; of views, times less
	Beyond  bool    // out of the ordinary
	Strong  bool    // so much that it need not last
	Calm    bool    // ordinary again
	Reading         // what was compared
	Usual   float64 // views: in the span; times: the p75; shares: the share
	Minutes int     // length of the span
	tail    bool    // it is the p90 that is beyond
	over    bool    // it is how many wait far longer
}

const (
	strongScore = 2   // times the score of the rule
	strongRatio = 1.3 // times its ratio
	calmScore   = 0.5
)

// judge compares the reading of a span of some minutes. level is by how much today's visitors are more or fewer than usual.
func judge(s Signal, r Reading, minutes int, e Expected, level float64) Verdict {
	v := Verdict{Known: e.Known, Reading: r, Minutes: minutes, Ratio: 1}
	if !e.Known {
		return v
	}
	limit := rules(s)
	large := v.compare(s, e, limit, level)
	v.Beyond = v.Known && large && v.Score >= limit.score && v.Ratio >= limit.ratio
	v.Strong = v.Beyond && v.Score >= strongScore*limit.score && v.Ratio >= strongRatio*limit.ratio
	v.Calm = !v.Known || v.Score < calmScore*limit.score || v.Ratio < 1+(limit.ratio-1)/2
	return v
}

// compare fills in score and ratio, and tells whether it is about enough visitors.
func (v *Verdict) compare(s Signal, e Expected, limit rule, level float64) (large bool) {
	switch {
	case s.isTime():
		return v.times(e, limit)
	case s.isShare():
		return v.share(e, limit)
	}
	return v.drop(e, limit, level)
}

// drop compares views with as many as there should be.
func (v *Verdict) drop(e Expected, limit rule, level float64) (large bool) {
	v.Usual = e.Value * level * float64(v.Minutes) / Step.Minutes()
	v.Score = -distance(v.Value, v.Usual) / e.Spread
	v.Ratio = v.Usual / max(0.5, v.Value)
	return v.Usual >= limit.count
}

// share compares bad ones with as many as there usually are of so many.
func (v *Verdict) share(e Expected, limit rule) (large bool) {
	v.Usual = e.Value
	expected := e.Value * v.Count
	v.Score = distance(v.Value, expected) / e.Spread
	v.Ratio = v.Value / max(0.5, expected)
	return v.Value >= limit.count && v.Value >= limit.share*v.Count
}

// tailTimes is how many times a p90 has to be made of, since of few it is nearly the longest.
const (
	tailTimes     = 60
	tailRatioMore = 1.1 // it moves more than the p75
	fewTimes      = 3   // of few times, even the p75 is chance: of 36, the ratio has to be half as large again
)

// times compares the p75 and the p90; the one that is further out counts. The spread is that of windows of the usual size: of fewer times,
// chance scatters more, and of more only a part of it is chance.
func (v *Verdict) times(e Expected, limit rule) (large bool) {
	v.Usual = e.Value
	if v.Count < limit.count {
		v.Known = false
		return false
	}
	size := math.Sqrt(min(4, max(0.7, e.Count/v.Count)))
	middle := math.Log(max(1, v.Value)/e.Value) / (e.Spread * size)
	tail := math.Log(max(1, v.Tail)/e.Tail) / (e.TailSpread * size)
	plain := limit
	limit.ratio *= 1 + fewTimes/math.Sqrt(v.Count)
	v.Score, v.Ratio = middle, v.Value/e.Value
	if tailRatio := v.Tail / e.Tail; v.Count >= tailTimes && tail > limit.score && tailRatio >= tailRatioMore*limit.ratio && (middle < limit.score || v.Ratio < limit.ratio) {
		v.Score, v.Ratio, v.tail = tail, tailRatio, true
	}
	if v.Ratio >= limit.ratio && v.Score >= limit.score {
		return true
	}
	return v.waiting(e, plain)
}

const (
	// far is how many times the usual p90 is waiting far longer.
	far = 1.45
	// leastOver is the share of visitors that may always do so.
	leastOver = 0.04
	overRatio = 2.5
	// overScore is how much surer than by a quantile it has to be: all of a site is slower or faster from hour to hour, which is no chance.
	overScore = 1.3
)

// waiting counts those who wait far longer: a part of the visitors shows in their number before it moves a quantile for sure.
func (v *Verdict) waiting(e Expected, limit rule) bool {
	usual := e.Over * v.Count
	score, ratio := distance(v.Over, usual), v.Tail/e.Tail
	if e.Over == 0 || v.Over < overRatio*usual || score < overScore*limit.score || ratio < limit.ratio {
		return false
	}
	v.Score, v.Ratio, v.over = score, ratio, true
	return true
}

// most is how much of the way to the rule a part of a span has to go to share in what the whole of it shows.
const most = 0.75

// high tells whether a part of a span does.
func (v Verdict) high(s Signal, r Reading, minutes int64, e Expected, level float64) bool {
	ratio := 1 + (rules(s).ratio-1)*most
	switch {
	case s.isTime() && v.over:
		return r.Over > 0 && r.Over >= (1+(overRatio-1)*most)*e.Over*r.Count
	case s.isTime() && v.tail:
		return r.Tail >= ratio*e.Tail
	case s.isTime():
		return r.Value >= ratio*e.Value
	case s.isShare():
		return r.Value > 0 && r.Value >= ratio*e.Value*r.Count
	}
	return r.Value <= e.Value*level*float64(minutes)/Step.Minutes()/ratio
}
