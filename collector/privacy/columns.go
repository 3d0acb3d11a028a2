package privacy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"mayak/schema/event"
	"mayak/schema/policy"
)

// column is one stored column and where the gate holds it. The policy decides from which level of consent on it is
// kept; at gives a pointer to it, so that cutting, noting and checking need one line a column.
type column struct {
	table, name string
	at          func(*Facts) any
}

const (
	eventsTable  = "events"
	networkTable = "network_log"
)

// columns are all that the gate fills but for what each row must have (see always).
func columns() []column {
	in := func(name string, at func(*Facts) any) column { return column{eventsTable, name, at} }
	return []column{
		in("page", func(f *Facts) any { return &f.Event.Page }),
		in("visitor", func(f *Facts) any { return &f.Event.Visitor }),
		in("hostname", func(f *Facts) any { return &f.Event.Hostname }),
		in("path", func(f *Facts) any { return &f.Event.Path }),
		in("query", func(f *Facts) any { return &f.Event.Query }),
		in("title", func(f *Facts) any { return &f.Event.Title }),
		in("referrer_host", func(f *Facts) any { return &f.Event.ReferrerHost }),
		in("channel", func(f *Facts) any { return &f.KeepChannel }),
		in("utm_source", func(f *Facts) any { return &f.Campaign.Source }),
		in("utm_medium", func(f *Facts) any { return &f.Campaign.Medium }),
		in("utm_campaign", func(f *Facts) any { return &f.Campaign.Name }),
		in("utm_term", func(f *Facts) any { return &f.Campaign.Term }),
		in("utm_content", func(f *Facts) any { return &f.Campaign.Content }),
		in("click_id", func(f *Facts) any { return &f.Event.ClickID }),
		in("country", func(f *Facts) any { return &f.Event.Place.Country }),
		in("region", func(f *Facts) any { return &f.Event.Place.Region }),
		in("city", func(f *Facts) any { return &f.Event.Place.City }),
		in("asn", func(f *Facts) any { return &f.Event.Place.ASN }),
		in("network", func(f *Facts) any { return &f.Event.Place.Network }),
		in("network_kind", func(f *Facts) any { return &f.Event.Place.NetworkKind }),
		in("browser", func(f *Facts) any { return &f.Event.Agent.Browser }),
		in("browser_version", func(f *Facts) any { return &f.Event.Agent.BrowserVersion }),
		in("os", func(f *Facts) any { return &f.Event.Agent.OS }),
		in("os_version", func(f *Facts) any { return &f.Event.Agent.OSVersion }),
		in("device", func(f *Facts) any { return &f.Event.Agent.Device }),
		in("brand", func(f *Facts) any { return &f.Event.Agent.Brand }),
		in("model", func(f *Facts) any { return &f.Event.Agent.Model }),
		in("app", func(f *Facts) any { return &f.Event.Agent.App }),
		in("bot", func(f *Facts) any { return &f.Event.Agent.Bot }),
		in("screen_width", func(f *Facts) any { return &f.Event.Screen.Width }),
		in("screen_height", func(f *Facts) any { return &f.Event.Screen.Height }),
		in("viewport_width", func(f *Facts) any { return &f.Event.Screen.ViewportWidth }),
		in("viewport_height", func(f *Facts) any { return &f.Event.Screen.ViewportHeight }),
		in("pixel_ratio", func(f *Facts) any { return &f.Event.Screen.PixelRatio }),
		in("touch", func(f *Facts) any { return &f.Event.Screen.Touch }),
		in("language", func(f *Facts) any { return &f.Event.Language }),
		in("timezone", func(f *Facts) any { return &f.Event.TimeZone }),
		in("engaged_ms", func(f *Facts) any { return &f.Event.EngagedMS }),
		in("scroll", func(f *Facts) any { return &f.Event.Scroll }),
		in("name", func(f *Facts) any { return &f.Event.Name }),
		in("props", func(f *Facts) any { return &f.Event.Props }),
		in("value", func(f *Facts) any { return &f.Event.Value }),
		in("currency", func(f *Facts) any { return &f.Event.Currency }),
		in("vitals", func(f *Facts) any { return &f.Event.Vitals }),
		in("error_message", func(f *Facts) any { return &f.Event.Error.Message }),
		in("error_source", func(f *Facts) any { return &f.Event.Error.Source }),
		in("error_line", func(f *Facts) any { return &f.Event.Error.Line }),
		in("error_column", func(f *Facts) any { return &f.Event.Error.Column }),
		in("error_stack", func(f *Facts) any { return &f.Event.Error.Stack }),
		in("error_kind", func(f *Facts) any { return &f.Event.Error.Kind }),
		{networkTable, "address", func(f *Facts) any { return &f.Network.Address }},
		{networkTable, "user_agent", func(f *Facts) any { return &f.Network.UserAgent }},
	}
}

