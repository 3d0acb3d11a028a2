package embedded

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, time.Second, newMetrics(prometheus.NewRegistry()))
		first, err := s.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		_, err = s.take(t.Context())
		if refused := new(exception); !errors.As(err, &refused) || refused.code != codeTooManyStatements || time.Since(started) != time.Second {
			t.Errorf("after %s: %v, want a refusal after 1s", time.Since(started), err)
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.take(gone); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("client gone: %v", err)
		}
		time.AfterFunc(time.Millisecond, first)
		second, err := s.take(t.Context())
		if err != nil {
			t.Fatalf("a slot came free: %v", err)
		}
		second()
	})
}
