package deliver_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	native "github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/deliver"
	"mayak/collector/spool"
	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/nativetest"
	"mayak/schema/event"
)

// tables are the columns of the migrated tables, as the real engine names their types.
func (b *bench) tables() map[string][]nativetest.Column {
	b.Helper()
	found := map[string][]nativetest.Column{}
	rows, err := b.conn.Query(b.Context(), "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND table IN ('events', 'network_log') ORDER BY table, position")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // read to its end
	for rows.Next() {
		var table string
		var column nativetest.Column
		if err := rows.Scan(&table, &column.Name, &column.Type); err != nil {
			b.Fatal(err)
		}
		found[table] = append(found[table], column)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return found
}

// native starts a server with our tables that fails its first inserts in the ways given.
func (b *bench) native(faults ...nativetest.Fault) (server *nativetest.Server, dsn string) {
	b.Helper()
	server = nativetest.Start(b, nativetest.Options{User: "mayak", Password: "word", Tables: b.tables(), Faults: faults})
	return server, "clickhouse://mayak:word@" + server.Addr + "/" + b.db.Name
}

func TestOverTheNativeProtocolEveryFieldArrivesInItsColumn(t *testing.T) {
	for _, compression := range []string{"lz4", "none"} {
		t.Run(compression, func(t *testing.T) {
			b := newBench(t)
			server, dsn := b.native()
			bare := event.Record{Event: event.Event{Site: "demo", Time: time.UnixMilli(1).UTC(), Received: time.Unix(2, 0).UTC(), ID: "id-2"}}
			b.append(full(), bare)
			b.seal()
			b.deliver(t.Context(), dsn+"?compress="+compression)

			inserts := server.Inserts()
			if len(inserts) != 2 || inserts[0].Table != "events" || inserts[1].Table != "network_log" {
				t.Fatalf("inserts %+v", inserts)
			}
			for _, insert := range inserts {
				if insert.Compressed != (compression == "lz4") || insert.Settings["insert_deduplicate"] != "1" || insert.Settings["async_insert"] != "0" {
					t.Errorf("%s: compressed %v, settings %v", insert.Table, insert.Compressed, insert.Settings)
				}
			}
			if len(inserts[0].Rows) != 2 {
				t.Fatalf("%d rows", len(inserts[0].Rows))
			}
			equal := cmpopts.EquateComparable(netip.Addr{})
			if diff := cmp.Diff(fullRow(), inserts[0].Rows[0], equal); diff != "" {
				t.Errorf("events, full (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(bareRow(), inserts[0].Rows[1], equal); diff != "" {
				t.Errorf("events, bare (-want +got):\n%s", diff)
			}
			wantNetwork := []map[string]any{{
				"site": "demo", "ts": full().Event.Time, "id": "id-1", "address": netip.MustParseAddr("::ffff:2.132.0.1"), "user_agent": "Agent/1.0",
			}}
			if diff := cmp.Diff(wantNetwork, inserts[1].Rows, equal); diff != "" {
				t.Errorf("network_log (-want +got):\n%s", diff)
			}
		})
	}
}

func fullRow() map[string]any {
	return map[string]any{
		"site": "demo", "ts": time.Date(2026, 11, 22, 10, 11, 12, 345e6, time.UTC), "received": time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC),
		"type": "event", "origin": "pixel", "id": "id-1", "page": "page-1", "visitor": uint64(1<<63 + 7), "consent": "analytics", "policy_version": "2026-11",
		"hostname": "clinic.example", "path": "/қабылдау", "query": "tab=1", "title": "Қабылдау", "referrer_host": "yandex.kz", "channel": "organic search",
		"utm_source": "a", "utm_medium": "b", "utm_campaign": "c", "utm_term": "d", "utm_content": "e", "click_id": "gclid=x",
		"country": "KZ", "region": "75", "city": "Almaty", "asn": uint32(9198), "network": "2.132.0.0/24", "network_kind": "isp",
		"browser": "Yandex Browser", "browser_version": "25.1", "os": "Android", "os_version": "14", "device": "mobile", "brand": "Samsung",
		"model": "SM-A155F", "app": "Instagram", "app_version": "5.12.0", "bot": "x",
		"screen_width": uint16(412), "screen_height": uint16(915), "viewport_width": uint16(412), "viewport_height": uint16(780),
		"pixel_ratio": float32(2.625), "touch": uint8(5), "language": "kk-KZ", "timezone": "Asia/Almaty", "engaged_ms": uint32(12345), "scroll": uint8(80),
		"name": "signup", "props": map[string]string{"plan": "basic", "step": "2"}, "value": 9.5, "currency": "KZT", "vitals": map[string]float32{"lcp": 1800.5},
		"error_message": "m", "error_source": "s", "error_line": uint32(7), "error_column": uint32(9), "error_stack": "t", "error_kind": "error",
		"protocol": "h2", "status": uint16(503), "method": "GET", "bytes": uint64(1 << 40), "server_ms": float32(12.5), "duration_ms": float32(143.25),
		"phase": "application", "error_type": "TypeError", "fingerprint": uint64(1<<63 + 9), "weight": float32(20),
		"attribution": map[string]string{"lcp_element": "main>img"}, "reference": "K7QF9D2M",
	}
}

// bareRow is what stands in the columns of an event that has only what it must have.
func bareRow() map[string]any {
	row := map[string]any{}
	for name, value := range fullRow() {
		switch value.(type) {
		case string:
			row[name] = ""
		case uint8:
			row[name] = uint8(0)
		case uint16:
			row[name] = uint16(0)
		case uint32:
			row[name] = uint32(0)
		case uint64:
			row[name] = uint64(0)
		case float32:
			row[name] = float32(0)
		case float64:
			row[name] = float64(0)
		case map[string]string:
			row[name] = map[string]string{}
		case map[string]float32:
			row[name] = map[string]float32{}
		}
	}
	row["site"], row["id"], row["ts"], row["received"] = "demo", "id-2", time.UnixMilli(1).UTC(), time.Unix(2, 0).UTC()
	row["weight"] = float32(1) // a row stands for itself at least
	row["type"], row["consent"] = event.Type(0).String(), event.Level(0).String()
	return row
}

func TestOverTheNativeProtocolAnInterruptedSegmentIsSentAgainWithTheSameTokenAndRows(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults []nativetest.Fault
		whole  int // of the tries, how many came with all rows
	}{
		{"dropped at the query", []nativetest.Fault{{When: nativetest.AtQuery}}, 1},
		{"dropped in the middle of a block", []nativetest.Fault{{When: nativetest.InBlock}}, 1},
		{"dropped with all rows taken", []nativetest.Fault{{When: nativetest.AfterRows}}, 2},
		{"one after the other", []nativetest.Fault{{When: nativetest.InBlock}, {When: nativetest.AfterRows}, {When: nativetest.AtQuery}, {When: nativetest.AfterRows}}, 3},
		{"too many parts", []nativetest.Fault{{When: nativetest.AfterRows, Code: 252}}, 2},
		{"out of memory", []nativetest.Fault{{When: nativetest.AfterRows, Code: 241}}, 2},
		{"read-only at the query", []nativetest.Fault{{When: nativetest.AtQuery, Code: 242}}, 1},
		{"out of memory while the block is still being sent", []nativetest.Fault{{When: nativetest.InBlock, Code: 241}}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			server, dsn := b.native(tt.faults...)
			const rows = 20
			for i := range rows {
				r := full()
				r.Event.ID, r.Event.Path, r.Network = fmt.Sprint("id-", i), fmt.Sprint("/", i), event.Network{}
				b.append(r)
			}
			b.seal()
			b.deliver(t.Context(), dsn)

			tries := inserts(server, "events")
			if len(tries) != len(tt.faults)+1 {
				t.Fatalf("%d tries, want %d", len(tries), len(tt.faults)+1)
			}
			last, whole := tries[len(tries)-1], 0
			if len(last.Rows) != rows || last.Rows[rows-1]["path"] != "/19" {
				t.Fatalf("%d rows in the last try", len(last.Rows))
			}
			for i, try := range tries {
				if token := try.Settings["insert_deduplication_token"]; token == "" || token != last.Settings["insert_deduplication_token"] {
					t.Errorf("try %d has the token %q, the last %q", i, token, last.Settings["insert_deduplication_token"])
				}
				if len(try.Rows) == 0 {
					continue
				}
				whole++
				if diff := cmp.Diff(last.Rows, try.Rows); diff != "" {
					t.Errorf("try %d differs from the last (-last +try):\n%s", i, diff)
				}
			}
			if whole != tt.whole {
				t.Errorf("%d tries came whole, want %d", whole, tt.whole)
			}
			if segments, records, _ := b.spool.Pending(); segments != 0 || records != 0 {
				t.Errorf("%d segments, %d records still pending", segments, records)
			}
		})
	}
}

