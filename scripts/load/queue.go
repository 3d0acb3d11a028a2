package load

import (
	"sync"
	"time"
)

// due is a request and when it is to leave.
type due struct {
	request Request
	at      time.Time
}

// queue holds the requests that wait for a worker. Whatever happens, making requests never waits for sending them.
type queue struct {
	mu      sync.Mutex
	filled  sync.Cond
	waiting []due
	head    int
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
	q.filled.L = &q.mu
	return q
}

func (q *queue) push(d due) {
	q.mu.Lock()
	q.waiting = append(q.waiting, d)
	q.mu.Unlock()
	q.filled.Signal()
}

// close lets the workers end once nothing waits any more.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.filled.Broadcast()
}

// pop waits for a request; false is the end.
func (q *queue) pop() (due, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head == len(q.waiting) {
		if q.closed {
			return due{}, false
		}
		q.filled.Wait()
	}
	d := q.waiting[q.head]
	q.waiting[q.head] = due{}
	if q.head++; q.head == len(q.waiting) { // nothing waits: the memory is used again
		q.waiting, q.head = q.waiting[:0], 0
	}
	return d, true
}
