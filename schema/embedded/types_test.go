package embedded_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"mayak/schema/clickhouse/clickhousetest"
)

// columnCase is a type with values in it, as a whole column is appended and as each row is read.
type columnCase struct {
	column string // its type in SQL
	append any    // a slice, for batch.Column(i).Append
	want   []any  // what Scan gives
}

func columnCases() []columnCase {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	moment := time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC)
	exact := moment.Add(345 * time.Millisecond)
	ids := []uuid.UUID{uuid.MustParse("61f0c404-5cb3-11e7-907b-a6006ad3dba0"), uuid.Nil}
	word := "word"
	return []columnCase{
		{"UInt8", []uint8{0, 255}, []any{uint8(0), uint8(255)}},
		{"UInt16", []uint16{0, 65535}, []any{uint16(0), uint16(65535)}},
		{"UInt32", []uint32{0, 1<<32 - 1}, []any{uint32(0), uint32(1<<32 - 1)}},
		{"UInt64", []uint64{0, 1<<64 - 1}, []any{uint64(0), uint64(1<<64 - 1)}},
		{"Int8", []int8{-128, 127}, []any{int8(-128), int8(127)}},
		{"Int16", []int16{-1 << 15, 1<<15 - 1}, []any{int16(-1 << 15), int16(1<<15 - 1)}},
		{"Int32", []int32{-1 << 31, 1<<31 - 1}, []any{int32(-1 << 31), int32(1<<31 - 1)}},
		{"Int64", []int64{-1 << 63, 1<<63 - 1}, []any{int64(-1 << 63), int64(1<<63 - 1)}},
		{"Float32", []float32{-1.5, 3e38}, []any{float32(-1.5), float32(3e38)}},
		{"Float64", []float64{-1.5, 1e300}, []any{-1.5, 1e300}},
		{"Bool", []bool{true, false}, []any{true, false}},
		{"String", []string{"", "қазақша\x00\n'`\\"}, []any{"", "қазақша\x00\n'`\\"}},
		{"FixedString(4)", []string{"abcd", "ef\x00\x00"}, []any{"abcd", "ef\x00\x00"}},
		{"LowCardinality(String)", []string{"kz", "ru"}, []any{"kz", "ru"}},
		{"LowCardinality(Nullable(String))", []*string{nil, &word}, []any{(*string)(nil), &word}},
		{"Nullable(String)", []*string{&word, nil}, []any{&word, (*string)(nil)}},
		{"Nullable(UInt32)", []*uint32{nil, new(uint32)}, []any{(*uint32)(nil), new(uint32)}},
		{"Date", []time.Time{day, time.Unix(0, 0).UTC()}, []any{day, time.Unix(0, 0).UTC()}},
		{"DateTime('UTC')", []time.Time{moment, time.Unix(0, 0).UTC()}, []any{moment, time.Unix(0, 0).UTC()}},
		{"DateTime64(3, 'UTC')", []time.Time{exact, moment}, []any{exact, moment}},
		{"UUID", ids, []any{ids[0], ids[1]}},
		{"IPv4", []net.IP{net.IPv4(2, 132, 0, 1).To4(), net.IPv4zero.To4()}, []any{net.IPv4(2, 132, 0, 1).To4(), net.IPv4zero.To4()}},
		{"IPv6", []net.IP{net.ParseIP("2a03:32c0::1"), net.IPv6zero}, []any{net.ParseIP("2a03:32c0::1"), net.IPv6zero}},
		{"Enum8('refused' = 0, 'essential' = 1)", []string{"essential", "refused"}, []any{"essential", "refused"}},
		{"Array(String)", [][]string{{"a", "b"}, {}}, []any{[]string{"a", "b"}, []string{}}},
		{"Array(LowCardinality(String))", [][]string{{"a", "b"}, {}}, []any{[]string{"a", "b"}, []string{}}},
		{
			"Map(LowCardinality(String), String)",
			[]map[string]string{{"plan": "x", "": "y"}, {}},
			[]any{map[string]string{"plan": "x", "": "y"}, map[string]string{}},
		},
		{"Tuple(String, UInt8)", [][]any{{"a", uint8(1)}, {"", uint8(0)}}, []any{[]any{"a", uint8(1)}, []any{"", uint8(0)}}},
		{
			"Decimal(18, 4)",
			[]decimal.Decimal{decimal.RequireFromString("-12.3456"), decimal.Zero},
			[]any{decimal.RequireFromString("-12.3456"), decimal.RequireFromString("0.0000")},
		},
		{"SimpleAggregateFunction(sum, UInt64)", []uint64{1, 2}, []any{uint64(1), uint64(2)}},
	}
}

