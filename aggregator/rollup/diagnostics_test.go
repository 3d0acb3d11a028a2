package rollup_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/rollup"
)

// ask puts a day's numbers of a report together, from windows and from what no window holds yet.
func (w *world) ask(report, site, columns, where string) []string {
	w.t.Helper()
	text, err := w.reads.Select(w.t.Context(), rollup.Question{
		Report: report, Site: site, Since: time.Now().Add(-48 * time.Hour), Until: time.Now().Add(time.Hour), Grain: "total", Zone: "UTC",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.rows("SELECT " + columns + " FROM (" + text + ") WHERE " + where)
}

// Of a sample of 0.7 each row stands for 1.43: what they stand for is rounded once, or three in ten are lost.
func TestASampleStandsForWhatItIsOf(t *testing.T) {
	w := newWorld(t)
	site := w.site().ID
	insert := func(rows int, column, value string) {
		w.ids++
		w.exec(fmt.Sprintf("INSERT INTO events (site, ts, received, id, visitor, consent, path, network, weight, %s) SELECT '%s', now() - 7200 - number, now(), concat('%d-', toString(number)), 1 + number, 'essential', '/', '10.0.0.0/24', 1 / 0.7, %s FROM numbers(%d)",
			column, site, w.ids, value, rows))
	}
	insert(70, "type, error_kind, fingerprint", "'error', 'error', 7")
	insert(70, "type, vitals", "'vitals', map('status', 503., 'ttfb', 100.)")
	insert(70, "type, error_kind", "'report', 'network-error'")
	for _, when := range []string{"before a window holds them", "after"} {
		for _, tt := range []struct{ report, columns, want string }{
			{"errors", "errors, visitors", "(100,70)"},
			{"error_rates", "errors", "(100)"},
			{"statuses", "told_by, status, answers", "('browser',503,100)"},
			{"network_errors", "occurrences", "(100)"},
			{"clients", "requests, failures, refused, faults", "(210,100,0,200)"},
			{"server_side", "browser, browser_failures, server_failures", "(70,100,0)"},
		} {
			if diff := cmp.Diff([]string{tt.want}, w.ask(tt.report, site, tt.columns, "true")); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", tt.report, when, diff)
			}
		}
		w.settle(w.engine(w.conn))
	}
}

// The page's script and the server's own log tell of the same answers: each has its numbers, and nothing is the sum of both.
func TestWhatBrowserAndServerTellIsApart(t *testing.T) {
	w := newWorld(t)
	site := w.site().ID
	for _, tell := range []string{"'pageview', 0, 0, 'script', map()", "'vitals', 0, 0, 'script', map('ttfb', 90., 'status', 500.)", "'pageview', 500, 40, 'log', map()"} {
		w.ids++
		w.exec(fmt.Sprintf("INSERT INTO events (site, ts, received, id, visitor, consent, path, type, status, server_ms, origin, vitals) SELECT '%s', now() - 7200, now(), concat('%d-', toString(number)), 1 + number, 'essential', '/', %s FROM numbers(10)", site, w.ids, tell))
	}
	w.settle(w.engine(w.conn))
	for _, tt := range []struct {
		report, columns string
		want            []string
	}{
		{"statuses", "told_by, answers", []string{"('browser',10)", "('server',10)"}},
		{"clients", "told_by, requests, failures", []string{"('browser',20,10)", "('server',10,10)"}},
		{"server_side", "browser, browser_failures, server, server_failures", []string{"(10,10,10,10)"}},
	} {
		if diff := cmp.Diff(tt.want, w.ask(tt.report, site, tt.columns, "true")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.report, diff)
		}
	}
}

// How fast pages are is told by group, country, network, device and protocol, each with its three quantiles.
func TestVitalsAreToldByEveryDimension(t *testing.T) {
	w := newWorld(t)
	site := w.site().ID
	w.exec(fmt.Sprintf(`INSERT INTO events (site, ts, received, id, visitor, consent, type, path, country, asn, device, protocol, vitals)
		SELECT '%s', now() - 7200, now(), toString(number), 1 + number, 'essential', 'vitals', ['/a/1', '/b/2'][1 + number %% 2] AS path, 'KZ', 9198, 'mobile', 'h2',
			map('ttfb', if(number < 80, 100., 900.)) FROM numbers(100)`, site))
	w.settle(w.engine(w.conn))
	for dimension, values := range map[string]string{"group": "['/b','letters']", "path": "['/a/1','/b/2']", "country": "['KZ']", "asn": "['9198']", "device": "['mobile']", "protocol": "['h2']", "all": "['']"} {
		want := []string{fmt.Sprintf("(%s,100,1,1,1)", values)}
		got := w.ask("vitals", site, "arraySort(groupArray(value)), sum(samples), min(p50 BETWEEN 90 AND 110), min(p75 BETWEEN 90 AND 110), min(p95 BETWEEN 850 AND 950)", "dimension = '"+dimension+"' AND metric = 'ttfb'")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dimension, diff)
		}
	}
}
