package load

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"mayak/schema/event"
)

// Crowd makes the visits of a clinic's site: who comes, when he comes back, and what he does there. The seed decides it
// all. It is not safe for concurrent use.
type Crowd struct {
	chance   *rand.Rand
	calendar Calendar
	books    [len(siteLanguages)]*book

	networks lot[network]
	machines map[string]network
	agents   lot[Agent]
	inApp    map[string]lot[Agent]
	bots     lot[Agent]
	sources  lot[Source]
	tongues  []tongue

	known    []*Visitor // those who may come again; a new one takes the place of another once there are mostKnown
	nextID   uint64
	nextName uint64
}

// Shares of the crowd, in visits.
const (
	botShare       = 0.07
	returningShare = 0.38
	mostKnown      = 60_000
)

// Visitor is one browser somewhere, or one bot.
type Visitor struct {
	Number   uint64 // counts the visitors of a crowd from 1
	Agent    *Agent
	Address  netip.Addr
	Place    event.Place // of the address, as a database of places would tell it; Network is left to who may truncate it
	Language string      // preferred, as navigator.language tells it
	Accept   string      // Accept-Language
	Zone     string
	Consent  event.Level // what he would choose, if he is asked
	GPC, DNT bool
	Visits   int // so far, the one that is being made included

	network *network
	book    int
}

// NewCrowd makes the crowd of a seed.
func NewCrowd(seed uint64) *Crowd {
	c := &Crowd{
		chance: newChance(seed), calendar: NewCalendar(), books: newBooks(), machines: machines(),
		networks: newLot(networks(), func(n *network) int { return n.weight }),
		agents:   newLot(agents(), func(a *Agent) int { return a.weight }),
		bots:     newLot(bots(), func(a *Agent) int { return a.weight }),
		sources:  newLot(sources(), func(s *Source) int { return s.weight }),
		tongues:  tongues(),
		inApp:    map[string]lot[Agent]{},
	}
	apps := map[string][]Agent{}
	for _, a := range agents() {
		if a.App != "" {
			apps[a.App] = append(apps[a.App], a)
		}
	}
	for app, list := range apps {
		c.inApp[app] = newLot(list, func(a *Agent) int { return a.weight })
	}
	c.nextID = c.chance.Uint64()
	return c
}

// visitor is somebody who has been here before, or somebody new who came from the source.
func (c *Crowd) visitor(source *Source) *Visitor {
	if len(c.known) > 20 && c.chance.Float64() < returningShare {
		v := c.known[c.chance.IntN(len(c.known))]
		if v.network.mobile || c.chance.IntN(8) == 0 {
			v.Address = v.network.address(c.chance)
		}
		return v
	}
	v := c.newVisitor(source)
	if len(c.known) < mostKnown {
		c.known = append(c.known, v)
	} else {
		c.known[c.chance.IntN(mostKnown)] = v
	}
	return v
}

func (c *Crowd) newVisitor(source *Source) *Visitor {
	v := &Visitor{Agent: c.agents.draw(c.chance), network: c.networks.draw(c.chance)}
	if source.app != "" && c.chance.IntN(5) > 0 {
		in := c.inApp[source.app]
		v.Agent = in.draw(c.chance)
	}
	c.settle(v)
	tongue := &c.tongues[c.tongue(v)]
	v.Language, v.Accept, v.book = tongue.language, tongue.accept, tongue.book
	switch n := c.chance.IntN(100); {
	case n < 70:
		v.Consent = event.Essential
	case n < 90:
		v.Consent = event.Analytics
	case n < 95:
		v.Consent = event.Advertising
	default:
		v.Consent = event.Refused
	}
	v.GPC, v.DNT = c.chance.IntN(100) < 2, c.chance.IntN(100) < 3
	return v
}

func (c *Crowd) newBot() *Visitor {
	v := &Visitor{Agent: c.bots.draw(c.chance), Consent: event.Essential, Accept: "en"}
	home := c.machines[v.Agent.Bot]
	v.network, v.book = &home, c.chance.IntN(len(c.books))
	c.settle(v)
	return v
}

