package diagnose

import "slices"

// Dimension is something that visitors differ in.
type Dimension string

// The dimensions that an incident may be confined to.
const (
	Country     Dimension = "country"
	ASN         Dimension = "asn"
	Path        Dimension = "path"
	Section     Dimension = "section" // first segment of the path
	Device      Dimension = "device"
	Browser     Dimension = "browser"
	Protocol    Dimension = "protocol"
	NetworkKind Dimension = "network_kind"
)

// Dimensions lists them.
func Dimensions() []Dimension {
	return []Dimension{Country, ASN, Path, Section, Device, Browser, Protocol, NetworkKind}
}

// Cell is what a signal showed of a part of the visitors.
type Cell struct {
	Count float64 // views, times or answers
	Bad   float64 // of these, slow or failed ones; of views nothing
	Value float64 // times: their p75
}

// Slice is a part of the visitors, while something is wrong and before.
type Slice struct {
	Dimension Dimension
	Value     string
	Now       Cell
	Before    Cell
}

// Cause is what an incident is confined to.
type Cause struct {
	Dimension Dimension `json:"dimension"`
	Value     string    `json:"value"`
	Share     float64   `json:"share"` // of what is too much, or missing
	Ratio     float64   `json:"ratio"` // of this part, times what it was before
}

const (
	leastShare  = 0.6  // a cause explains so much of it
	leastExcess = 0.25 // and so much more than its share of the visitors
	leastBad    = 3    // of so many visitors
)

// Explain finds the part of the visitors that most of the change is of; false means that there is none, and it concerns everybody.
// scale is how much longer the time now is than the time before; everybody is the slice of all.
func Explain(s Signal, everybody Slice, parts []Slice, scale float64) (Cause, bool) {
	whole := excess(s, everybody, everybody, scale)
	if whole <= 0 {
		return Cause{}, false
	}
	var best Cause
	most := leastExcess
	for _, one := range parts {
		own := excess(s, one, everybody, scale)
		share := min(1, own/whole)
		// Rounded, so that of two names for the same visitors the first one counts.
		if more := share - weight(s, one, everybody); own >= leastBad && share >= leastShare && one.Value != "" && more > most+0.01 {
			most = more
			best = Cause{Dimension: one.Dimension, Value: one.Value, Share: share, Ratio: ratio(s, one, everybody, scale)}
		}
	}
	return best, best.Dimension != ""
}

// excess is how many bad ones a slice has more than it would have if all were as before.
func excess(s Signal, of, everybody Slice, scale float64) float64 {
	if s == Views {
		return of.Before.Count*scale - of.Now.Count
	}
	return of.Now.Bad - of.Now.Count*usualRate(of, everybody)
}

// prior is how many of everybody's are added to a slice's own before: of few, chance tells nothing.
const prior = 20

func usualRate(of, everybody Slice) float64 {
	all := (everybody.Before.Bad + 0.5) / (everybody.Before.Count + 1)
	return (of.Before.Bad + prior*all) / (of.Before.Count + prior)
}

// weight is a slice's part of the visitors. Who cannot reach the server is not among those of now.
func weight(s Signal, of, everybody Slice) float64 {
	before := of.Before.Count / max(1, everybody.Before.Count)
	if s == Views || s == Network {
		return before
	}
	return max(before, of.Now.Count/max(1, everybody.Now.Count))
}

func ratio(s Signal, of, everybody Slice, scale float64) float64 {
	switch {
	case s == Views:
		return of.Before.Count * scale / max(0.5, of.Now.Count)
	case s.isTime() && of.Before.Value > 0:
		return of.Now.Value / of.Before.Value
	case s.isTime():
		return of.Now.Value / max(1, everybody.Before.Value)
	}
	return of.Now.Bad / max(0.5, of.Now.Count*usualRate(of, everybody))
}

// Within are the slices of one part of the visitors that say more of it: other dimensions, and those that are no coarser name of the same.
func Within(cause Cause) []Dimension {
	return slices.DeleteFunc(Dimensions(), func(d Dimension) bool {
		switch cause.Dimension {
		case d:
			return true
		case Path:
			return d == Section
		case ASN:
			return d == Country || d == NetworkKind
		default:
		}
		return false
	})
}

// Ask tells the slices of those visitors who are in all of the given parts.
type Ask func(within []Cause) (everybody Slice, parts []Slice, err error)

// mostCauses is how many parts of parts an incident is confined to.
const mostCauses = 2

// Causes finds the part that explains most, and within it another one.
func Causes(s Signal, scale float64, ask Ask) ([]Cause, error) {
	causes := []Cause{}
	for len(causes) < mostCauses {
		everybody, parts, err := ask(causes)
		if err != nil {
			return causes, err
		}
		if len(causes) > 0 {
			further := Within(causes[0])
			parts = slices.DeleteFunc(parts, func(p Slice) bool { return !slices.Contains(further, p.Dimension) })
		}
		cause, found := Explain(s, everybody, parts, scale)
		if !found {
			break
		}
		causes = append(causes, cause)
	}
	return causes, nil
}
