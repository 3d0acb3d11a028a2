package privacy

import (
	"net/netip"
	"strings"
)

// from takes it from the facts. Bits and branches, since each hit goes through here: no look-up, no call through a pointer, nothing allocated.
func (l *loss) from(f *Facts) {
	if l.empty&ofSourceGroup != 0 {
		l.empty.emptySource(f)
	}
	if l.empty&ofPlaceGroup != 0 {
		l.empty.emptyPlace(f)
	}
	if l.empty&ofAgentGroup != 0 {
		l.empty.emptyAgent(f)
	}
	if l.empty&ofScreenGroup != 0 {
		l.empty.emptyScreen(f)
	}
	if l.empty&ofActionGroup != 0 {
		l.empty.emptyAction(f)
	}
	if l.empty&ofExchangeGroup != 0 {
		l.empty.emptyExchange(f)
	}
	if l.emptyMore&ofAppVersion != 0 {
		f.Event.Agent.AppVersion = ""
	}
	if l.class&ofScreenWidth != 0 {
		f.Event.Screen.Width = widthClass(f.Event.Screen.Width)
	}
	if l.class&ofScreenHeight != 0 {
		f.Event.Screen.Height = heightClass(f.Event.Screen.Height)
	}
	if l.primary&ofLanguage != 0 {
		f.Event.Language, _, _ = strings.Cut(f.Event.Language, "-")
	}
}

// Columns that are emptied together. Who keeps a whole group asks once.
const (
	ofSourceGroup = ofPage | ofVisitor | ofHostname | ofPath | ofQuery | ofTitle | ofReferrerHost | ofChannel | ofUTMSource | ofUTMMedium | ofUTMCampaign | ofUTMTerm | ofUTMContent | ofClickID
	ofPlaceGroup  = ofCountry | ofRegion | ofCity | ofASN | ofNetwork | ofNetworkKind | ofAddress | ofUserAgent
	ofAgentGroup  = ofBrowser | ofBrowserVersion | ofOS | ofOSVersion | ofDevice | ofBrand | ofModel | ofApp | ofBot
	ofScreenGroup = ofScreenWidth | ofScreenHeight | ofViewportWidth | ofViewportHeight | ofPixelRatio | ofTouch | ofLanguage | ofTimezone | ofEngagedMS | ofScroll
	ofActionGroup = ofName | ofProps | ofValue | ofCurrency | ofVitals | ofErrorMessage | ofErrorSource | ofErrorLine | ofErrorColumn | ofErrorStack | ofErrorKind

	ofExchangeGroup = ofProtocol | ofStatus | ofMethod | ofBytes | ofServerMS | ofDurationMS | ofPhase | ofErrorType | ofFingerprint | ofWeight | ofAttribution | ofReference
)

// emptySource empties the page and how the visitor came to it.
func (m mask) emptySource(f *Facts) {
	if m&ofPage != 0 {
		f.Event.Page = ""
	}
	if m&ofVisitor != 0 {
		f.Event.Visitor = 0
	}
	if m&ofHostname != 0 {
		f.Event.Hostname = ""
	}
	if m&ofPath != 0 {
		f.Event.Path = ""
	}
	if m&ofQuery != 0 {
		f.Event.Query = ""
	}
	if m&ofTitle != 0 {
		f.Event.Title = ""
	}
	if m&ofReferrerHost != 0 {
		f.Event.ReferrerHost = ""
	}
	if m&ofChannel != 0 {
		f.KeepChannel = false
	}
	if m&ofUTMSource != 0 {
		f.Campaign.Source = ""
	}
	if m&ofUTMMedium != 0 {
		f.Campaign.Medium = ""
	}
	if m&ofUTMCampaign != 0 {
		f.Campaign.Name = ""
	}
	if m&ofUTMTerm != 0 {
		f.Campaign.Term = ""
	}
	if m&ofUTMContent != 0 {
		f.Campaign.Content = ""
	}
	if m&ofClickID != 0 {
		f.Event.ClickID = ""
	}
}

// emptyPlace empties the place, and the restricted row.
func (m mask) emptyPlace(f *Facts) {
	if m&ofCountry != 0 {
		f.Event.Place.Country = ""
	}
	if m&ofRegion != 0 {
		f.Event.Place.Region = ""
	}
	if m&ofCity != 0 {
		f.Event.Place.City = ""
	}
	if m&ofASN != 0 {
		f.Event.Place.ASN = 0
	}
	if m&ofNetwork != 0 {
		f.Event.Place.Network = ""
	}
	if m&ofNetworkKind != 0 {
		f.Event.Place.NetworkKind = ""
	}
	if m&ofAddress != 0 {
		f.Network.Address = netip.Addr{}
	}
	if m&ofUserAgent != 0 {
		f.Network.UserAgent = ""
	}
}

