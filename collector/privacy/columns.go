package privacy

import (
	"errors"
	"fmt"
	"slices"

	"mayak/schema/event"
	"mayak/schema/policy"
)

// mask is a set of columns, a bit each. All its bits are taken: what came later has a bit of more.
type mask uint64

// more are the columns for which mask has no room.
type more uint8

const ofAppVersion more = 1 << iota

// The columns that the gate fills, but for what each row must have (see always).
const (
	ofPage mask = 1 << iota
	ofVisitor
	ofHostname
	ofPath
	ofQuery
	ofTitle
	ofReferrerHost
	ofChannel
	ofUTMSource
	ofUTMMedium
	ofUTMCampaign
	ofUTMTerm
	ofUTMContent
	ofClickID
	ofCountry
	ofRegion
	ofCity
	ofASN
	ofNetwork
	ofNetworkKind
	ofBrowser
	ofBrowserVersion
	ofOS
	ofOSVersion
	ofDevice
	ofBrand
	ofModel
	ofApp
	ofBot
	ofScreenWidth
	ofScreenHeight
	ofViewportWidth
	ofViewportHeight
	ofPixelRatio
	ofTouch
	ofLanguage
	ofTimezone
	ofEngagedMS
	ofScroll
	ofName
	ofProps
	ofValue
	ofCurrency
	ofVitals
	ofErrorMessage
	ofErrorSource
	ofErrorLine
	ofErrorColumn
	ofErrorStack
	ofErrorKind
	ofProtocol
	ofStatus
	ofMethod
	ofBytes
	ofServerMS
	ofDurationMS
	ofPhase
	ofErrorType
	ofFingerprint
	ofWeight
	ofAttribution
	ofReference
	ofAddress
	ofUserAgent
)

const (
	eventsTable  = "events"
	networkTable = "network_log"
)

// column is one stored column, its bit, and where the gate holds it: at is for explaining and checking, cut for cutting.
type column struct {
	table, name string
	bit         mask
	at          func(*Facts) any
	more        more // instead of bit
}

