package visitor

import (
	"testing"

	"pgregory.net/rapid"
)

func saltGen() *rapid.Generator[Salt] {
	return rapid.Custom(func(t *rapid.T) (s Salt) {
		copy(s[:], rapid.SliceOfN(rapid.Byte(), len(s), len(s)).Draw(t, "salt"))
		return s
	})
}

func TestIDIsTheSameForTheSameVisitorOfADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := saltGen().Draw(t, "salt")
		src := Source{rapid.String().Draw(t, "site"), rapid.String().Draw(t, "network"), rapid.String().Draw(t, "agent")}
		if one, two := ID(s, src), ID(s, src); one != two || one == 0 {
			t.Fatal("one visitor has two ids, or none")
		}
	})
}

func TestIDChangesWithEachOfItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		today, tomorrow := saltGen().Draw(t, "today"), saltGen().Draw(t, "tomorrow")
		src := Source{rapid.String().Draw(t, "site"), rapid.String().Draw(t, "network"), rapid.String().Draw(t, "agent")}
		changed := []Source{
			{src.Site + "x", src.Network, src.UserAgent},
			{src.Site, src.Network + "x", src.UserAgent},
			{src.Site, src.Network, src.UserAgent + "x"},
		}
		for _, other := range changed {
			if ID(today, src) == ID(today, other) {
				t.Fatalf("%+v and %+v have one id", src, other)
			}
		}
		if today != tomorrow && ID(today, src) == ID(tomorrow, src) {
			t.Fatal("a visitor has the same id on two days")
		}
	})
}

func TestPartBoundariesMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := saltGen().Draw(t, "salt")
		text := rapid.StringN(2, 60, -1).Draw(t, "text")
		cut := func(name string) Source {
			i := rapid.IntRange(0, len(text)).Draw(t, name+" first")
			j := rapid.IntRange(i, len(text)).Draw(t, name+" second")
			return Source{text[:i], text[i:j], text[j:]}
		}
		a, b := cut("a"), cut("b")
		if (a == b) != (ID(s, a) == ID(s, b)) {
			t.Fatalf("%q and %q: same id %v", a, b, ID(s, a) == ID(s, b))
		}
	})
}

// The value fixes the construction: a collector of another version must give the same visitor the same id.
func TestIDIsFixed(t *testing.T) {
	s := Salt{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	got := ID(s, Source{Site: "demo", Network: "203.0.113.0/24", UserAgent: "Mozilla/5.0"})
	if want := uint64(0x91cc2c31b24b8c3a); got != want {
		t.Errorf("ID() = %#x, want %#x", got, want)
	}
}

func TestIDTakesNoMemory(t *testing.T) {
	src := Source{Site: "demo", Network: "203.0.113.0/24", UserAgent: string(make([]byte, 1024))}
	if n := testing.AllocsPerRun(100, func() { ID(Salt{1}, src) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkID(b *testing.B) {
	src := Source{
		Site: "demo", Network: "203.0.113.0/24",
		UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	}
	b.ReportAllocs()
	for b.Loop() {
		ID(Salt{1}, src)
	}
}
