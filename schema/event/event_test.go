package event_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"mayak/schema/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

func equal() cmp.Options {
	return cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
}

func records() map[string]event.Record {
	at := time.Date(2026, 11, 22, 10, 11, 12, 345e6, time.UTC)
	return map[string]event.Record{
		"empty": {},
		"refused": {Event: event.Event{
			Site: "demo", Time: at.Truncate(time.Minute), Received: at.Truncate(time.Minute), ID: "aZ09_-", PolicyVersion: "2026-11",
		}},
		"imported": {Event: event.Event{Site: "demo", Time: at, Received: at.Truncate(time.Second), ID: "id", Path: "/", Origin: event.Log}},
		"decided": {
			Event: event.Event{
				Site: "demo", Time: at, Visitor: 7, Consent: event.Refused, PolicyVersion: "2026-11", Language: "kk",
			},
			Consent: event.Consent{Receipt: "K7QF-9D2M", Action: event.Withdrawn, How: "page"},
		},
		"app": {Event: event.Event{
			Site: "demo", Time: at, Received: at.Truncate(time.Second), ID: "id", Path: "/Doctors", Origin: event.API,
			Agent: event.Agent{OS: "iOS", Device: "mobile", App: "kz.clinic", AppVersion: "5.12.0 (340)"},
		}},
		"reported": {Event: event.Event{
			Site: "demo", Time: at, Received: at.Truncate(time.Second), ID: "id", Path: "/", Origin: event.Report, Type: event.BrowserReport,
			Error:    event.Error{Kind: "network-error", Type: "tcp.timed_out", Fingerprint: 1 << 63},
			Exchange: event.Exchange{Protocol: "h2", Method: "GET", Phase: "connection", Status: 503, Bytes: 1 << 40, ServerMS: 12.5, DurationMS: 143.25},
			Weight:   20, Reference: "K7QF9D2M", Attribution: []event.Pair{{Key: "lcp_element", Value: "main>img"}, {Key: "navigation"}},
		}},
		"full": {Event: event.Event{
			Site: "demo", Time: at, Received: at.Truncate(time.Second), Type: event.ScriptError, ID: "id", Page: "page",
			Visitor: 1<<64 - 1, Consent: event.Advertising, PolicyVersion: "2026-11", Hostname: "h", Path: "/қабылдау", Query: "q=1",
			Title: "Т", ReferrerHost: "r", Channel: "direct", ClickID: "gclid=1", Language: "kk", TimeZone: "Asia/Almaty",
			Campaign: event.Campaign{Source: "1", Medium: "2", Name: "3", Term: "4", Content: "5"},
			Place:    event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 4294967295, Network: "2.132.0.0/24"},
			Agent: event.Agent{
				Browser: "a", BrowserVersion: "b", OS: "c", OSVersion: "d", Device: "e", Brand: "f", Model: "g", App: "h", Bot: "i",
			},
			Screen:    event.Screen{Width: 65535, Height: 1, ViewportWidth: 2, ViewportHeight: 3, PixelRatio: 2.625, Touch: 255},
			EngagedMS: 4294967295, Scroll: 100, Name: "n", Props: []event.Pair{{Key: "k", Value: "v"}, {Key: "k2"}},
			Value: -9.75, Currency: "KZT", Vitals: []event.Measure{{Name: "cls", Value: 0.25}, {Name: "status"}},
			Error: event.Error{Message: "m", Source: "s", Stack: "t", Kind: "k", Line: 1, Column: 2},
		}},
	}
}

