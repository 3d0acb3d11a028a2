package deliver

import (
	"cmp"
	"net/netip"

	"github.com/ClickHouse/ch-go/proto"

	"mayak/schema/event"
)

type record = event.Record

// newEvents lists the columns of the table events.
//
//nolint:funlen // a table, one line each.
func newEvents() *rows[record] {
	return newRows("events",
		repeated("site", func(r *record) string { return r.Event.Site }),
		of("ts", "DateTime64(3, 'UTC')", putMillis, func(r *record) int64 { return r.Event.Time.UnixMilli() }),
		of("received", "DateTime('UTC')", putSeconds, func(r *record) int64 { return r.Event.Received.Unix() }),
		repeated("type", func(r *record) string { return r.Event.Type.String() }),
		repeated("origin", func(r *record) string { return r.Event.Origin.String() }),
		unique("id", func(r *record) string { return r.Event.ID }),
		unique("page", func(r *record) string { return r.Event.Page }),
		of("visitor", "UInt64", putUint64, func(r *record) uint64 { return r.Event.Visitor }),
		repeated("consent", func(r *record) string { return r.Event.Consent.String() }),
		repeated("policy_version", func(r *record) string { return r.Event.PolicyVersion }),
		repeated("hostname", func(r *record) string { return r.Event.Hostname }),
		repeated("path", func(r *record) string { return r.Event.Path }),
		repeated("query", func(r *record) string { return r.Event.Query }),
		repeated("title", func(r *record) string { return r.Event.Title }),
		repeated("referrer_host", func(r *record) string { return r.Event.ReferrerHost }),
		repeated("channel", func(r *record) string { return r.Event.Channel }),
		repeated("utm_source", func(r *record) string { return r.Event.Campaign.Source }),
		repeated("utm_medium", func(r *record) string { return r.Event.Campaign.Medium }),
		repeated("utm_campaign", func(r *record) string { return r.Event.Campaign.Name }),
		repeated("utm_term", func(r *record) string { return r.Event.Campaign.Term }),
		repeated("utm_content", func(r *record) string { return r.Event.Campaign.Content }),
		unique("click_id", func(r *record) string { return r.Event.ClickID }),
		repeated("country", func(r *record) string { return r.Event.Place.Country }),
		repeated("region", func(r *record) string { return r.Event.Place.Region }),
		repeated("city", func(r *record) string { return r.Event.Place.City }),
		of("asn", "UInt32", putUint32, func(r *record) uint32 { return r.Event.Place.ASN }),
		repeated("network", func(r *record) string { return r.Event.Place.Network }),
		repeated("network_kind", func(r *record) string { return r.Event.Place.NetworkKind }),
		repeated("browser", func(r *record) string { return r.Event.Agent.Browser }),
		repeated("browser_version", func(r *record) string { return r.Event.Agent.BrowserVersion }),
		repeated("os", func(r *record) string { return r.Event.Agent.OS }),
		repeated("os_version", func(r *record) string { return r.Event.Agent.OSVersion }),
		repeated("device", func(r *record) string { return r.Event.Agent.Device }),
		repeated("brand", func(r *record) string { return r.Event.Agent.Brand }),
		repeated("model", func(r *record) string { return r.Event.Agent.Model }),
		repeated("app", func(r *record) string { return r.Event.Agent.App }),
		repeated("bot", func(r *record) string { return r.Event.Agent.Bot }),
		of("screen_width", "UInt16", putUint16, func(r *record) uint16 { return r.Event.Screen.Width }),
		of("screen_height", "UInt16", putUint16, func(r *record) uint16 { return r.Event.Screen.Height }),
		of("viewport_width", "UInt16", putUint16, func(r *record) uint16 { return r.Event.Screen.ViewportWidth }),
		of("viewport_height", "UInt16", putUint16, func(r *record) uint16 { return r.Event.Screen.ViewportHeight }),
		of("pixel_ratio", "Float32", putFloat32, func(r *record) float32 { return r.Event.Screen.PixelRatio }),
		of("touch", "UInt8", putUint8, func(r *record) uint8 { return r.Event.Screen.Touch }),
		repeated("language", func(r *record) string { return r.Event.Language }),
		repeated("timezone", func(r *record) string { return r.Event.TimeZone }),
		of("engaged_ms", "UInt32", putUint32, func(r *record) uint32 { return r.Event.EngagedMS }),
		of("scroll", "UInt8", putUint8, func(r *record) uint8 { return r.Event.Scroll }),
		repeated("name", func(r *record) string { return r.Event.Name }),
		pairs("props", func(r *record) []event.Pair { return r.Event.Props }),
		of("value", "Float64", putFloat64, func(r *record) float64 { return r.Event.Value }),
		repeated("currency", func(r *record) string { return r.Event.Currency }),
		measures("vitals", func(r *record) []event.Measure { return r.Event.Vitals }),
		unique("error_message", func(r *record) string { return r.Event.Error.Message }),
		unique("error_source", func(r *record) string { return r.Event.Error.Source }),
		of("error_line", "UInt32", putUint32, func(r *record) uint32 { return r.Event.Error.Line }),
		of("error_column", "UInt32", putUint32, func(r *record) uint32 { return r.Event.Error.Column }),
		unique("error_stack", func(r *record) string { return r.Event.Error.Stack }),
		repeated("error_kind", func(r *record) string { return r.Event.Error.Kind }),
		repeated("protocol", func(r *record) string { return r.Event.Exchange.Protocol }),
		of("status", "UInt16", putUint16, func(r *record) uint16 { return r.Event.Exchange.Status }),
		repeated("method", func(r *record) string { return r.Event.Exchange.Method }),
		of("bytes", "UInt64", putUint64, func(r *record) uint64 { return r.Event.Exchange.Bytes }),
		of("server_ms", "Float32", putFloat32, func(r *record) float32 { return r.Event.Exchange.ServerMS }),
		of("duration_ms", "Float32", putFloat32, func(r *record) float32 { return r.Event.Exchange.DurationMS }),
		repeated("phase", func(r *record) string { return r.Event.Exchange.Phase }),
		repeated("error_type", func(r *record) string { return r.Event.Error.Type }),
		of("fingerprint", "UInt64", putUint64, func(r *record) uint64 { return r.Event.Error.Fingerprint }),
		of("weight", "Float32", putFloat32, func(r *record) float32 { return cmp.Or(r.Event.Weight, 1) }),
		pairs("attribution", func(r *record) []event.Pair { return r.Event.Attribution }),
		unique("reference", func(r *record) string { return r.Event.Reference }),
		repeated("app_version", func(r *record) string { return r.Event.Agent.AppVersion }),
	)
}

