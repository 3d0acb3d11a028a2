package visitor

import (
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func night() (*Night, *Nights) {
	nights := NewNights(prometheus.NewRegistry())
	one := nights.New()
	return one, nights
}

func TestAVisitGoesOnOnlyWithoutALongPause(t *testing.T) {
	n, nights := night()
	begin := at("2026-11-22 23:50:00").now
	n.Remember(1, begin)
	for _, step := range []struct {
		id    uint64
		after time.Duration
		want  bool
	}{
		{1, 30 * time.Minute, true},
		{2, 30 * time.Minute, false},
		{1, 60 * time.Minute, true},
		{1, 90*time.Minute + time.Second, false},
		{1, 91 * time.Minute, false},
	} {
		if got := n.GoesOn(step.id, begin.Add(step.after)); got != step.want {
			t.Errorf("%d goes on after %v: %v, want %v", step.id, step.after, got, step.want)
		}
	}
	if got := counted(nights.kept); got != 2 {
		t.Errorf("kept = %v, want 2", got)
	}
}

func TestTheNightIsForgottenWhenNobodyIsThereAnyMore(t *testing.T) {
	n, _ := night()
	begin := at("2026-11-22 23:50:00").now
	if n.Lasts(begin) {
		t.Error("a night lasts before anybody was there")
	}
	n.Remember(1, begin)
	if !n.Lasts(begin.Add(Pause)) {
		t.Error("the night ended while somebody could be there")
	}
	if n.Lasts(begin.Add(Pause + time.Second)) {
		t.Error("the night lasts with nobody there")
	}
	for i := range n.shards {
		if n.shards[i].seen != nil {
			t.Fatal("something is still remembered")
		}
	}
}

func TestTheMemoryIsBoundedAndWhoHasLeftMakesRoom(t *testing.T) {
	n, nights := night()
	begin := at("2026-11-22 23:30:00").now
	for id := range uint64(nightShards * mostInShard) {
		n.Remember(id, begin)
	}
	n.Remember(1<<40, begin.Add(time.Minute))
	if n.GoesOn(1<<40, begin.Add(2*time.Minute)) || counted(nights.forgotten) != 1 {
		t.Error("one too many was remembered, or not counted")
	}
	if !n.GoesOn(7, begin.Add(2*time.Minute)) {
		t.Error("who was remembered before was pushed out")
	}
	n.Remember(1<<40, begin.Add(Pause+time.Minute))
	if !n.GoesOn(1<<40, begin.Add(Pause+2*time.Minute)) {
		t.Error("there was no room though everybody had left")
	}
}

func TestTheEveningIsTheLastHalfHourOfEachZonesDay(t *testing.T) {
	const quarter = 15 * time.Minute
	for _, tt := range []struct {
		zone, now string
		want      bool
	}{
		{"UTC", "2026-11-22 23:15:00", false},
		{"UTC", "2026-11-22 23:30:00", true},
		{"UTC", "2026-11-22 23:45:00", true},
		{"UTC", "2026-11-23 00:00:00", false},
		{"Asia/Almaty", "2026-11-22 18:30:00", true},
		{"Asia/Almaty", "2026-11-22 19:00:00", false},
		{"Asia/Kathmandu", "2026-11-22 17:45:00", true},
		{"Asia/Kathmandu", "2026-11-22 17:30:00", false},
		{"America/Sao_Paulo", "2018-11-04 02:45:00", true}, // the day after begins at one o'clock
	} {
		if got := Evening(at(tt.now).now, quarter, zone(t, tt.zone)); got != tt.want {
			t.Errorf("%s in %s is evening: %v, want %v", tt.now, tt.zone, got, tt.want)
		}
	}
}

func TestManyMayBeThereAtOnce(t *testing.T) {
	n, nights := night()
	begin := at("2026-11-22 23:59:00").now
	var wait sync.WaitGroup
	for worker := range uint64(8) {
		wait.Go(func() {
			for i := range uint64(1000) {
				n.Remember(worker*1000+i, begin)
				if !n.GoesOn(worker*1000+i, begin.Add(time.Minute)) {
					t.Error("somebody was lost")
					return
				}
				n.Lasts(begin.Add(time.Minute))
			}
		})
	}
	wait.Wait()
	if got := counted(nights.kept); got != 8000 {
		t.Errorf("kept = %v, want 8000", got)
	}
}
