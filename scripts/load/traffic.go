package load

import (
	"container/heap"
	"math/rand/v2"
	"net/http"
	"time"
)

// Request is one request to a collector, ready to be sent, and to be sent again.
type Request struct {
	Method string
	Path   string
	Header http.Header
	Body   []byte
	IDs    []string // of the hits in it
}

// Traffic makes the requests of a crowd, in the order in which they would leave the browsers. How quickly they are sent
// is up to the sender: the time between two requests of one visit shrinks as the rate grows. It is not safe for
// concurrent use.
type Traffic struct {
	crowd  *Crowd
	site   string
	page   string // address of the site
	pacing *rand.Rand
	bad    float64
	open   visits
	now    time.Time
}

// New makes the traffic of a site, whose pages are at an address like http://localhost:8099.
func New(seed uint64, site, page string) *Traffic {
	t := &Traffic{crowd: NewCrowd(seed), site: site, page: page, pacing: newChance(seed + 1), now: time.Unix(0, 0)}
	for range openVisits { // in the middle of what they do, or all would open a page first
		v := t.crowd.Visit(t.now)
		skip := t.crowd.chance.IntN(len(v.Steps))
		v.Begin = v.Begin.Add(-v.Steps[skip].After)
		t.open = append(t.open, &underway{Visit: v, next: skip})
	}
	heap.Init(&t.open)
	return t
}

// WithMalformed makes this share of the requests such that a collector must refuse them: they have no ids.
func (t *Traffic) WithMalformed(share float64) *Traffic {
	t.bad = share
	return t
}

// openVisits is how many visitors take turns.
const openVisits = 400

// Next is the next request.
func (t *Traffic) Next() Request {
	if t.bad > 0 && t.crowd.chance.Float64() < t.bad {
		return t.malformed()
	}
	v := t.open[0]
	t.now = v.at()
	first := v.next
	v.next++
	for v.next < len(v.Steps) && v.Steps[v.next].Together {
		v.next++
	}
	request := t.request(v.Visit, v.Steps[first:v.next])
	if v.next == len(v.Steps) {
		pause := time.Duration(t.crowd.chance.ExpFloat64() * float64(20*time.Second))
		t.open[0] = &underway{Visit: t.crowd.Visit(t.now.Add(pause))}
	}
	heap.Fix(&t.open, 0)
	return request
}

// underway is a visit and how far it has come.
type underway struct {
	*Visit
	next int
}

func (u *underway) at() time.Time { return u.Begin.Add(u.Steps[u.next].After) }

// visits are the visits underway, the one that goes on next at the top.
type visits []*underway

// Len, Less and Swap, and Push and Pop below, are what container/heap asks for.
func (v visits) Len() int           { return len(v) }
func (v visits) Less(i, j int) bool { return v[i].at().Before(v[j].at()) }
func (v visits) Swap(i, j int)      { v[i], v[j] = v[j], v[i] }

// Push puts one at the end.
func (v *visits) Push(u any) {
	if one, ok := u.(*underway); ok { // nothing else is pushed
		*v = append(*v, one)
	}
}

// Pop takes the last one off.
func (v *visits) Pop() any {
	last := (*v)[len(*v)-1]
	*v = (*v)[:len(*v)-1]
	return last
}
