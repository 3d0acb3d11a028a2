package risk

import (
	"math"

	"mayak/schema/geoip"
)

// Why a visitor is a robot, as the column bot has it: a kind and a name.
const (
	becauseFast    = "behaviour:too fast"
	becauseRegular = "behaviour:too regular"
	becauseUnread  = "behaviour:reads nothing"
	becauseCrowd   = "behaviour:crowd of one browser"
)

// behaviour is an hour of one visitor.
type behaviour struct {
	paths   uint64
	moments []int64 // of the page views, in milliseconds, in order
	actions uint64
	engaged uint64 // milliseconds
	scroll  uint8
	script  bool // the script told of all of it: what it does not tell did not happen
}

const (
	fewViews    = 20 // fewer say nothing
	mostMoments = 500

	fastViews = 60  // page views within a minute; tabs that a browser opens again are no page views before they are looked at
	steady    = .05 // how much pauses between pages differ from their mean, as a share of it
	fewPaths  = 5   // a page that loads itself again and again is no robot

	unreadViews = 30 // pages without a moment of attention
	unreadPaths = 10
)

// reason is why it is a robot; empty for a person. Each is far from what people were seen to do, since a person who is taken for a robot is
// in no number.
func (b *behaviour) reason() string {
	switch {
	case len(b.moments) < fewViews:
		return ""
	case b.peak() >= fastViews && b.paths >= fewPaths:
		return becauseFast
	case b.paths >= fewPaths && b.spread() < steady:
		return becauseRegular
	case b.script && len(b.moments) >= unreadViews && b.paths >= unreadPaths && b.engaged == 0 && b.scroll == 0 && b.actions == 0:
		return becauseUnread
	}
	return ""
}

// peak is the most page views within any minute.
func (b *behaviour) peak() (most int) {
	first := 0
	for i, at := range b.moments {
		for at-b.moments[first] >= 60_000 {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// spread is how much the pauses between page views differ, as a share of their mean: people's differ by about as much as they last.
func (b *behaviour) spread() float64 {
	n := float64(len(b.moments) - 1)
	mean := float64(b.moments[len(b.moments)-1]-b.moments[0]) / n
	if mean < 100 {
		return math.Inf(1) // all at once: browsers that restore many tabs do so
	}
	sum := 0.0
	for i := 1; i < len(b.moments); i++ {
		sum += math.Pow(float64(b.moments[i]-b.moments[i-1])-mean, 2)
	}
	return math.Sqrt(sum/n) / mean
}

// crowdOf is from how many visitors on the like of each other are a crowd, in a network of a kind; 0 is never: behind an operator's addresses
// there may be any number of telephones of one model.
func crowdOf(kind string) uint64 {
	switch kind {
	case geoip.Mobile:
		return 0
	case geoip.Corporate, geoip.Education, geoip.Government:
		return 300
	case geoip.Hosting:
		return 30
	}
	return 30
}

// isCrowd asks that nearly nobody of them stays.
func isCrowd(kind string, all, once uint64) bool {
	least := crowdOf(kind)
	return least > 0 && all >= least && float64(once) >= 0.95*float64(all)
}
