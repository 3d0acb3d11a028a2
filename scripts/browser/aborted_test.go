package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// calledOff has the page call off what it asked for, in every way that there is, and then has one request fail.
const calledOff = `(async () => {
	for (const reason of [undefined, null, 'changed my mind', new Error('no')]) {
		const off = new AbortController();
		const gone = fetch('/api/slow/1', {signal: off.signal}).catch(() => 0);
		off.abort(reason);
		await gone;
	}
	await fetch(new Request('/api/slow/2', {signal: AbortSignal.abort(null)})).catch(() => 0);
	const again = new XMLHttpRequest();
	await new Promise(done => {
		again.open('get', '/api/slow/3');
		again.send();
		again.abort();
		pass(4000);
		again.open('get', '/api/works/4');
		again.onload = done;
		again.send();
	});
	await fetch('/api/slow/5', {signal: AbortSignal.timeout(50)}).catch(() => 0);
})()`

// What a page calls off is no fault of anybody's; what does not come in time is.
func TestWhoHasBeenCalledOffHasNotFailed(t *testing.T) {
	collector := startCollector(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/slow/"):
			select {
			case <-r.Context().Done():
			case <-time.After(Patience):
			}
		case strings.HasPrefix(r.URL.Path, "/api/"):
			_, _ = io.WriteString(w, "ok")
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, strings.ReplaceAll(top+measured, "COLLECTOR", collector.URL))
		}
	}))
	t.Cleanup(site.Close)
	v := visit{Tab: shared(t).Tab(t), collector: collector, site: strings.Replace(site.URL, "127.0.0.1", "localhost", 1)}
	v.Before(clock)
	v.Open(v.site + "/")
	v.Run(`new Promise(done => { const look = () => mayak.ref ? done() : setTimeout(look, 20); look(); })`)
	v.Run(calledOff)
	collector.await(t, 1, ofType("error"))
	v.settle(t)
	told := collector.got(ofType("error"))
	if len(told) != 1 || told[0].Error.Type != "network" || told[0].Error.Source != "/api/slow/:id" {
		t.Errorf("told of %d faults: %+v", len(told), told)
	}
}