func inserts(server *nativetest.Server, table string) (found []nativetest.Insert) {
	for _, insert := range server.Inserts() {
		if insert.Table == table {
			found = append(found, insert)
		}
	}
	return found
}

func TestOverTheNativeProtocolARefusedSegmentIsSetAsideWithoutItsData(t *testing.T) {
	for _, when := range []nativetest.Moment{nativetest.AtQuery, nativetest.AfterRows} {
		b := newBench(t)
		server, dsn := b.native(nativetest.Fault{When: when, Code: 53})
		b.append(full())
		b.seal()
		b.deliver(t.Context(), dsn)
		if n := len(server.Inserts()); n != 1 {
			t.Errorf("%d inserts, want 1", n)
		}
		found, err := spool.Inspect(filepath.Join(b.dir, "spool"))
		if err != nil || len(found) != 1 || found[0].State != "refused" {
			t.Fatalf("spool holds %+v, %v", found, err)
		}
		if want := "insert events: database answered code 53"; found[0].Reason != want {
			t.Errorf("reason %q, want %q", found[0].Reason, want)
		}
	}
}

func TestOverTheNativeProtocolEventsWaitForAServerThatIsAway(t *testing.T) {
	b := newBench(t)
	server, dsn := b.native(nativetest.Fault{When: nativetest.AtQuery}, nativetest.Fault{When: nativetest.AtQuery})
	server.GoAway()
	b.append(full())
	b.seal()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	b.deliver(ctx, dsn)
	cancel()
	if _, records, _ := b.spool.Pending(); records != 1 || len(server.Inserts()) != 0 {
		t.Fatalf("%d records pending, want 1; %d inserts, want 0", records, len(server.Inserts()))
	}
	server.Return()
	b.deliver(t.Context(), dsn)
	if tries := inserts(server, "events"); len(tries) != 3 || len(tries[2].Rows) != 1 {
		t.Errorf("inserts %+v", tries)
	}
}

