package enrich

import (
	"strings"

	"mayak/schema/event"
)

// The device types; the closed set that the column device holds.
const (
	desktop  = "desktop"
	mobile   = "mobile"
	tablet   = "tablet"
	tv       = "tv"
	console  = "console"
	wearable = "wearable"
	car      = "car"
	bot      = "bot"
)

// addDevice tells what is in the visitor's hand. Client hints and points of touch know better than the agent, where
// an iPad calls itself a Mac and a tablet may ask for the desktop's page.
func addDevice(told *event.Agent, ua *scanned, k *agentKey) {
	if told.OS == macOS && (k.touch || ua.has("crios/") || ua.has("fxios/") || ua.has("edgios/")) {
		told.OS, told.OSVersion = iPadOS, ""
		told.Brand, told.Model = "Apple", "iPad"
		if own, ok := ua.product("version"); ok {
			told.OSVersion = own.version
		}
	}
	if told.Device == "" {
		told.Device = deviceOf(told, ua, k)
	}
}

func deviceOf(told *event.Agent, ua *scanned, k *agentKey) string {
	if i := deviceIndex.first(ua); i >= 0 {
		return deviceMarks[i].device
	}
	if strings.HasSuffix(ua.lower, " tv") || tvModel(told.Model) {
		return tv
	}
	byModel := modelDevice(told.Brand, told.Model)
	if byModel == tablet {
		return tablet
	}
	return deviceOn(told, ua, k, byModel)
}

// deviceOn tells the device by its system.
func deviceOn(told *event.Agent, ua *scanned, k *agentKey, byModel string) string {
	switch told.OS {
	case tvOS, "Roku OS", "VIDAA", "Chromecast":
		return tv
	case "PlayStation", "Nintendo":
		return console
	case watchOS:
		return wearable
	case iPadOS:
		return tablet
	case iOS, kaiOS, palmOS, "Windows Phone", "Windows Mobile", "Windows CE", "BlackBerry OS", "Symbian", "Series 40", "Bada",
		"Java ME", "MeeGo", "Maemo":
		return mobile
	case "BlackBerry Tablet OS":
		return tablet
	case android, harmonyOS, tizen, webOS, firefoxOS:
		if byModel != "" {
			return byModel
		}
		return handheld(told, ua, k)
	case "":
		return unplaced(told, ua)
	}
	if ua.phone {
		return mobile
	}
	if k.hints.Mobile == "?1" {
		return mobile
	}
	return desktop
}

// handheld tells phones from tablets: browsers say "Mobile" on phones only, applications say nothing at all.
func handheld(told *event.Agent, ua *scanned, k *agentKey) string {
	switch {
	case ua.has("tablet"):
		return tablet
	case ua.hasWord("mobi") || k.hints.Mobile == "?1" || told.Browser == operaMini:
		return mobile
	case told.OS == webOS && ua.ofPalm():
		return mobile
	case told.OS == tizen || told.OS == webOS || told.OS == firefoxOS:
		return tv
	case !strings.HasPrefix(ua.text, "Mozilla/") && !strings.HasPrefix(ua.text, "Opera/"):
		return mobile
	}
	return androidWithoutMobile(told, ua)
}

// ofPalm tells the phones of Palm, and of HP, from the televisions of LG that run on the same system.
func (s *scanned) ofPalm() bool { return !s.has("web0s") && !s.has("webos.tv") && !s.has("netcast") }

func androidWithoutMobile(told *event.Agent, ua *scanned) string {
	switch {
	case told.OS == android && (strings.HasPrefix(told.OSVersion, "1.") || strings.HasPrefix(told.OSVersion, "2.")):
		return mobile // there were no tablets yet
	case ua.hasWord("tcl"):
		return tv
	}
	return tablet
}

// unplaced is the device of an agent that names no system.
func unplaced(told *event.Agent, ua *scanned) string {
	switch {
	case ua.has("tablet"):
		return tablet
	case ua.phone || ua.has("mobile") || ua.has("phone") || told.Browser == operaMini || told.Browser == "Obigo":
		return mobile
	case told.Browser != "":
		return desktop
	}
	return ""
}
