package diagnose_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mayak/aggregator/diagnose"
	"mayak/schema/sites"
)

// open writes incidents that another aggregator, which is no more, found some minutes ago.
func (w *world) open(site string, ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		w.exec(fmt.Sprintf(`INSERT INTO incidents (incident, writer, claimed, version, site, zone, signal, state, started, opened, causes, text)
			SELECT '%s', 'gone', 1, 1, '%s', 'Asia/Almaty', 'ttfb', 'open', toDateTime(%[3]d, 'UTC'), toDateTime(%[3]d, 'UTC'), '[]', 'TTFB p75 ×4 since 14:05'`,
			id, site, w.now.Add(-10*time.Minute).Unix()))
	}
}

func TestIncidentsThatNobodySeesTheEndOfAreClosedForAReason(t *testing.T) {
	w := newEmptyWorld(t)
	known, err := sites.Parse([]byte("sites: [{id: demo, hostnames: [localhost]}]"))
	if err != nil {
		t.Fatal(err)
	}
	w.open("removed", "a1")
	w.open("demo", "b1", "b2")
	d := w.with(diagnose.Options{Sites: known})
	w.round(d)
	state := map[string]diagnose.Incident{}
	tell := func() {
		for _, i := range w.incidents(d) {
			state[i.ID] = i
		}
	}
	if tell(); state["a1"].State != diagnose.StateClosed || !strings.Contains(state["a1"].Reason, "sites file") || !strings.Contains(state["a1"].Text, state["a1"].Reason) {
		t.Errorf("of a site that is gone: %+v", state["a1"])
	}
	if state["b1"].State != diagnose.StateOpen {
		t.Errorf("of a site that is there: %+v", state["b1"])
	}

	refused := errors.New("the audit log is away")
	if _, err := d.End(t.Context(), "b1", "it works again", func(*diagnose.Incident) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("closed without a note: %v", err)
	}
	noted := ""
	note := func(i *diagnose.Incident) error {
		noted = i.Site
		return nil
	}
	if i, err := d.End(t.Context(), "b1", "it works again", note); err != nil || noted != "demo" || i.Reason != "closed by hand: it works again" {
		t.Errorf("closed %+v, noted %q: %v", i, noted, err)
	}
	if tell(); state["b1"].State != diagnose.StateClosed || !state["b1"].Closed.Equal(w.now.Add(w.late)) {
		t.Errorf("after it was closed by hand: %+v", state["b1"])
	}
	for id, want := range map[string]string{"b1": "closed already", "c9": "does not exist; open are b2"} {
		if _, err := d.End(t.Context(), id, "again", note); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", id, err, want)
		}
	}

	w.now = w.now.Add(9 * 24 * time.Hour)
	silent := w.with(diagnose.Options{})
	w.round(silent)
	d = silent
	if tell(); state["b2"].State != diagnose.StateClosed || !strings.Contains(state["b2"].Reason, "nothing was heard") {
		t.Errorf("of a site that nobody heard of for nine days: %+v", state["b2"])
	}
}
