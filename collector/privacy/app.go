package privacy

import (
	"strings"
	"time"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/visitor"
)

// today is the day whose salt makes the visitor's id. An event that a server or an app sends later is of the day on which it happened,
// for as long as that day has a salt: so it is the same row when it is sent again, and the same visitor as in the browser.
func (p *passage) today() *localDay {
	today := p.site.today(p.hit.Received)
	if p.hit.Way != hit.API || p.hit.Time.IsZero() {
		return today
	}
	day := p.hit.Time.In(p.site.Location()).Format(time.DateOnly)
	if day == today.day || visitor.Ended(day, p.hit.Received) {
		return today
	}
	return &localDay{day: day}
}

// screenPath is the path that stands for an app's screen: one slash before its name.
func (c *Cleared) screenPath(screen string) string {
	start := len(c.scratch)
	c.scratch = append(append(c.scratch, '/'), strings.TrimLeft(screen, "/")...)
	return c.kept(start)
}

// clearApp lets what an app says of itself and its device stand for what its agent would tell: an app's library names itself there as
// robots do.
func (p *passage) clearApp() {
	app, a := &p.hit.App, &p.into.facts.Event.Agent
	if app.OS != "" {
		a.OS, a.OSVersion = systemName(app.OS), ""
	}
	if app.OSVersion != "" {
		a.OSVersion = p.version("os_version", app.OSVersion)
	}
	if app.Model != "" {
		a.Model = app.Model
	}
	if app.Name == "" {
		return
	}
	a.App, a.AppVersion = app.Name, p.version("app_version", app.Version)
	a.Bot, a.Browser, a.BrowserVersion = "", "", ""
	a.Brand, a.Device = appDevice(a)
}

// systemName is the usual way to write what apps send.
func systemName(raw string) string {
	for _, name := range [...]string{"iOS", "iPadOS", "Android", "HarmonyOS", "Windows", "macOS", "Linux", "tvOS", "watchOS"} {
		if strings.EqualFold(raw, name) {
			return name
		}
	}
	return raw
}

// appDevice is the brand and the kind of the device, as far as system and model tell more than the agent did.
func appDevice(a *event.Agent) (brand, device string) {
	brand, device = a.Brand, a.Device
	switch a.OS {
	case "iOS", "iPadOS", "macOS", "tvOS", "watchOS":
		brand = "Apple"
	}
	switch {
	case a.OS == "iPadOS", strings.HasPrefix(a.Model, "iPad"):
		device = "tablet"
	case a.OS == "tvOS":
		device = "tv"
	case a.OS == "watchOS":
		device = "wearable"
	case a.OS == "macOS", a.OS == "Windows", a.OS == "Linux":
		device = "desktop"
	case device == "tablet":
	default:
		device = "mobile"
	}
	return brand, device
}

// maxVersion is longer than any version that people would compare.
const maxVersion = 32

// version keeps what can be nothing but a version: 5.12.0, 5.12 (340), 2026.1-beta+3.
func (p *passage) version(column, raw string) string {
	if raw == "" {
		return ""
	}
	for i := range len(raw) {
		if c := raw[i]; !isAlnum(c) && strings.IndexByte(".-+_() ", c) < 0 || i == maxVersion {
			p.notes.add(column, Dropped, raw, "", "not the form of a version")
			return ""
		}
	}
	return raw
}
