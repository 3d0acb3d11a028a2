package main

import (
	"path/filepath"
	"testing"

	"mayak/schema/visitor"
)

// These seeds were not looked at when the weights were chosen, nor was anything chosen on the second and third shop.
func TestFraudStandsOutAndWhoIsUnusualDoesNot(t *testing.T) {
	for _, tt := range []struct {
		of     scenario
		auc    float64
		people []string
	}{
		{shop(), 0.95, []string{"traveller", "cgnat", "family", "office", "university", "ordinary"}},
		{town(), 0.9, []string{"resident", "carrier", "village", "hotel", "hospital", "emigrant", "hasty"}},
		{bazaar(), 0.9, []string{"buyer", "cell", "valley", "clerk", "pupil", "migrant"}},
	} {
		t.Run(tt.of.name, func(t *testing.T) {
			var pooled []verdict
			for _, seed := range []uint64{7, 8, 9} {
				all, err := simulate(tt.of, seed, t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				t.Log(summary(tt.of, all))
				pooled = append(pooled, all...)
			}
			if got := auc(pooled); got < tt.auc {
				t.Errorf("AUC %.4f, want at least %.2f", got, tt.auc)
			}
			for _, actor := range tt.people {
				asked, flagged, _ := share(pooled, actor)
				if asked < 100 || flagged > 0.01 {
					t.Errorf("%.2f %% of %d questions about %s are not low, want at most 1 %%", 100*flagged, asked, actor)
				}
			}
			if wrong, _, _ := falsePositives(pooled); wrong > 0.01 {
				t.Errorf("%.2f %% of all questions about honest people are not low, want at most 1 %%", 100*wrong)
			}
		})
	}
}

// Ids of the simulation are those of a collector, or everybody would be told from everybody else without having consented.
func TestWithoutConsentTheLikeOfEachOtherHaveOneID(t *testing.T) {
	key, err := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(1, key, shopNetworks)
	n := w.somewhere("mobile")
	one := w.newActor("cgnat", false, n, n.prefix.Addr(), phones()[:1])
	other := *one
	other.cookie++
	other.address = n.prefix.Addr().Next()
	if one.consented, other.consented = false, false; w.visitor(one) != w.visitor(&other) {
		t.Error("two telephones of one model in one network are told apart without consent")
	}
	if one.consented, other.consented = true, true; w.visitor(one) == w.visitor(&other) {
		t.Error("two who consented are not told apart")
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
