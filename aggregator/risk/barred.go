package risk

import "sync"

// barred are the visitors of whom nothing is to be taken in, answered from or stored: who was erased, and who is blocked. Safe for concurrent
// use.
type barred struct {
	mu      sync.RWMutex
	mark    func(site string, visitor uint64) uint64 // what is kept of an erased visitor
	erased  map[string]map[uint64]bool               // marks
	blocked map[string]map[uint64]bool               // visitors
}

func (b *barred) has(site string, visitor uint64) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.blocked[site][visitor] {
		return true
	}
	marks := b.erased[site]
	return len(marks) > 0 && b.mark != nil && marks[b.mark(site, visitor)]
}

// erase adds marks. It tells how many were not known.
func (b *barred) erase(mark func(site string, visitor uint64) uint64, marks map[string][]uint64) (fresh int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mark = mark
	if b.erased == nil {
		b.erased = map[string]map[uint64]bool{}
	}
	for site, all := range marks {
		if b.erased[site] == nil {
			b.erased[site] = map[uint64]bool{}
		}
		for _, m := range all {
			if !b.erased[site][m] {
				fresh++
				b.erased[site][m] = true
			}
		}
	}
	return fresh
}

// block says who is blocked now; who was before and is not named is no more. It tells how many were not known.
func (b *barred) block(visitors map[string][]uint64) (fresh int) {
	now := map[string]map[uint64]bool{}
	b.mu.Lock()
	defer b.mu.Unlock()
	for site, all := range visitors {
		now[site] = map[uint64]bool{}
		for _, v := range all {
			if now[site][v] = true; !b.blocked[site][v] {
				fresh++
			}
		}
	}
	b.blocked = now
	return fresh
}