// columns are all that the gate fills but for what each row must have (see always).
//
//nolint:funlen // a table, one line each.
func columns() []column {
	in := func(name string, bit mask, at func(*Facts) any) column { return column{eventsTable, name, bit, at, 0} }
	return []column{
		in("page", ofPage, func(f *Facts) any { return &f.Event.Page }),
		in("visitor", ofVisitor, func(f *Facts) any { return &f.Event.Visitor }),
		in("hostname", ofHostname, func(f *Facts) any { return &f.Event.Hostname }),
		in("path", ofPath, func(f *Facts) any { return &f.Event.Path }),
		in("query", ofQuery, func(f *Facts) any { return &f.Event.Query }),
		in("title", ofTitle, func(f *Facts) any { return &f.Event.Title }),
		in("referrer_host", ofReferrerHost, func(f *Facts) any { return &f.Event.ReferrerHost }),
		in("channel", ofChannel, func(f *Facts) any { return &f.KeepChannel }),
		in("utm_source", ofUTMSource, func(f *Facts) any { return &f.Campaign.Source }),
		in("utm_medium", ofUTMMedium, func(f *Facts) any { return &f.Campaign.Medium }),
		in("utm_campaign", ofUTMCampaign, func(f *Facts) any { return &f.Campaign.Name }),
		in("utm_term", ofUTMTerm, func(f *Facts) any { return &f.Campaign.Term }),
		in("utm_content", ofUTMContent, func(f *Facts) any { return &f.Campaign.Content }),
		in("click_id", ofClickID, func(f *Facts) any { return &f.Event.ClickID }),
		in("country", ofCountry, func(f *Facts) any { return &f.Event.Place.Country }),
		in("region", ofRegion, func(f *Facts) any { return &f.Event.Place.Region }),
		in("city", ofCity, func(f *Facts) any { return &f.Event.Place.City }),
		in("asn", ofASN, func(f *Facts) any { return &f.Event.Place.ASN }),
		in("network", ofNetwork, func(f *Facts) any { return &f.Event.Place.Network }),
		in("network_kind", ofNetworkKind, func(f *Facts) any { return &f.Event.Place.NetworkKind }),
		in("browser", ofBrowser, func(f *Facts) any { return &f.Event.Agent.Browser }),
		in("browser_version", ofBrowserVersion, func(f *Facts) any { return &f.Event.Agent.BrowserVersion }),
		in("os", ofOS, func(f *Facts) any { return &f.Event.Agent.OS }),
		in("os_version", ofOSVersion, func(f *Facts) any { return &f.Event.Agent.OSVersion }),
		in("device", ofDevice, func(f *Facts) any { return &f.Event.Agent.Device }),
		in("brand", ofBrand, func(f *Facts) any { return &f.Event.Agent.Brand }),
		in("model", ofModel, func(f *Facts) any { return &f.Event.Agent.Model }),
		in("app", ofApp, func(f *Facts) any { return &f.Event.Agent.App }),
		in("bot", ofBot, func(f *Facts) any { return &f.Event.Agent.Bot }),
		in("screen_width", ofScreenWidth, func(f *Facts) any { return &f.Event.Screen.Width }),
		in("screen_height", ofScreenHeight, func(f *Facts) any { return &f.Event.Screen.Height }),
		in("viewport_width", ofViewportWidth, func(f *Facts) any { return &f.Event.Screen.ViewportWidth }),
		in("viewport_height", ofViewportHeight, func(f *Facts) any { return &f.Event.Screen.ViewportHeight }),
		in("pixel_ratio", ofPixelRatio, func(f *Facts) any { return &f.Event.Screen.PixelRatio }),
		in("touch", ofTouch, func(f *Facts) any { return &f.Event.Screen.Touch }),
		in("language", ofLanguage, func(f *Facts) any { return &f.Event.Language }),
		in("timezone", ofTimezone, func(f *Facts) any { return &f.Event.TimeZone }),
		in("engaged_ms", ofEngagedMS, func(f *Facts) any { return &f.Event.EngagedMS }),
		in("scroll", ofScroll, func(f *Facts) any { return &f.Event.Scroll }),
		in("name", ofName, func(f *Facts) any { return &f.Event.Name }),
		in("props", ofProps, func(f *Facts) any { return &f.Event.Props }),
		in("value", ofValue, func(f *Facts) any { return &f.Event.Value }),
		in("currency", ofCurrency, func(f *Facts) any { return &f.Event.Currency }),
		in("vitals", ofVitals, func(f *Facts) any { return &f.Event.Vitals }),
		in("error_message", ofErrorMessage, func(f *Facts) any { return &f.Event.Error.Message }),
		in("error_source", ofErrorSource, func(f *Facts) any { return &f.Event.Error.Source }),
		in("error_line", ofErrorLine, func(f *Facts) any { return &f.Event.Error.Line }),
		in("error_column", ofErrorColumn, func(f *Facts) any { return &f.Event.Error.Column }),
		in("error_stack", ofErrorStack, func(f *Facts) any { return &f.Event.Error.Stack }),
		in("error_kind", ofErrorKind, func(f *Facts) any { return &f.Event.Error.Kind }),
		in("protocol", ofProtocol, func(f *Facts) any { return &f.Event.Exchange.Protocol }),
		in("status", ofStatus, func(f *Facts) any { return &f.Event.Exchange.Status }),
		in("method", ofMethod, func(f *Facts) any { return &f.Event.Exchange.Method }),
		in("bytes", ofBytes, func(f *Facts) any { return &f.Event.Exchange.Bytes }),
		in("server_ms", ofServerMS, func(f *Facts) any { return &f.Event.Exchange.ServerMS }),
		in("duration_ms", ofDurationMS, func(f *Facts) any { return &f.Event.Exchange.DurationMS }),
		in("phase", ofPhase, func(f *Facts) any { return &f.Event.Exchange.Phase }),
		in("error_type", ofErrorType, func(f *Facts) any { return &f.Event.Error.Type }),
		in("fingerprint", ofFingerprint, func(f *Facts) any { return &f.Event.Error.Fingerprint }),
		in("weight", ofWeight, func(f *Facts) any { return &f.Event.Weight }),
		in("attribution", ofAttribution, func(f *Facts) any { return &f.Event.Attribution }),
		in("reference", ofReference, func(f *Facts) any { return &f.Event.Reference }),
		{eventsTable, "app_version", 0, func(f *Facts) any { return &f.Event.Agent.AppVersion }, ofAppVersion},
		{networkTable, "address", ofAddress, func(f *Facts) any { return &f.Network.Address }, 0},
		{networkTable, "user_agent", ofUserAgent, func(f *Facts) any { return &f.Network.UserAgent }, 0},
	}
}

