package report

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// silent takes questions and answers none, as a database does whose disk hangs.
type silent struct{ driver.Conn }

func (silent) Query(ctx context.Context, _ string, _ ...any) (driver.Rows, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestNobodyWaitsForSitesThatNeverCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := StoredSites(silent{})(context.WithoutCancel(t.Context())); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("StoredSites() = %v", err)
		}
	})
}
