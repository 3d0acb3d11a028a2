package retention

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/policy"
)

func TestTTLsAreFoundInTheDatabasesOwnWords(t *testing.T) {
	query := "CREATE TABLE mayak.events (`site` LowCardinality(String) COMMENT 'id, as in \\'sites\\' TTL (of it)', " +
		"`props` Array(Tuple(key String, value String)) COMMENT 'a, b' CODEC(ZSTD(1)) TTL toDateTime(ts) + toIntervalDay(9), " +
		"`ts` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta(8), ZSTD(1)), `odd TTL name` String, " +
		"INDEX start_range ts TYPE minmax GRANULARITY 1) ENGINE = MergeTree ORDER BY site TTL toDateTime(ts) + toIntervalDay(400) SETTINGS index_granularity = 8192"
	if diff := cmp.Diff(map[string]string{"props": "toDateTime(ts) + toIntervalDay(9)"}, columnTTLs(query)); diff != "" {
		t.Errorf("of columns: %s", diff)
	}
	for engine, want := range map[string]string{
		"MergeTree ORDER BY site TTL toDateTime(ts) + toIntervalDay(400) SETTINGS index_granularity = 8192":  "toDateTime(ts) + toIntervalDay(400)",
		"MergeTree ORDER BY site TTL window + toIntervalDay(4) WHERE tier = '5m', window + toIntervalDay(9)": "window + toIntervalDay(4) WHERE tier = '5m', window + toIntervalDay(9)",
		"MergeTree ORDER BY site SETTINGS index_granularity = 8192":                                          "",
	} {
		if got := tableTTL(engine); got != want {
			t.Errorf("tableTTL(%q) = %q, want %q", engine, got, want)
		}
	}
	for _, broken := range []string{"", "CREATE TABLE x", "CREATE TABLE x (", "CREATE TABLE x (`a", "CREATE TABLE x (`a` String 'b"} {
		if got := columnTTLs(broken); len(got) > 0 {
			t.Errorf("columnTTLs(%q) = %v", broken, got)
		}
	}
}

func TestWhatATTLKeepsIsRead(t *testing.T) {
	at := time.Unix(8640000, 0)
	for ttl, want := range map[string]string{
		"":                             "(0)",
		"ts + toIntervalDay(9)":        "(0 OR (ts + toIntervalDay(9)) <= toDateTime(8640000, 'UTC'))",
		"ts + toIntervalDay(9) DELETE": "(0 OR (ts + toIntervalDay(9)) <= toDateTime(8640000, 'UTC'))",
		"ts + toIntervalDay(4) WHERE tier = 'a, b', toDateTime(ts) + toIntervalDay(9)": "(0 OR (ts + toIntervalDay(4)) <= toDateTime(8640000, 'UTC') AND (tier = 'a, b')" +
			" OR (toDateTime(ts) + toIntervalDay(9)) <= toDateTime(8640000, 'UTC'))",
		"ts + toIntervalDay(1) TO VOLUME 'cold', ts + toIntervalDay(9)": "(0 OR (ts + toIntervalDay(9)) <= toDateTime(8640000, 'UTC'))",
	} {
		if got := pastBy(ttl, at); got != want {
			t.Errorf("pastBy(%q) = %s, want %s", ttl, got, want)
		}
	}
}

func TestAPurposeIsServedForAsLongAsOneOfItsColumns(t *testing.T) {
	const days = policy.Retention(24 * time.Hour)
	one := table{age: "ts", Table: policy.Table{Age: "ts", Retention: 30 * days, Columns: map[string]policy.Column{
		"ts":    {Purpose: []string{"analytics"}},
		"path":  {Purpose: []string{"analytics"}, Retention: 7 * days},
		"click": {Purpose: []string{"advertising"}, Retention: 9 * days},
	}}}
	want := map[string][]string{"analytics": nil, "advertising": {"click"}}
	if diff := cmp.Diff(want, one.purposes()); diff != "" {
		t.Errorf("purposes: %s", diff)
	}
	at := time.Unix(100*24*3600, 0)
	if got, want := one.past(at), "(ts < toDateTime(6048000, 'UTC'))"; got != want {
		t.Errorf("past = %s, want %s", got, want)
	}
	if got, want := one.overdue("advertising", at),
		"(ts < toDateTime(6048000, 'UTC')) OR ts < toDateTime(7862400, 'UTC') AND (`click` != defaultValueOfArgumentType(`click`))"; got != want {
		t.Errorf("overdue = %s, want %s", got, want)
	}
}
