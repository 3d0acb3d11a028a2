package risk

import (
	"math/rand/v2"
	"testing"

	"mayak/schema/geoip"
)

// every is so many page views with pauses of so many milliseconds, give or take.
func every(views int, pause, give int64) (moments []int64) {
	chance := rand.New(rand.NewPCG(1, 2))
	at := int64(1_700_000_000_000)
	for range views {
		moments = append(moments, at)
		at += pause
		if give > 0 {
			at += chance.Int64N(2*give) - give
		}
	}
	return moments
}

func TestRobotsAreToldByWhatTheyDoAndPeopleAreNot(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   behaviour
		want string
	}{
		{"two pages a second", behaviour{paths: 90, moments: every(90, 500, 200), script: true}, becauseFast},
		{"a page every five seconds, to the tenth", behaviour{paths: 40, moments: every(60, 5000, 100), engaged: 200_000, scroll: 100}, becauseRegular},
		{"forty pages without a look", behaviour{paths: 30, moments: every(40, 20_000, 15_000), script: true}, becauseUnread},
		{"a log tells of no attention", behaviour{paths: 30, moments: every(40, 20_000, 15_000)}, ""},
		{"somebody who clicks through everything", behaviour{paths: 40, moments: every(60, 9000, 7000), engaged: 400_000, scroll: 80, script: true}, ""},
		{"a page that loads itself every minute", behaviour{paths: 1, moments: every(55, 60_000, 0), script: true}, ""},
		{"a few pages", behaviour{paths: 6, moments: every(8, 100, 0), script: true}, ""},
		{"thirty tabs that are opened again", behaviour{paths: 30, moments: every(30, 20, 10), engaged: 60_000, script: true}, ""},
		{"reads nothing, and orders", behaviour{paths: 30, moments: every(40, 20_000, 15_000), actions: 1, script: true}, ""},
	} {
		if got := tt.of.reason(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestManyTelephonesOfOneModelAreNoCrowdBehindAnOperator(t *testing.T) {
	for _, tt := range []struct {
		name      string
		kind      string
		all, once uint64
		want      bool
	}{
		{"of a botnet in one network", geoip.ISP, 60, 60, true},
		{"of an operator", geoip.Mobile, 5000, 5000, false},
		{"of an office after a round letter", geoip.Corporate, 120, 120, false},
		{"of people, one in ten of whom stays", geoip.ISP, 60, 54, false},
		{"of a village", geoip.ISP, 20, 20, false},
	} {
		if got := isCrowd(tt.kind, tt.all, tt.once); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}
