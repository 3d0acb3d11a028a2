package diagnose_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/diagnose"
)

func TestDeploymentsAreNotedOnceAndOnlyAsTheyCanBe(t *testing.T) {
	w := newEmptyWorld(t)
	d := w.with(diagnose.Options{})
	now := w.now.Add(w.late)
	for name, wrong := range map[string]diagnose.Deployment{
		"no site":          {Version: "1"},
		"no version":       {Site: "demo"},
		"a long version":   {Site: "demo", Version: strings.Repeat("v", 65)},
		"two lines":        {Site: "demo", Version: "1", Text: "faster\nand smaller"},
		"not UTF-8":        {Site: "demo", Version: "\xff"},
		"markup":           {Site: "demo", Version: "1", Text: "<img src=x>"},
		"two years ago":    {Site: "demo", Version: "1", At: now.AddDate(-2, 0, 0)},
		"next week":        {Site: "demo", Version: "1", At: now.AddDate(0, 0, 7)},
		"too much to tell": {Site: "demo", Version: "1", Text: strings.Repeat("ы", 201)},
	} {
		if err := d.Deploy(t.Context(), &wrong); !errors.Is(err, diagnose.ErrDeployment) {
			t.Errorf("%s: %v", name, err)
		}
	}
	at := now.Add(-time.Hour).UTC().Truncate(time.Second)
	for _, told := range []diagnose.Deployment{
		{Site: "demo", Version: "1.4.2", At: at, Text: "booking"}, {Site: "demo", Version: "1.4.2", At: at, Text: "booking in one step"}, {Site: "clinic", Version: "7", At: at.Add(-time.Hour)},
	} {
		if err := d.Deploy(t.Context(), &told); err != nil {
			t.Fatal(err)
		}
	}
	want := []diagnose.Deployment{{Site: "demo", Version: "1.4.2", At: at, Text: "booking in one step"}, {Site: "clinic", Version: "7", At: at.Add(-time.Hour)}}
	for site, of := range map[string][]diagnose.Deployment{"": want, "demo": want[:1], "shop": nil} {
		got, err := d.Deployments(t.Context(), site, 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(of, got); diff != "" {
			t.Errorf("of site %q (-want +got):\n%s", site, diff)
		}
	}
}
