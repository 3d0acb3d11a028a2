package deliver

import (
	"net/netip"

	"mayak/schema/event"
)

type record = event.Record

// newEvents lists the columns of the table events.
//
//nolint:funlen // a table, one line each.
func newEvents() *rows[record] {
	noPairs, noMeasures := newPairs(nil), newMeasures(nil)
	return &rows[record]{table: "events", columns: []columnOf[record]{
		text("site", func(r *record) string { return r.Event.Site }),
		of("ts", "DateTime64(3, 'UTC')", func(r *record) int64 { return r.Event.Time.UnixMilli() }),
		of("received", "DateTime('UTC')", func(r *record) int64 { return r.Event.Received.Unix() }),
		text("type", func(r *record) string { return r.Event.Type.String() }),
		text("origin", func(r *record) string { return r.Event.Origin.String() }),
		text("id", func(r *record) string { return r.Event.ID }),
		text("page", func(r *record) string { return r.Event.Page }),
		of("visitor", "UInt64", func(r *record) uint64 { return r.Event.Visitor }),
		text("consent", func(r *record) string { return r.Event.Consent.String() }),
		text("policy_version", func(r *record) string { return r.Event.PolicyVersion }),
		text("hostname", func(r *record) string { return r.Event.Hostname }),
		text("path", func(r *record) string { return r.Event.Path }),
		text("query", func(r *record) string { return r.Event.Query }),
		text("title", func(r *record) string { return r.Event.Title }),
		text("referrer_host", func(r *record) string { return r.Event.ReferrerHost }),
		text("channel", func(r *record) string { return r.Event.Channel }),
		text("utm_source", func(r *record) string { return r.Event.Campaign.Source }),
		text("utm_medium", func(r *record) string { return r.Event.Campaign.Medium }),
		text("utm_campaign", func(r *record) string { return r.Event.Campaign.Name }),
		text("utm_term", func(r *record) string { return r.Event.Campaign.Term }),
		text("utm_content", func(r *record) string { return r.Event.Campaign.Content }),
		text("click_id", func(r *record) string { return r.Event.ClickID }),
		text("country", func(r *record) string { return r.Event.Place.Country }),
		text("region", func(r *record) string { return r.Event.Place.Region }),
		text("city", func(r *record) string { return r.Event.Place.City }),
		of("asn", "UInt32", func(r *record) uint32 { return r.Event.Place.ASN }),
		text("network", func(r *record) string { return r.Event.Place.Network }),
		text("network_kind", func(r *record) string { return r.Event.Place.NetworkKind }),
		text("browser", func(r *record) string { return r.Event.Agent.Browser }),
		text("browser_version", func(r *record) string { return r.Event.Agent.BrowserVersion }),
		text("os", func(r *record) string { return r.Event.Agent.OS }),
		text("os_version", func(r *record) string { return r.Event.Agent.OSVersion }),
		text("device", func(r *record) string { return r.Event.Agent.Device }),
		text("brand", func(r *record) string { return r.Event.Agent.Brand }),
		text("model", func(r *record) string { return r.Event.Agent.Model }),
		text("app", func(r *record) string { return r.Event.Agent.App }),
		text("bot", func(r *record) string { return r.Event.Agent.Bot }),
		of("screen_width", "UInt16", func(r *record) uint16 { return r.Event.Screen.Width }),
		of("screen_height", "UInt16", func(r *record) uint16 { return r.Event.Screen.Height }),
		of("viewport_width", "UInt16", func(r *record) uint16 { return r.Event.Screen.ViewportWidth }),
		of("viewport_height", "UInt16", func(r *record) uint16 { return r.Event.Screen.ViewportHeight }),
		of("pixel_ratio", "Float32", func(r *record) float32 { return r.Event.Screen.PixelRatio }),
		of("touch", "UInt8", func(r *record) uint8 { return r.Event.Screen.Touch }),
		text("language", func(r *record) string { return r.Event.Language }),
		text("timezone", func(r *record) string { return r.Event.TimeZone }),
		of("engaged_ms", "UInt32", func(r *record) uint32 { return r.Event.EngagedMS }),
		of("scroll", "UInt8", func(r *record) uint8 { return r.Event.Scroll }),
		text("name", func(r *record) string { return r.Event.Name }),
		of("props", "Map(String, String)", func(r *record) *pairs {
			if len(r.Event.Props) == 0 {
				return noPairs
			}
			return newPairs(append([]event.Pair(nil), r.Event.Props...))
		}),
		of("value", "Float64", func(r *record) float64 { return r.Event.Value }),
		text("currency", func(r *record) string { return r.Event.Currency }),
		of("vitals", "Map(String, Float32)", func(r *record) *measures {
			if len(r.Event.Vitals) == 0 {
				return noMeasures
			}
			return newMeasures(append([]event.Measure(nil), r.Event.Vitals...))
		}),
		text("error_message", func(r *record) string { return r.Event.Error.Message }),
		text("error_source", func(r *record) string { return r.Event.Error.Source }),
		of("error_line", "UInt32", func(r *record) uint32 { return r.Event.Error.Line }),
		of("error_column", "UInt32", func(r *record) uint32 { return r.Event.Error.Column }),
		text("error_stack", func(r *record) string { return r.Event.Error.Stack }),
		text("error_kind", func(r *record) string { return r.Event.Error.Kind }),
	}}
}

// newNetworkLog lists the columns of the table network_log.
func newNetworkLog() *rows[record] {
	return &rows[record]{table: "network_log", columns: []columnOf[record]{
		text("site", func(r *record) string { return r.Event.Site }),
		of("ts", "DateTime64(3, 'UTC')", func(r *record) int64 { return r.Event.Time.UnixMilli() }),
		text("id", func(r *record) string { return r.Event.ID }),
		of("address", "IPv6", func(r *record) netip.Addr { return netip.AddrFrom16(r.Network.Address.As16()) }),
		text("user_agent", func(r *record) string { return r.Network.UserAgent }),
	}}
}
