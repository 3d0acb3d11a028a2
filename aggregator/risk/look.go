package risk

import "sync"

// look is how a browser looks: one for all page views that look the same, so that a million of them cost a pointer each.
type look struct {
	Browser

	id    uint64 // tells it from all others
	crowd uint64 // the same for all that cannot be told apart by what a browser shows of itself
}

// looks hands looks out. Safe for concurrent use.
type looks struct {
	mu   sync.Mutex
	of   map[lookKey]*look
	last uint64
}

type lookKey struct {
	Browser

	text string
}

// mostLooks is from how many on they are told apart anew: what was handed out stays as it is.
const mostLooks = 200_000

// look is the look of an event.
func (l *looks) look(s *Sighting) *look {
	key := lookKey{s.Browser, s.Look}
	if key.AgentOS == "" {
		key.AgentOS = systemOf(s.Agent)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.of[key]; known != nil {
		return known
	}
	if l.of == nil || len(l.of) >= mostLooks {
		l.of = map[lookKey]*look{}
	}
	l.last++
	made := &look{Browser: key.Browser, id: l.last, crowd: hash(new([32]byte), ofVisitor, "", s.Look)}
	l.of[key] = made
	return made
}