// always are the columns without which a row could not be counted.
func always() []string {
	return []string{"site", "ts", "received", "type", "origin", "id", "consent", "policy_version"}
}

// loss is what is cut at one level of consent: the columns that become empty, a class, or the language alone.
type loss struct {
	empty, class, primary mask
	emptyMore             more
}

// compile makes the loss of each level of the policy file. A column that the file does not name is an error: what is stored on no
// ground must not be stored.
func compile(p *policy.Policy) (cuts [len(levels)]loss, err error) {
	var problems []error
	for _, name := range always() {
		if _, ok := p.Column(eventsTable, name); !ok {
			problems = append(problems, unnamed(eventsTable, name))
		} else if p.Level(eventsTable, name) > event.Refused {
			problems = append(problems, fmt.Errorf("column %s.%s: its level must be refused, for no row can do without it", eventsTable, name))
		}
	}
	for _, c := range columns() {
		if _, ok := p.Column(c.table, c.name); !ok {
			problems = append(problems, unnamed(c.table, c.name))
			continue
		}
		below := p.Below(c.table, c.name)
		if !c.shrinks(below) {
			problems = append(problems, fmt.Errorf("column %s.%s: it cannot shrink to %q", c.table, c.name, below))
		}
		for level := range cuts {
			if event.Level(level) < p.Level(c.table, c.name) {
				cuts[level].add(&c, below)
			}
		}
	}
	problems = append(problems, unfilled(p))
	return cuts, errors.Join(problems...)
}

// Check tells whether a gate can be made of the policy file.
func Check(p *policy.Policy) error {
	if _, err := compile(p); err != nil {
		return fmt.Errorf("compile the policy: %w", err)
	}
	return nil
}

func unnamed(table, column string) error {
	return fmt.Errorf("column %s.%s is stored, and the policy file does not name it", table, column)
}

// unfilled are columns of events that the file names and nothing fills: most likely a name with a mistake in it.
func unfilled(p *policy.Policy) error {
	var problems []error
	filled := always()
	for _, c := range columns() {
		if c.table == eventsTable {
			filled = append(filled, c.name)
		}
	}
	for name := range p.Tables[eventsTable].Columns {
		if !slices.Contains(filled, name) {
			problems = append(problems, fmt.Errorf("column %s.%s stands in the policy file, and nothing fills it", eventsTable, name))
		}
	}
	return errors.Join(problems...)
}

// shrinks tells whether the gate can make this of the column.
func (c *column) shrinks(to policy.Shrink) bool {
	switch to {
	case policy.Empty:
		return true
	case policy.Class:
		return c.bit&(ofScreenWidth|ofScreenHeight) != 0
	case policy.Primary:
		return c.bit == ofLanguage
	default:
		return false
	}
}

func (l *loss) add(c *column, to policy.Shrink) {
	switch to {
	case policy.Class:
		l.class |= c.bit
	case policy.Primary:
		l.primary |= c.bit
	default: // Empty, and what a file that was not validated says
		l.empty |= c.bit
		l.emptyMore |= c.more
	}
}
