package dashboards

import (
	"testing"
)

func TestTheShippedDashboardsAreWhole(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(set.All()) == 0 {
		t.Fatal("there is no dashboard")
	}
}
