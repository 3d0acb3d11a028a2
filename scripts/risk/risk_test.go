package main

import (
	"testing"
)

// The floors are far from what the weights' own seed gives: these seeds were not looked at when they were chosen.
func TestFraudStandsOutAndTravellersAndSharedAddressesDoNot(t *testing.T) {
	for _, seed := range []uint64{7, 8, 9} {
		all, err := simulate(seed, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Log(summary(all))
		if got := auc(all); got < 0.95 {
			t.Errorf("seed %d: AUC %.4f, want at least 0.95", seed, got)
		}
		for _, actor := range []string{"traveller", "cgnat", "family", "office", "university", "ordinary"} {
			asked, flagged, _ := share(all, actor)
			if asked < 30 || flagged > 0.01 {
				t.Errorf("seed %d: %.2f %% of %d questions about %s are not low, want at most 1 %%", seed, 100*flagged, asked, actor)
			}
		}
	}
}

func TestAUCCountsPairs(t *testing.T) {
	for _, tt := range []struct {
		name string
		all  []verdict
		want float64
	}{
		{"all above", []verdict{{score: 1}, {score: 2}, {score: 3, fraud: true}}, 1},
		{"all below", []verdict{{score: 9}, {score: 3, fraud: true}}, 0},
		{"the same is half", []verdict{{score: 3}, {score: 3, fraud: true}}, 0.5},
		{"one of two", []verdict{{score: 1}, {score: 5}, {score: 3, fraud: true}}, 0.5},
	} {
		if got := auc(tt.all); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