func TestEveryColumnTypeGoesInAndComesOut(t *testing.T) {
	db := clickhousetest.New(t)
	for _, method := range []string{"none", "lz4", "zstd", "gzip", "deflate", "br"} {
		t.Run(method, func(t *testing.T) {
			ctx := context.Background()
			conn := connect(t, db.DSN+"?enable_http_compression=1&compress="+method)
			table := "types_" + method
			cases := columnCases()
			columns := []string{"n UInt8"}
			for i, c := range cases {
				columns = append(columns, fmt.Sprintf("c%d %s", i, c.column))
			}
			mustExec(t, conn, "CREATE TABLE "+table+" ("+strings.Join(columns, ", ")+") ENGINE = MergeTree ORDER BY n")
			batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table)
			if err != nil {
				t.Fatal(err)
			}
			must(t, batch.Column(0).Append([]uint8{0, 1}))
			for i, c := range cases {
				if err := batch.Column(i + 1).Append(c.append); err != nil {
					t.Fatalf("append %s: %v", c.column, err)
				}
			}
			must(t, batch.Send())
			for i, c := range cases {
				rows, err := conn.Query(ctx, fmt.Sprintf("SELECT c%d FROM %s ORDER BY n", i, table))
				if err != nil {
					t.Fatalf("read %s: %v", c.column, err)
				}
				for row := 0; rows.Next(); row++ {
					if diff := cmp.Diff(c.want[row], scanOne(t, rows), cmpopts.EquateEmpty()); diff != "" {
						t.Errorf("%s, row %d (-want +got):\n%s", c.column, row, diff)
					}
				}
				must(t, rows.Err())
			}
		})
	}
}

func TestAggregateStatesAreMergedAcrossBlocks(t *testing.T) {
	ctx := context.Background()
	conn := clickhousetest.New(t).Conn(t)
	mustExec(t, conn, "CREATE TABLE states (k UInt8, visitors AggregateFunction(uniq, UInt64)) ENGINE = AggregatingMergeTree ORDER BY k")
	mustExec(t, conn, "INSERT INTO states SELECT 1, uniqState(number) FROM numbers(100)")
	mustExec(t, conn, "INSERT INTO states SELECT 1, uniqState(number + 50) FROM numbers(100)")
	var merged uint64
	must(t, conn.QueryRow(ctx, "SELECT uniqMerge(visitors) FROM states").Scan(&merged))
	if merged != 150 {
		t.Errorf("uniqMerge = %d, want 150", merged)
	}
	// The client knows no such column; saying so is better than a block it cannot read.
	_, err := conn.Query(ctx, "SELECT visitors FROM states") //nolint:gocritic // there are no rows to close
	if code := exceptionCode(err); code != 48 {
		t.Errorf("a bare state gives %v, want NOT_IMPLEMENTED", err)
	}
}

func TestBatchOfSeveralBlocksArrivesWhole(t *testing.T) {
	ctx := context.Background()
	conn := clickhousetest.New(t).Conn(t)
	mustExec(t, conn, "CREATE TABLE many (n UInt64, s LowCardinality(String)) ENGINE = MergeTree ORDER BY n")
	const rows = 600_000 // the profile's blocks hold 262,144
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO many")
	if err != nil {
		t.Fatal(err)
	}
	numbers, words := make([]uint64, rows), make([]string, rows)
	for i := range numbers {
		numbers[i], words[i] = uint64(i), fmt.Sprint("word", i%1000)
	}
	must(t, batch.Column(0).Append(numbers))
	must(t, batch.Column(1).Append(words))
	started := time.Now()
	must(t, batch.Send())
	t.Logf("%.1f M rows/s inserted", rows/time.Since(started).Seconds()/1e6)
	var count, sum, distinct uint64
	must(t, conn.QueryRow(ctx, "SELECT count(), sum(n), uniqExact(s) FROM many").Scan(&count, &sum, &distinct))
	if count != rows || sum != rows*(rows-1)/2 || distinct != 1000 {
		t.Errorf("count, sum, distinct = %d, %d, %d", count, sum, distinct)
	}
}