// newScraper is a program in a data centre with what an ordinary desktop says of itself.
func (c *Crowd) newScraper() *Visitor {
	v := &Visitor{Consent: event.Essential, Language: "en-US", Accept: "en-US,en;q=0.9"}
	for v.Agent == nil || v.Agent.Touch > 0 || v.Agent.Brands == "" {
		v.Agent = c.agents.draw(c.chance)
	}
	home := c.machines["hetzner"]
	v.network = &home
	c.settle(v)
	return v
}

// settle gives a visitor his number and his place.
func (c *Crowd) settle(v *Visitor) {
	c.nextName++
	v.Number, v.Address, v.Place, v.Zone = c.nextName, v.network.address(c.chance), v.network.place, v.network.zone
}

// tongue is what a visitor has set as his languages, and in which of the site's he reads.
type tongue struct {
	language, accept string
	book             int
}

func tongues() []tongue {
	return []tongue{
		{"ru-RU", "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", 0},
		{"ru-KZ", "ru-KZ,ru;q=0.9,kk;q=0.8", 0},
		{"ru", "ru,en;q=0.9", 0},
		{"kk-KZ", "kk-KZ,kk;q=0.9,ru;q=0.8", 1},
		{"ru-KZ", "ru-KZ,ru;q=0.9", 1},
		{"en-US", "en-US,en;q=0.9,ru;q=0.8", 2},
		{"en-GB", "en-GB,en;q=0.9", 2},
	}
}

func (c *Crowd) tongue(v *Visitor) int {
	shares := [...]int{38, 55, 62, 84, 93, 98, 100}
	if v.Place.Country != "KZ" {
		shares = [...]int{55, 60, 70, 72, 74, 92, 100}
	}
	n := c.chance.IntN(100)
	for i, share := range shares {
		if n < share {
			return i
		}
	}
	return 0
}

// id is an id that no other hit of this crowd has: 64 bits as 16 letters. The privacy gate keeps the hash of an id in which
// it sees somebody's number, and what was sent must be found again.
func (c *Crowd) id() string {
	c.nextID++
	bits := c.nextID // what follows turns each number into another one, and no two into the same
	bits = (bits ^ bits>>30) * 0xbf58476d1ce4e5b9
	bits = (bits ^ bits>>27) * 0x94d049bb133111eb
	bits ^= bits >> 31
	var halves [16]byte
	spread := func(half uint32) uint64 { // each of 8 groups of 4 bits gets a byte of its own
		x := uint64(half)
		x = (x | x<<16) & 0x0000ffff0000ffff
		x = (x | x<<8) & 0x00ff00ff00ff00ff
		x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
		return x + 0x6161616161616161
	}
	binary.BigEndian.PutUint64(halves[:8], spread(uint32(bits>>32)))
	binary.BigEndian.PutUint64(halves[8:], spread(uint32(bits))) //nolint:gosec // the lower half is meant
	return string(halves[:])
}

// ID is an id for what else happened to somebody of this crowd.
func (c *Crowd) ID() string { return c.id() }

// lot draws things as often as their weights say.
type lot[T any] struct {
	things []T
	upTo   []int
}

func newLot[T any](things []T, weight func(*T) int) lot[T] {
	l := lot[T]{things: things, upTo: make([]int, len(things))}
	sum := 0
	for i := range things {
		sum += weight(&things[i])
		l.upTo[i] = sum
	}
	return l
}

func (l *lot[T]) draw(chance *rand.Rand) *T {
	n := chance.IntN(l.upTo[len(l.upTo)-1])
	low, high := 0, len(l.upTo)-1
	for low < high {
		if middle := (low + high) / 2; l.upTo[middle] > n {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return &l.things[low]
}

// Weight is how busy a moment is; the mean over a week is about 1.
func (c *Crowd) Weight(at time.Time) float64 { return c.calendar.Weight(at) }

// Visitors is how many there were so far, bots included.
func (c *Crowd) Visitors() uint64 { return c.nextName }
