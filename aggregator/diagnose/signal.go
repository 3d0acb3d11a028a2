package diagnose

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Signal is a number of a site that tells how its servers are doing.
type Signal uint8

// The signals.
const (
	Views          Signal = iota // page views of people: too few
	TTFB                         // time to the first byte, ms
	LCP                          // time to the largest part of the page, ms
	INP                          // time from an action to what is seen of it, ms
	Errors                       // page views with a script error, of all
	Failures                     // answers of the server that are failures (5xx), of those whose status browsers tell
	Network                      // visitors who could not reach the server, a page view
	ServerFailures               // the same as Failures, of the server's own log

	signals = 8
	timed   = 3 // TTFB, LCP, INP
)

// Signals lists them.
func Signals() []Signal {
	return []Signal{Views, TTFB, LCP, INP, Errors, Failures, Network, ServerFailures}
}

func signalNames() [signals]string {
	return [...]string{"views", "ttfb", "lcp", "inp", "errors", "failures", "network_errors", "server_failures"}
}

// String is the signal's name in tables, webhooks and metrics.
func (s Signal) String() string { return signalNames()[s] }

// ParseSignal reads a name.
func ParseSignal(name string) (Signal, error) {
	names := signalNames()
	i := slices.Index(names[:], name)
	if i < 0 {
		return 0, fmt.Errorf("signal %q does not exist; there are %s", name, strings.Join(names[:], ", "))
	}
	return Signal(i), nil //nolint:gosec // below eight
}

func (s Signal) isTime() bool  { return s >= TTFB && s <= INP }
func (s Signal) isShare() bool { return s >= Errors }

// twin is the signal that tells of the same answers from the other side: what is wrong is an incident of one of the two.
func (s Signal) twin() (other Signal, ok bool) {
	switch s {
	case Failures:
		return ServerFailures, true
	case ServerFailures:
		return Failures, true
	default:
		return 0, false
	}
}

// rule is from when on a signal is out of the ordinary. All of it has to hold, so that small numbers open nothing.
type rule struct {
	score float64 // robust deviations from what is usual
	ratio float64 // times what is usual
	count float64 // page views or times measured; of a share, how many bad ones
	share float64 // of a share, how many in each page view or answer
}

// rules of each signal. The score of a drop is that of views; its ratio is how many times less.
func rules(s Signal) rule {
	switch s {
	case Views:
		return rule{score: 6.5, ratio: 5, count: 25}
	case TTFB, LCP:
		return rule{score: 5, ratio: 1.45, count: 30}
	case INP:
		return rule{score: 6, ratio: 1.5, count: 40}
	case Errors:
		return rule{score: 5, ratio: 2.5, count: 7, share: 0.03}
	case Failures, ServerFailures:
		return rule{score: 5, ratio: 2.5, count: 5, share: 0.02}
	case Network:
		return rule{score: 5, ratio: 2.5, count: 7, share: 0.03}
	}
	return rule{}
}

// classes is how many sizes of times are told apart: eight double it, from 1 ms to 78 s.
const classes = 131

// Times are how often times of each size were measured. Those of two spans add up.
type Times [classes]float32

// Add notes a time in milliseconds.
func (t *Times) Add(ms float64) { t[class(ms)]++ }

func class(ms float64) int {
	if !(ms > 1) {
		return 0
	}
	return min(classes-1, int(8*math.Log2(ms)))
}

// Count is how many times were measured.
func (t *Times) Count() (n float64) {
	for _, of := range t {
		n += float64(of)
	}
	return n
}

// Quantile is the time that a share of all stays below; within a class, times are taken to be spread evenly. Zero when there is none.
func (t *Times) Quantile(share float64) float64 {
	return t.quantile(share * t.Count())
}

// above is how many are longer than a time.
func (t *Times) above(ms float64) (n float64) {
	at := 8 * math.Log2(max(1, ms))
	for i := min(classes-1, int(at)); i < classes; i++ {
		n += float64(t[i]) * min(1, float64(i+1)-at)
	}
	return n
}

func (t *Times) quantile(left float64) float64 {
	for i, of := range t {
		if n := float64(of); n > 0 && left <= n {
			return math.Exp2((float64(i) + left/n) / 8)
		}
		left -= float64(of)
	}
	return 0
}

// Numbers are what some span of time showed of a site. Those of two spans add up.
type Numbers struct {
	Views   float64      // page views of people
	Errors  float64      // page views with a script error
	Answers float64      // answers of the server whose status browsers tell
	Failed  float64      // of these, 5xx
	Network float64      // networks from which the server was not reached, each once a minute
	Times   [timed]Times // TTFB, LCP, INP

	// The same answers, as far as the server's own log has been imported.
	ServerAnswers, ServerFailed float64

	// What the rows of errors and of networks stand for: more than there are rows where only some visitors are asked.
	ErrorsFor, NetworkFor float64
}

func (n *Numbers) add(other *Numbers) {
	n.Views += other.Views
	n.Errors += other.Errors
	n.Answers += other.Answers
	n.Failed += other.Failed
	n.Network += other.Network
	n.ServerAnswers += other.ServerAnswers
	n.ServerFailed += other.ServerFailed
	n.ErrorsFor += other.ErrorsFor
	n.NetworkFor += other.NetworkFor
	for i := range n.Times {
		for j, of := range other.Times[i] {
			n.Times[i][j] += of
		}
	}
}

// Reading is what one signal showed in some span.
type Reading struct {
	Count float64 // what Value is made of: page views, times measured, answers
	Value float64 // views: as many; times: their p75, ms; shares: bad ones of Count
	Tail  float64 // times: their p90, ms, which moves already when few visitors wait
	Over  float64 // times: how many are far beyond the usual p90, where that is known
}

// Readings are those of all signals.
type Readings [signals]Reading

// asked is of how many page views the bad ones are, where the bad ones stand for more than they are.
func asked(views, bad, standFor float64) float64 {
	if standFor > bad && bad > 0 {
		return views * bad / standFor
	}
	return views
}

// Read makes readings of numbers.
func (n *Numbers) Read() Readings {
	r := Readings{
		Views:    {Count: n.Views, Value: n.Views},
		Errors:   {Count: asked(n.Views, n.Errors, n.ErrorsFor), Value: n.Errors},
		Failures: {Count: n.Answers, Value: n.Failed},
		Network:  {Count: asked(n.Views, n.Network, n.NetworkFor), Value: n.Network},

		ServerFailures: {Count: n.ServerAnswers, Value: n.ServerFailed},
	}
	for i := range n.Times {
		if count := n.Times[i].Count(); count > 0 {
			r[int(TTFB)+i] = Reading{Count: count, Value: n.Times[i].quantile(0.75 * count), Tail: n.Times[i].quantile(0.9 * count)}
		}
	}
	return r
}