// emptyAgent empties browser, system and device.
func (m mask) emptyAgent(f *Facts) {
	if m&ofBrowser != 0 {
		f.Event.Agent.Browser = ""
	}
	if m&ofBrowserVersion != 0 {
		f.Event.Agent.BrowserVersion = ""
	}
	if m&ofOS != 0 {
		f.Event.Agent.OS = ""
	}
	if m&ofOSVersion != 0 {
		f.Event.Agent.OSVersion = ""
	}
	if m&ofDevice != 0 {
		f.Event.Agent.Device = ""
	}
	if m&ofBrand != 0 {
		f.Event.Agent.Brand = ""
	}
	if m&ofModel != 0 {
		f.Event.Agent.Model = ""
	}
	if m&ofApp != 0 {
		f.Event.Agent.App = ""
	}
	if m&ofBot != 0 {
		f.Event.Agent.Bot = ""
	}
}

// emptyScreen empties screen, language and use.
func (m mask) emptyScreen(f *Facts) {
	if m&ofScreenWidth != 0 {
		f.Event.Screen.Width = 0
	}
	if m&ofScreenHeight != 0 {
		f.Event.Screen.Height = 0
	}
	if m&ofViewportWidth != 0 {
		f.Event.Screen.ViewportWidth = 0
	}
	if m&ofViewportHeight != 0 {
		f.Event.Screen.ViewportHeight = 0
	}
	if m&ofPixelRatio != 0 {
		f.Event.Screen.PixelRatio = 0
	}
	if m&ofTouch != 0 {
		f.Event.Screen.Touch = 0
	}
	if m&ofLanguage != 0 {
		f.Event.Language = ""
	}
	if m&ofTimezone != 0 {
		f.Event.TimeZone = ""
	}
	if m&ofEngagedMS != 0 {
		f.Event.EngagedMS = 0
	}
	if m&ofScroll != 0 {
		f.Event.Scroll = 0
	}
}

// emptyAction empties what happened on the page.
func (m mask) emptyAction(f *Facts) {
	if m&ofName != 0 {
		f.Event.Name = ""
	}
	if m&ofProps != 0 {
		f.Event.Props = f.Event.Props[:0]
	}
	if m&ofValue != 0 {
		f.Event.Value = 0
	}
	if m&ofCurrency != 0 {
		f.Event.Currency = ""
	}
	if m&ofVitals != 0 {
		f.Event.Vitals = f.Event.Vitals[:0]
	}
	if m&ofErrorMessage != 0 {
		f.Event.Error.Message = ""
	}
	if m&ofErrorSource != 0 {
		f.Event.Error.Source = ""
	}
	if m&ofErrorLine != 0 {
		f.Event.Error.Line = 0
	}
	if m&ofErrorColumn != 0 {
		f.Event.Error.Column = 0
	}
	if m&ofErrorStack != 0 {
		f.Event.Error.Stack = ""
	}
	if m&ofErrorKind != 0 {
		f.Event.Error.Kind = ""
	}
}

// emptyExchange empties what diagnostics know of a request, and what a fault or a vital came from.
func (m mask) emptyExchange(f *Facts) {
	if m&ofProtocol != 0 {
		f.Event.Exchange.Protocol = ""
	}
	if m&ofStatus != 0 {
		f.Event.Exchange.Status = 0
	}
	if m&ofMethod != 0 {
		f.Event.Exchange.Method = ""
	}
	if m&ofBytes != 0 {
		f.Event.Exchange.Bytes = 0
	}
	if m&ofServerMS != 0 {
		f.Event.Exchange.ServerMS = 0
	}
	if m&ofDurationMS != 0 {
		f.Event.Exchange.DurationMS = 0
	}
	if m&ofPhase != 0 {
		f.Event.Exchange.Phase = ""
	}
	if m&ofErrorType != 0 {
		f.Event.Error.Type = ""
	}
	if m&ofFingerprint != 0 {
		f.Event.Error.Fingerprint = 0
	}
	if m&ofWeight != 0 {
		f.Event.Weight = 0
	}
	if m&ofAttribution != 0 {
		f.Event.Attribution = f.Event.Attribution[:0]
	}
	if m&ofReference != 0 {
		f.Event.Reference = ""
	}
}
