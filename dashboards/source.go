package dashboards

import "slices"

// The data sources that the files name.
const (
	AnalystSource  = "mayak-analyst"
	OpsSource      = "mayak-ops"
	SecuritySource = "mayak-security"
	MetricsSource  = "mayak-metrics"
)

const (
	databaseType = "grafana-clickhouse-datasource"
	metricsType  = "prometheus"
	grafanaUID   = "-- Grafana --"

	expressionUID = "__expr__" // what Grafana reckons with other queries' results
)

// sources are the data sources and the beginnings of the views that each reads.
func sources() map[string]string {
	return map[string]string{AnalystSource: "analyst_", OpsSource: "ops_", SecuritySource: "security_"}
}

// Roles are those who may see what comes from a data source. Sums without small groups are for everybody who may see
// reports; what the policy gives to ops alone, or to security alone, is for no one else.
func Roles(source string) []string {
	switch source {
	case AnalystSource:
		return []string{"analyst", "ops", "security"}
	case OpsSource, MetricsSource:
		return []string{"ops"}
	case SecuritySource:
		return []string{"security"}
	default:
		return nil
	}
}

// MaySee tells whether people of a role may see anything of the dashboard.
func (d *Dashboard) MaySee(role string) bool {
	return slices.ContainsFunc(d.Panels, func(p Panel) bool { return !p.Text() && p.MaySee(role) })
}

// MaySee tells whether people of a role may see the panel. Whoever sees the dashboard sees its texts.
func (p *Panel) MaySee(role string) bool {
	return p.Source == nil || slices.Contains(Roles(p.Source.UID), role)
}
