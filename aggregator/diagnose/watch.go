package diagnose

import "time"

// Change is what a look at a signal led to.
type Change uint8

// The changes.
const (
	Nothing Change = iota
	Opened
	Closed
)

const (
	lookBack = 3  // looks that are remembered
	needed   = 2  // of these, so many beyond open an incident; a strong one does alone, and one of a share, which chance hardly makes
	quiet    = 10 // calm looks in a row close it
	// blind is after how many looks without a verdict an incident is closed, since nobody can tell any more.
	blind = 120
)

// watch follows one signal of one site: N of the last M looks open an incident, a row of calm ones closes it.
type watch struct {
	beyond  [lookBack]bool
	first   time.Time // when the looks began of which the incident is made
	closed  time.Time // when the last one was; what was before says nothing of a new one
	open    bool
	calm    int
	unknown int
	worst   Verdict
}

// step notes the look at a minute's end.
func (w *watch) step(s Signal, at time.Time, v Verdict) Change {
	copy(w.beyond[1:], w.beyond[:])
	w.beyond[0] = v.Beyond
	if w.open {
		return w.follow(at, v)
	}
	if v.Beyond && countTrue(w.beyond[:]) == 1 {
		w.first = began(at, v)
	}
	if countTrue(w.beyond[:]) < needed && !v.Strong && (!s.isShare() || !v.Beyond) {
		return Nothing
	}
	w.open, w.calm, w.unknown, w.worst = true, 0, 0, v
	return Opened
}

// began is about when what a look found began: a part of its span, which it colours the more the more it is.
func began(at time.Time, v Verdict) time.Time {
	back := time.Duration(max(1, v.Minutes/2)) * time.Minute
	return at.Add(-back)
}

func (w *watch) follow(at time.Time, v Verdict) Change {
	if v.Known && v.Score > w.worst.Score {
		w.worst = v
	}
	w.unknown++
	if v.Known {
		w.unknown = 0
	}
	w.calm++
	if !v.Calm {
		w.calm = 0
	}
	if v.Known && w.calm >= quiet || w.unknown >= blind {
		*w = watch{closed: at}
		return Closed
	}
	return Nothing
}

func countTrue(of []bool) (n int) {
	for _, is := range of {
		if is {
			n++
		}
	}
	return n
}
