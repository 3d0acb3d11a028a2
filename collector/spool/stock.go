package spool

// stock counts what is on disk.
type stock struct {
	bytes int64 // of all states
	by    map[string]*count
}

type count struct{ segments, records, bytes int64 }

func newStock() stock {
	return stock{by: map[string]*count{stateOpen: {}, stateSealed: {}, stateRefused: {}, stateCorrupt: {}}}
}

// add counts segments of a state. What is gone is not counted.
func (st *stock) add(state string, segments, records, bytes int64) {
	c := st.by[state]
	if c == nil {
		return
	}
	c.segments += segments
	c.records += records
	c.bytes += bytes
	st.bytes += bytes
}

// pending is what waits for delivery.
func (st *stock) pending() count {
	open, sealed := st.by[stateOpen], st.by[stateSealed]
	return count{open.segments + sealed.segments, open.records + sealed.records, open.bytes + sealed.bytes}
}

// grow adds to a segment and to the stock. It expects mu to be held.
func (s *Spool) grow(g *Segment, records, bytes int64) {
	g.records += records
	g.size += bytes
	s.stock.add(g.state, 0, records, bytes)
}

// move counts the segment under its new state. It expects mu to be held.
func (s *Spool) move(g *Segment, to string) {
	s.stock.add(g.state, -1, -g.records, -g.size)
	g.state = to
	s.stock.add(g.state, +1, +g.records, +g.size)
}
