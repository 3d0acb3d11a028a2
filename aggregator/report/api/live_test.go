package api

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestSmallGroupsAreSummed(t *testing.T) {
	group := func(value string, visitors uint64) Group { return Group{"path", value, visitors, false} }
	other := func(visitors uint64) Group { return Group{"path", "", visitors, true} }
	for _, tt := range []struct {
		name string
		all  []Group
		want []Group
	}{
		{"large ones are named", []Group{group("/a", 12), group("/b", 20)}, []Group{group("/b", 20), group("/a", 12)}},
		{"small ones are summed", []Group{group("/a", 12), group("/b", 6), group("/c", 5)}, []Group{group("/a", 12), other(11)}},
		{"a sum that is small takes the next", []Group{group("/a", 12), group("/b", 20), group("/c", 3)}, []Group{group("/b", 20), other(15)}},
		{"nobody", nil, []Group{}},
		{"only few", []Group{group("/a", 3)}, []Group{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fold("path", tt.all, 10, false), cmp.AllowUnexported(Group{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoGroupOfFewIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		smallest := rapid.IntRange(2, 20).Draw(t, "smallest")
		var all []Group
		sum := uint64(0)
		for i, n := range rapid.SliceOfN(rapid.Uint64Range(1, 40), 0, 30).Draw(t, "groups") {
			all = append(all, Group{"path", string(rune('a' + i)), n, false})
			sum += n
		}
		told := uint64(0)
		list := fold("path", all, smallest, false)
		for _, g := range list {
			if g.Visitors < uint64(smallest) {
				t.Fatalf("a group of %d is told, the smallest is %d: %v", g.Visitors, smallest, list)
			}
			told += g.Visitors
		}
		if left := sum - told; told > sum || left >= uint64(smallest) {
			t.Fatalf("%d of %d are told of: %v", told, sum, list)
		}
	})
}

func TestAListenerIsToldWhatChanges(t *testing.T) {
	visitors := uint64(12)
	now := &Now{At: 1, Visitors: &visitors, Views: make([]uint64, 30)}
	begin := time.Unix(1_790_000_000, 0)
	l := listener{}
	if got := l.next(now, begin); !strings.HasPrefix(got, "event: now\ndata: {\"at\":1,") || !strings.HasSuffix(got, "}\n\n") {
		t.Errorf("first: %q", got)
	}
	now.At = 2
	if got := l.next(now, begin.Add(2*time.Second)); got != "" {
		t.Errorf("nothing changed but the time: %q", got)
	}
	if got := l.next(now, begin.Add(liveQuiet)); !strings.Contains(got, `"at":2`) {
		t.Errorf("the same holds later: %q", got)
	}
	visitors = 13
	if got := l.next(now, begin.Add(liveQuiet+2*time.Second)); !strings.Contains(got, `"visitors":13`) {
		t.Errorf("somebody came: %q", got)
	}
	if got := l.next(nil, begin.Add(liveQuiet+4*time.Second)); got != "" {
		t.Errorf("nothing is known: %q", got)
	}
	if got := l.next(nil, begin.Add(2*liveQuiet+2*time.Second)); got != ":\n\n" {
		t.Errorf("the connection lives: %q", got)
	}
}
