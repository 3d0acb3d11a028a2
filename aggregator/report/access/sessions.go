package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"
)

const (
	// SessionAge is how long a session lasts at most, and idle how long without a question.
	SessionAge = 12 * time.Hour
	idle       = 30 * time.Minute

	mostSessions = 1000
)

// Sessions are those of people who have logged in. They live in memory: a restart ends them. Safe for concurrent use.
type Sessions struct {
	tokens *Tokens
	now    func() time.Time

	mu   sync.Mutex
	held map[[32]byte]*session // by the hash of the secret, so that looking one up tells nothing of it
}

type session struct {
	name, entry string
	check       string // what a page has to show that it read it from us
	began, used time.Time
}

// NewSessions are bound to the users of a file.
func NewSessions(tokens *Tokens, now func() time.Time) *Sessions {
	return &Sessions{tokens: tokens, now: now, held: map[[32]byte]*session{}}
}

// Begin makes a session of who has just logged in. The check has to come with every question that changes something: a page of another
// site that has the browser send its cookie does not know it.
func (s *Sessions) Begin(c Caller, entry string) (secret, check string) {
	secret, check = chance(), chance()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.sweep(now)
	s.held[sha256.Sum256([]byte(secret))] = &session{name: c.Name, entry: entry, check: check, began: now, used: now}
	return secret, check
}

func chance() string {
	var some [32]byte
	_, _ = rand.Read(some[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(some[:])
}

// sweep forgets what is over, and the one longest unused where there are too many.
func (s *Sessions) sweep(now time.Time) {
	var oldest [32]byte
	for key, held := range s.held {
		if held.isOver(now) {
			delete(s.held, key)
			continue
		}
		if first, ok := s.held[oldest]; !ok || held.used.Before(first.used) {
			oldest = key
		}
	}
	if len(s.held) >= mostSessions {
		delete(s.held, oldest)
	}
}

func (s *session) isOver(now time.Time) bool {
	return now.Sub(s.began) > SessionAge || now.Sub(s.used) > idle
}

// Caller is whose session this is, with its check; false means nobody's.
func (s *Sessions) Caller(secret string) (c Caller, check string, ok bool, err error) {
	key := sha256.Sum256([]byte(secret))
	s.mu.Lock()
	held := s.held[key]
	now := s.now()
	if held == nil || held.isOver(now) {
		delete(s.held, key)
		s.mu.Unlock()
		return Caller{}, "", false, nil
	}
	held.used = now
	found := *held
	s.mu.Unlock()
	c, ok, err = s.tokens.user(found.name, found.entry) // who was removed, or got another password, is out
	return c, found.check, ok, err
}

// End ends a session.
func (s *Sessions) End(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, sha256.Sum256([]byte(secret)))
}

// Equal compares in a time that tells nothing.
func Equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
