package access

import "crypto/sha256"

// Lasts tells whether a session goes on, without making it last longer: a page that only listens is nobody at work.
func (s *Sessions) Lasts(secret string) bool {
	s.mu.Lock()
	held := s.held[sha256.Sum256([]byte(secret))]
	over := held == nil || held.isOver(s.now())
	name, entry := "", ""
	if !over {
		name, entry = held.name, held.entry
	}
	s.mu.Unlock()
	if over {
		return false
	}
	_, ok, err := s.tokens.user(name, entry) // who was removed, or got another password, is out
	return ok || err != nil
}
