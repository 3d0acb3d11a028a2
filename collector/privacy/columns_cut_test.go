package privacy

import (
	"math/bits"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/policy"
)

// full are facts in which nothing is empty.
func full() *Facts {
	f := &Facts{
		KeepChannel: true, Campaign: event.Campaign{Source: "s", Medium: "m", Name: "n", Term: "t", Content: "c"},
		Network: event.Network{Address: netip.MustParseAddr("37.99.42.77"), UserAgent: "agent"},
	}
	f.Event.Props, f.Event.Vitals = []event.Pair{{Key: "k", Value: "v"}}, []event.Measure{{Name: "lcp", Value: 1}}
	f.Event.Attribution = []event.Pair{{Key: "navigation", Value: "reload"}}
	for _, c := range columns() {
		switch v := reflect.ValueOf(c.at(f)).Elem(); v.Kind() {
		case reflect.String:
			v.SetString("xx-YY")
		case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			v.SetUint(99)
		case reflect.Float32, reflect.Float64:
			v.SetFloat(9.5)
		default: // filled above
		}
	}
	return f
}

// cutter cuts one column through a pointer to its field: how the gate did it before it had masks, and what they must equal.
type cutter struct {
	at     func(*Facts) any
	shrink func(v any)
}

func cutters(l *loss) []cutter {
	var all []cutter
	for _, c := range columns() {
		switch {
		case l.empty&c.bit != 0, l.emptyMore&c.more != 0:
			all = append(all, cutter{c.at, empty})
		case l.class&c.bit != 0:
			class := widthClass
			if c.name == "screen_height" {
				class = heightClass
			}
			all = append(all, cutter{c.at, func(v any) { *v.(*uint16) = class(*v.(*uint16)) }})
		case l.primary&c.bit != 0:
			all = append(all, cutter{c.at, func(v any) { *v.(*string), _, _ = strings.Cut(*v.(*string), "-") }})
		}
	}
	return all
}

func empty(v any) {
	switch v := v.(type) {
	case *string:
		*v = ""
	case *uint8:
		*v = 0
	case *uint16:
		*v = 0
	case *uint32:
		*v = 0
	case *uint64:
		*v = 0
	case *float32:
		*v = 0
	case *float64:
		*v = 0
	case *bool:
		*v = false
	case *netip.Addr:
		*v = netip.Addr{}
	case *[]event.Pair:
		*v = (*v)[:0]
	case *[]event.Measure:
		*v = (*v)[:0]
	}
}

func TestAMaskCutsItsColumnsAndNothingElse(t *testing.T) {
	var all mask
	var allMore more
	for _, c := range columns() {
		if bits.OnesCount64(uint64(c.bit))+bits.OnesCount8(uint8(c.more)) != 1 || all&c.bit != 0 || allMore&c.more != 0 {
			t.Errorf("%s.%s has no bit of its own", c.table, c.name)
		}
		all |= c.bit
		allMore |= c.more
	}
	equal := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	rapid.Check(t, func(t *rapid.T) {
		chosen := mask(rapid.Uint64().Draw(t, "columns")) & all
		shrunk := mask(rapid.Uint64().Draw(t, "shrunk"))
		l := loss{class: shrunk & chosen & (ofScreenWidth | ofScreenHeight), primary: shrunk & chosen & ofLanguage}
		l.empty = chosen &^ l.class &^ l.primary
		l.emptyMore = more(rapid.Uint8().Draw(t, "more")) & allMore
		got, want := full(), full()
		l.from(got)
		for _, c := range cutters(&l) {
			c.shrink(c.at(want))
		}
		if diff := cmp.Diff(want, got, equal); diff != "" {
			t.Errorf("%+v: (-want +got)\n%s", l, diff)
		}
	})
}

func TestWhatIsExplainedIsWhatIsDone(t *testing.T) {
	g := newGate(t, "")
	for level := range g.cuts {
		done, explained := full(), full()
		g.cuts[level].from(done)
		g.explain(event.Level(level), explained, &Notes{})
		if diff := cmp.Diff(done, explained, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", event.Level(level), diff)
		}
	}
}

func TestAGateIsNotMadeOfAFileThatForgetsAColumn(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"city", "ts", "error_kind"} {
		kept := p.Tables[eventsTable].Columns[name]
		delete(p.Tables[eventsTable].Columns, name)
		if _, err := compile(p); err == nil || !strings.Contains(err.Error(), "events."+name+" is stored") {
			t.Errorf("without %s: error = %v", name, err)
		}
		p.Tables[eventsTable].Columns[name] = kept
	}
	p.Tables[eventsTable].Columns["ctiy"] = p.Tables[eventsTable].Columns["city"]
	if _, err := compile(p); err == nil || !strings.Contains(err.Error(), "events.ctiy stands in the policy file") {
		t.Errorf("a column that nothing fills: error = %v", err)
	}
}

// What the masks cost, beside what a list of functions did in the same run.
func BenchmarkCut(b *testing.B) {
	g := newGate(b, "")
	f := clearOne(b, g, visit(func(h *hit.Hit) { h.Consent = "advertising" }))
	l := &g.cuts[event.Essential]
	b.Run("masks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.from(f)
		}
	})
	list := cutters(l)
	b.Run("functions", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i := range list {
				list[i].shrink(list[i].at(f))
			}
		}
	})
}
