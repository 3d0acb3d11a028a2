package rollup

import (
	"context"
	"fmt"
	"time"
)

// Lag is how long the oldest window of a site has been waiting that is over and not computed. Reports are right all the same: they
// read it from events. The empty site is all of them.
func (e *Engine) Lag(ctx context.Context, site string) (time.Duration, error) {
	one := "1"
	if site != "" {
		one = "site = " + text(site)
	}
	var seconds int64
	err := e.o.Conn.QueryRow(ctx, fmt.Sprintf(`SELECT greatest(toInt64(0), max(dateDiff('second', window + %[1]d, now()))) FROM window_changes
		WHERE %[2]s AND window >= now() - %[3]d AND window < now() - %[1]d
		AND (site, window) NOT IN (SELECT site, start FROM rollup_windows WHERE %[2]s AND name = 'reading' AND tier = '5m')`,
		int(step.Seconds()), one, int(FiveMinutes.kept().Seconds()-glance.Seconds()))).Scan(&seconds)
	if err != nil {
		return 0, fmt.Errorf("ask for the lag: %w", err)
	}
	return time.Duration(seconds) * time.Second, nil
}
