package load

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"mayak/collector/client"
)

func TestTheSameVisitorsCanBeToldByAServer(t *testing.T) {
	ids, wrong := map[string]bool{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		n := 0
		for lines := json.NewDecoder(body); ; n++ {
			var e client.Event
			if err := lines.Decode(&e); errors.Is(err, io.EOF) {
				break
			} else if err != nil || e.URL == "" || e.IP == "" || e.UserAgent == "" || e.Time == nil {
				wrong++
				break
			}
			ids[e.ID] = true
		}
		fmt.Fprintf(w, `{"accepted":%d,"rejected":[]}`, n)
	}))
	defer server.Close()
	to, err := client.New(client.Options{URL: server.URL, Key: "mayak_x", Linger: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	told, err := Tell(t.Context(), Plan{Traffic: New(7, "demo", "http://localhost"), Rate: 2000, For: 200 * time.Millisecond}, to)
	if err != nil || told == 0 || len(ids) != told || wrong > 0 || to.Stats().Accepted != uint64(told) {
		t.Errorf("%d hits told, %d ids came, %d without what a server knows, stats %+v, error %v", told, len(ids), wrong, to.Stats(), err)
	}
}