// ownTypes lets the driver ask the server for the table's types, as it does over the native protocol, and encode with those.
type ownTypes struct{ native.Conn }

func (c ownTypes) PrepareBatch(ctx context.Context, query string, options ...native.PrepareBatchOption) (native.Batch, error) {
	return c.Conn.PrepareBatch(driver.Context(ctx, driver.WithColumnNamesAndTypes(nil)), query, options...)
}

func (c ownTypes) InsertFormat(context.Context, string, string, io.Reader) error {
	return driver.ErrFormatNativeUnsupported
}

// The columns are encoded by the same code for either protocol: what the engine takes of them here, a server takes there.
func TestTheEngineTakesColumnsEncodedInTheTablesOwnTypes(t *testing.T) {
	b := newBench(t)
	conn, err := clickhouse.Open(clickhouse.Options{DSN: b.db.DSN})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // nothing is left unsent
	const rows = 300                    // so that a dictionary's index takes more than a byte
	for i := range rows {
		r := full()
		if r.Event.ID, r.Event.Path = fmt.Sprint("id-", i), fmt.Sprint("/", i); i%2 == 0 {
			r.Event.Path, r.Event.Props, r.Event.Vitals = "", nil, nil
		}
		b.append(r)
	}
	b.seal()
	d := deliver.New(deliver.Options{
		Spool: b.spool, Conn: ownTypes{conn}, Sealer: b.sealer, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	if err := d.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var arrived, paths, props, vitals, addresses uint64
	err = b.conn.QueryRow(t.Context(), `SELECT count(), uniqExact(path), countIf(toString(props) = '{\'plan\':\'basic\',\'step\':\'2\'}'), countIf(vitals['lcp'] = 1800.5),
		(SELECT count() FROM network_log WHERE address = toIPv6('2.132.0.1')) FROM events WHERE channel = 'organic search' AND ts = toDateTime64('2026-11-22 10:11:12.345', 3, 'UTC')`).
		Scan(&arrived, &paths, &props, &vitals, &addresses)
	if err != nil {
		t.Fatal(err)
	}
	if arrived != rows || paths != rows/2+1 || props != rows/2 || vitals != rows/2 || addresses != rows {
		t.Errorf("%d rows, %d paths, %d with props, %d with vitals, %d addresses", arrived, paths, props, vitals, addresses)
	}
}
