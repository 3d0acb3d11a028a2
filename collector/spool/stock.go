package spool

// stock counts what is on disk, by state.
type stock map[string]*count

type count struct{ segments, records, bytes int64 }

func newStock() stock {
	return stock{stateOpen: {}, stateSealed: {}, stateRefused: {}, stateCorrupt: {}}
}

// bytes is what all the files take.
func (st stock) bytes() int64 {
	return st[stateOpen].bytes + st[stateSealed].bytes + st[stateRefused].bytes + st[stateCorrupt].bytes
}

// grow adds to a segment and to the stock. It expects mu to be held.
func (s *Spool) grow(g *Segment, records, bytes int64) {
	g.records += records
	g.size += bytes
	c := s.stock[g.state]
	c.records += records
	c.bytes += bytes
}

// move counts the segment under its new state. It expects mu to be held.
func (s *Spool) move(g *Segment, to string) {
	s.take(g, -1)
	g.state = to
	s.take(g, +1)
}

func (s *Spool) take(g *Segment, sign int64) {
	if c := s.stock[g.state]; c != nil { // none is kept of what is gone
		c.segments += sign
		c.records += sign * g.records
		c.bytes += sign * g.size
	}
}