// A spool written by an older program must be read by every newer one, so the files of a version are never written anew.
func TestRecordsOfEveryVersionCanStillBeRead(t *testing.T) {
	for name, want := range records() {
		path := filepath.Join("testdata", name+".v1.golden")
		if *update {
			encoded, err := want.AppendBinary(nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(hex.Dump(encoded)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got event.Record
		if _, err := got.UnmarshalBinary(undump(t, string(text)), nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func undump(t *testing.T, text string) []byte {
	t.Helper()
	var out []byte
	for line := range strings.Lines(text) {
		if len(line) < 58 {
			continue
		}
		part, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line[10:58]), " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part...)
	}
	return out
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	sealer := newSealer(t)
	rapid.Check(t, func(t *rapid.T) {
		want := generate(t)
		encoded, err := want.AppendBinary(nil, sealer)
		if err != nil {
			t.Fatal(err)
		}
		var got event.Record
		sealed, err := got.UnmarshalBinary(encoded, sealer)
		if err != nil || sealed {
			t.Fatalf("sealed %v, %v", sealed, err)
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func generate(t *rapid.T) event.Record {
	text := func(label string) string { return rapid.String().Draw(t, label) }
	r := records()["full"]
	r.Event.Site, r.Event.Path, r.Event.Title = text("site"), text("path"), text("title")
	r.Event.Agent.Browser, r.Event.Place.City, r.Event.Error.Stack = text("browser"), text("city"), text("stack")
	r.Event.Place.NetworkKind = text("network kind")
	r.Event.Time = time.UnixMilli(rapid.Int64Range(1, 1e14).Draw(t, "time")).UTC()
	r.Event.Type = event.Type(rapid.IntRange(0, int(event.BrowserReport)).Draw(t, "type"))
	r.Event.Origin = event.Origin(rapid.Uint8().Draw(t, "origin"))
	r.Event.Visitor = rapid.Uint64().Draw(t, "visitor")
	r.Event.Value = rapid.Float64().Draw(t, "value")
	r.Event.Exchange = records()["reported"].Event.Exchange
	r.Event.Exchange.Status, r.Event.Exchange.Bytes = rapid.Uint16().Draw(t, "status"), rapid.Uint64().Draw(t, "bytes")
	r.Event.Error.Type, r.Event.Reference, r.Event.Weight = text("error type"), text("reference"), rapid.Float32().Draw(t, "weight")
	r.Event.Error.Fingerprint = rapid.Uint64().Draw(t, "fingerprint")
	if rapid.Bool().Draw(t, "with attribution") {
		r.Event.Attribution = records()["reported"].Event.Attribution
	}
	r.Event.Props = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event.Pair {
		return event.Pair{Key: rapid.String().Draw(t, "key"), Value: rapid.String().Draw(t, "value")}
	}), 0, 5).Draw(t, "props")
	if rapid.Bool().Draw(t, "with network") {
		r.Network.UserAgent = text("agent")
		var address [16]byte
		copy(address[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))
		r.Network.Address = netip.AddrFrom16(address).Unmap()
	}
	return r
}

func newSealer(tb testing.TB) *event.Sealer {
	tb.Helper()
	s, err := event.OpenSealer(filepath.Join(tb.TempDir(), "network.key"))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestNoAddressAndNoUserAgentStandsInARecordInTheClear(t *testing.T) {
	r := event.Record{Network: event.Network{Address: netip.MustParseAddr("203.0.113.77"), UserAgent: "PlantedAgent/1.0"}}
	encoded, err := r.AppendBinary(nil, newSealer(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, planted := range [][]byte{[]byte("PlantedAgent"), []byte("203.0.113.77"), {203, 0, 113, 77}} {
		if bytes.Contains(encoded, planted) {
			t.Errorf("the record holds %q", planted)
		}
	}
}

func TestARowSealedWithALostKeyCostsOnlyTheRow(t *testing.T) {
	r := records()["full"]
	r.Network = event.Network{Address: netip.MustParseAddr("203.0.113.77"), UserAgent: "a"}
	encoded, err := r.AppendBinary(nil, newSealer(t))
	if err != nil {
		t.Fatal(err)
	}
	var got event.Record
	sealed, err := got.UnmarshalBinary(encoded, newSealer(t))
	if err != nil || !sealed || got.Network != (event.Network{}) || got.Event.Site != "demo" {
		t.Errorf("sealed %v, %v, network %v, site %q", sealed, err, got.Network, got.Event.Site)
	}
}

func TestTheKeyIsKeptAndBelongsToItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "network.key")
	first, err := event.OpenSealer(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	second, err := event.OpenSealer(path)
	if err != nil {
		t.Fatal(err)
	}
	r := event.Record{Network: event.Network{Address: netip.MustParseAddr("203.0.113.77")}}
	encoded, err := r.AppendBinary(nil, first)
	if err != nil {
		t.Fatal(err)
	}
	var got event.Record
	if sealed, err := got.UnmarshalBinary(encoded, second); err != nil || sealed || got.Network.Address != r.Network.Address {
		t.Errorf("read again with the same key: sealed %v, %v", sealed, err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := event.OpenSealer(path); err == nil {
		t.Error("a damaged key was accepted")
	}
}

func TestARecordOfANewerProgramIsRefusedByName(t *testing.T) {
	var r event.Record
	if _, err := r.UnmarshalBinary([]byte{9, 1, 2}, nil); !errors.Is(err, event.ErrVersion) {
		t.Errorf("error = %v", err)
	}
}

func TestFieldsThatThisProgramDoesNotKnowAreSkipped(t *testing.T) {
	r := records()["full"]
	encoded, err := r.AppendBinary(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	encoded = append(encoded, 0xd2, 0x0f, 3, 'n', 'e', 'w', 0xd8, 0x0f, 7) // fields 250 (bytes) and 251 (varint)
	var got event.Record
	if _, err := got.UnmarshalBinary(encoded, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got, equal()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, r := range records() {
		encoded, err := r.AppendBinary(nil, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
		f.Add(encoded[:len(encoded)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r event.Record
		if _, err := r.UnmarshalBinary(data, nil); err != nil {
			return
		}
		again, err := r.AppendBinary(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var second event.Record
		if _, err := second.UnmarshalBinary(again, nil); err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
	})
}

// visited is a full record with its network row.
func visited() event.Record {
	r := records()["full"]
	r.Network = event.Network{Address: netip.MustParseAddr("2.132.7.9"), UserAgent: strings.Repeat("Mozilla/5.0 ", 12)}
	return r
}

func TestWritingTakesNoMemory(t *testing.T) {
	r, sealer := visited(), newSealer(t)
	buffer, err := r.AppendBinary(nil, sealer)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = r.AppendBinary(buffer[:0], sealer) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	r := visited()
	for name, sealer := range map[string]*event.Sealer{"clear": nil, "sealed": newSealer(b)} {
		b.Run(name, func(b *testing.B) {
			var buffer []byte
			b.ReportAllocs()
			for b.Loop() {
				buffer, _ = r.AppendBinary(buffer[:0], sealer)
			}
			b.ReportMetric(float64(len(buffer)), "bytes")
		})
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	r := records()["full"]
	encoded, err := r.AppendBinary(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.UnmarshalBinary(encoded, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNamesOfLevelsAndTypesAreReadAsTheyAreWritten(t *testing.T) {
	for i, name := range event.Levels() {
		if level, ok := event.ParseLevel(name); !ok || level != event.Level(i) || level.String() != name {
			t.Errorf("level %q reads as %v", name, level)
		}
	}
	for i, name := range event.Types() {
		if kind, ok := event.ParseType(name); !ok || kind != event.Type(i) || kind.String() != name {
			t.Errorf("type %q reads as %v", name, kind)
		}
	}
	if got := event.Log.String(); got != "log" {
		t.Errorf("the origin of a log is called %q", got)
	}
	if got := event.Origin(200).String() + event.NoOrigin.String(); got != "" {
		t.Errorf("an origin that nobody knows is called %q", got)
	}
	if kind, ok := event.ParseType(""); !ok || kind != event.PageView {
		t.Error("no type must be a page view")
	}
	if _, ok := event.ParseType("scream"); ok {
		t.Error("an unknown type was accepted")
	}
}
