package main

// ids is a set of hashes that lie evenly over all numbers, in two thirds of the memory of a map and with no pause of all of it when it grows.
type ids struct {
	shards [idShards]idShard
	count  int
}

const (
	idShards   = 256
	idBytes    = 8
	idSmallest = 16 // places of a shard
)

// idShard is a table with open addressing; 0 is an empty place.
type idShard struct {
	places []uint64
	taken  int
}

// has tells whether id is in it. 0 is the same as 1.
func (s *ids) has(id uint64) bool {
	shard := &s.shards[id%idShards]
	if len(shard.places) == 0 {
		return false
	}
	_, found := shard.find(max(id, 1))
	return found
}

// add puts id into it. It grows by at most room bytes, and returns by how many it has; without room it forgets the id.
func (s *ids) add(id uint64, room int) (grown int, added bool) {
	shard := &s.shards[id%idShards]
	if 4*(shard.taken+1) > 3*len(shard.places) {
		places := max(idSmallest, 2*len(shard.places))
		if grown = (places - len(shard.places)) * idBytes; grown > room {
			return 0, false
		}
		shard.grow(places)
	}
	if at, found := shard.find(max(id, 1)); !found {
		shard.places[at] = max(id, 1)
		shard.taken++
		s.count++
	}
	return grown, true
}

// find is where id is, or would be.
func (s *idShard) find(id uint64) (at uint64, found bool) {
	mask := uint64(len(s.places)) - 1
	for at = id / idShards & mask; s.places[at] != 0; at = (at + 1) & mask {
		if s.places[at] == id {
			return at, true
		}
	}
	return at, false
}

func (s *idShard) grow(places int) {
	old := s.places
	s.places = make([]uint64, places)
	for _, id := range old {
		if id != 0 {
			at, _ := s.find(id)
			s.places[at] = id
		}
	}
}

// bytes is how much memory it takes.
func (s *ids) bytes() int {
	all := 0
	for i := range s.shards {
		all += len(s.shards[i].places) * idBytes
	}
	return all
}