// newNetworkLog lists the columns of the table network_log.
func newNetworkLog() *rows[record] {
	return newRows("network_log",
		repeated("site", func(r *record) string { return r.Event.Site }),
		of("ts", "DateTime64(3, 'UTC')", putMillis, func(r *record) int64 { return r.Event.Time.UnixMilli() }),
		unique("id", func(r *record) string { return r.Event.ID }),
		of("address", "IPv6", putAddress, func(r *record) netip.Addr { return netip.AddrFrom16(r.Network.Address.As16()) }),
		repeated("user_agent", func(r *record) string { return r.Network.UserAgent }),
	)
}

// newConsents lists the columns of the table consents.
func newConsents() *rows[record] {
	return newRows("consents",
		repeated("site", func(r *record) string { return r.Event.Site }),
		of("ts", "DateTime64(3, 'UTC')", putMillis, func(r *record) int64 { return r.Event.Time.UnixMilli() }),
		of("visitor", "UInt64", putUint64, func(r *record) uint64 { return r.Event.Visitor }),
		unique("receipt", func(r *record) string { return r.Consent.Receipt }),
		repeated("action", func(r *record) string { return r.Consent.Action.String() }),
		repeated("level", func(r *record) string { return r.Event.Consent.String() }),
		repeated("policy_version", func(r *record) string { return r.Event.PolicyVersion }),
		repeated("language", func(r *record) string { return r.Event.Language }),
		repeated("how", func(r *record) string { return r.Consent.How }),
	)
}

func putAddress(to *proto.Buffer, address netip.Addr) {
	bytes := address.As16()
	to.Buf = append(to.Buf, bytes[:]...)
}
