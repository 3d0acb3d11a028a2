package risk

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func write(tb testing.TB, file, text string) {
	tb.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func TestListsHoldAddressesPrefixesAndNetworks(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "bad.txt"), "# known\n192.0.2.7\n198.51.100.0/24 # a rack\n\nas64500\n2001:db8:1::/48\n::ffff:203.0.113.0/120\n")
	write(t, filepath.Join(folder, "tor-exits.list"), "192.0.2.7\r\n2001:db8::9\r\n")
	write(t, filepath.Join(folder, "good.txt"), "198.51.100.5\n")
	write(t, filepath.Join(folder, "notes.md"), "not a list")
	lists, err := ReadLists(folder)
	if err != nil {
		t.Fatal(err)
	}
	bad, tor := Listing{Bad, "bad"}, Listing{Tor, "tor-exits"}
	for _, tt := range []struct {
		address string
		asn     uint32
		want    []Listing
	}{
		{"192.0.2.7", 0, []Listing{bad, tor}},
		{"::ffff:192.0.2.7", 0, []Listing{bad, tor}},
		{"192.0.2.8", 0, nil},
		{"192.0.2.8", 64500, []Listing{bad}},
		{"198.51.100.200", 0, []Listing{bad}},
		{"198.51.100.5", 0, nil}, // the good list wins
		{"203.0.113.1", 0, []Listing{bad}},
		{"2001:db8:1:2::1", 0, []Listing{bad}},
		{"2001:db8::9", 0, []Listing{tor}},
	} {
		if diff := cmp.Diff(tt.want, lists.Find(netip.MustParseAddr(tt.address), tt.asn)); diff != "" {
			t.Errorf("%s of AS%d (-want +got):\n%s", tt.address, tt.asn, diff)
		}
	}
}

func TestAWrongLineIsToldByItsNumberAndNotQuoted(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "bad.txt"), "192.0.2.7\n192.0.2.777\n")
	_, err := ReadLists(folder)
	if err == nil || !strings.Contains(err.Error(), "bad.txt, line 2: want an address") || strings.Contains(err.Error(), "777") {
		t.Errorf("error = %v", err)
	}
}

func TestListsFollowTheirFilesAndOutliveWhatIsWrongWithThem(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "lists")
	file, second := filepath.Join(folder, "bad.txt"), filepath.Join(folder, "worse.txt")
	address := netip.MustParseAddr("192.0.2.7")
	synctest.Test(t, func(t *testing.T) {
		lists, err := NewLists(folder, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = lists.Run(t.Context()) }()
		expect := func(step string, want int, refused float64) {
			t.Helper()
			time.Sleep(4 * listPoll) //nolint:forbidigo // the bubble's clock, which jumps
			synctest.Wait()
			if got := len(lists.Find(address, 0)); got != want {
				t.Errorf("%s: on %d lists, want %d", step, got, want)
			}
			if got := testutil.ToFloat64(lists.metrics.refused); got != refused {
				t.Errorf("%s: %v changes refused, want %v", step, got, refused)
			}
		}
		expect("no folder", 0, 0)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, file, "192.0.2.7\n192.0.2.17\n")
		expect("the file came", 1, 0)
		if got := testutil.ToFloat64(lists.metrics.entries.WithLabelValues("bad")); got != 2 {
			t.Errorf("%v entries, want 2", got)
		}
		if got := testutil.ToFloat64(lists.metrics.modified.WithLabelValues("bad")); got == 0 {
			t.Error("nothing says how old the list is")
		}
		write(t, file, "192.0.2.7\nnonsense\n")
		write(t, second, "192.0.2.7\n192.0.2.9\n")
		expect("one is wrong, the other is read", 2, 1)
		write(t, file, "192.0.2.1")
		expect("cut short within a line", 2, 2)
		write(t, file, "")
		expect("emptied by who is about to write", 2, 3)
		write(t, file, "192.0.2.8\n192.0.2.18\n")
		expect("the address went", 1, 3)
		moved := folder + ".away"
		if err := os.Rename(folder, moved); err != nil {
			t.Fatal(err)
		}
		expect("the folder is away", 1, 4)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		expect("an empty one is in its place", 1, 4)
		write(t, file, "192.0.2.8\n192.0.2.18\n")
		expect("one file of two is back", 0, 4)
		write(t, file, "# nothing is bad any more\n")
		expect("emptied on purpose", 0, 4)
	})
}

func FuzzList(f *testing.F) {
	f.Add([]byte("192.0.2.7\n2001:db8::/32 # x\nAS64500\n"))
	f.Add([]byte("::ffff:1.2.3.4/97\nAS0\n/"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseList("bad.txt", text)
		if err != nil {
			return
		}
		for address := range l.addresses {
			if !l.holds(address, 0) {
				t.Errorf("an address of the list is not found")
			}
		}
		for prefix := range l.prefixes {
			if !l.holds(prefix.Addr(), 0) && !prefix.Addr().Is4In6() {
				t.Errorf("the first address of a prefix is not found")
			}
		}
	})
}
