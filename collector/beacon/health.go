package beacon

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"mayak/collector/hit"
)

// health logs when hits begin to be lost and when that has ended, instead of a line for each.
type health struct {
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	failing hit.Reason
	last    time.Time // of the last failure
}

// settledAfter is how long nothing may fail until it has ended: at the spool's limit success and failure alternate.
const settledAfter = 10 * time.Second

// note takes the outcome of one Accept, and returns the reason for which its hits were dropped.
func (h *health) note(err error) hit.Reason {
	reason := hit.Kept
	switch {
	case errors.Is(err, ErrOverloaded):
		reason = hit.Overloaded
	case err != nil:
		reason = hit.StorageError
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if reason != hit.Kept {
		h.last = h.now()
		if h.failing != reason {
			h.failing = reason
			h.log.Error("hits are not stored", "reason", string(reason), "err", err)
		}
	} else if h.failing != hit.Kept && h.now().Sub(h.last) >= settledAfter {
		h.log.Info("hits are stored again", "after", string(h.failing))
		h.failing = hit.Kept
	}
	return reason
}

// unreadyFor is how long a load balancer is kept away after a failure of the disk: it must come back by itself, since
// without hits nothing can show that the disk works again.
const unreadyFor = 5 * time.Second

// isFailing tells whether the disk has just failed. A spool at its limit is told by the spool itself.
func (h *health) isFailing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failing == hit.StorageError && h.now().Sub(h.last) < unreadyFor
}
