package risk

import "mayak/schema/clickhouse"

func text(s string) string { return clickhouse.Text(s) }