// always are the columns without which a row could not be counted.
func always() []string {
	return []string{"site", "ts", "received", "type", "origin", "id", "consent", "policy_version"}
}

// cutter shrinks one column below its level.
type cutter struct {
	column column
	why    string
	shrink func(v any)
	text   bool // it is a text, and nothing is kept of it, as most are
}

// compile makes the list of what is cut at this level.
func compile(p *policy.Policy, level event.Level) ([]cutter, error) {
	var cuts []cutter
	var problems []error
	for _, name := range always() {
		if p.Level(eventsTable, name) > event.Refused {
			problems = append(problems, fmt.Errorf("column %s.%s: its level must be refused, for no row can do without it", eventsTable, name))
		}
	}
	for _, c := range columns() {
		from := p.Level(c.table, c.name)
		shrink, err := shrinker(c, p.Below(c.table, c.name))
		if err != nil {
			problems = append(problems, err)
		}
		if level < from {
			_, isText := c.at(&Facts{}).(*string)
			below := p.Below(c.table, c.name)
			cuts = append(cuts, cutter{column: c, shrink: shrink, text: isText && (below == policy.Empty || below == ""), why: "policy: kept whole from the consent level " + from.String() + " on"})
		}
	}
	return cuts, errors.Join(problems...)
}

func shrinker(c column, below policy.Shrink) (func(any), error) {
	_, isText := c.at(&Facts{}).(*string)
	switch {
	case below == policy.Empty, below == "":
		return empty, nil
	case below == policy.Primary && isText:
		return func(v any) {
			text, _ := v.(*string)
			*text, _, _ = strings.Cut(*text, "-")
		}, nil
	case below == policy.Class && c.name == "screen_width":
		return classed(widthClass), nil
	case below == policy.Class && c.name == "screen_height":
		return classed(heightClass), nil
	}
	return nil, fmt.Errorf("column %s.%s: it cannot shrink to %q", c.table, c.name, below)
}

func classed(class func(uint16) uint16) func(any) {
	return func(v any) {
		size, _ := v.(*uint16)
		*size = class(*size)
	}
}

// empty makes what v points to zero.
func empty(v any) {
	switch v := v.(type) {
	case *string:
		*v = ""
	case *uint8:
		*v = 0
	case *uint16:
		*v = 0
	case *uint32:
		*v = 0
	case *uint64:
		*v = 0
	case *float32:
		*v = 0
	case *float64:
		*v = 0
	case *bool:
		*v = false
	case *netip.Addr:
		*v = netip.Addr{}
	case *[]event.Pair:
		*v = (*v)[:0]
	case *[]event.Measure:
		*v = (*v)[:0]
	}
}

func (c *cutter) cut(f *Facts, notes *Notes) {
	v := c.column.at(f)
	if notes == nil {
		if text, ok := v.(*string); ok && c.text {
			*text = ""
		} else {
			c.shrink(v)
		}
		return
	}
	before := show(v)
	c.shrink(v)
	switch after := show(v); {
	case before == after:
	case after == "":
		notes.add(c.column.name, Dropped, before, "", c.why)
	default:
		notes.add(c.column.name, Shortened, before, after, c.why)
	}
}

// show is what v points to, as a person reads it; nothing for zero.
func show(v any) string {
	switch v := v.(type) {
	case *string:
		return *v
	case *netip.Addr:
		if !v.IsValid() {
			return ""
		}
		return v.String()
	case *bool:
		return ""
	case *[]event.Pair:
		return listed(*v)
	case *[]event.Measure:
		return listed(*v)
	}
	text := fmt.Sprint(deref(v))
	if text == "0" {
		return ""
	}
	return text
}

func listed[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprint(list)
}

func deref(v any) any {
	switch v := v.(type) {
	case *uint8:
		return *v
	case *uint16:
		return *v
	case *uint32:
		return *v
	case *uint64:
		return *v
	case *float32:
		return *v
	case *float64:
		return *v
	}
	return 0
}
