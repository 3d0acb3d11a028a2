package enrich

import (
	"strconv"
	"strings"

	"mayak/collector/hit"
	"mayak/schema/event"
)

// addHints lets the client hints correct what the agent says: they name the fork that hides behind Chrome, the
// version that the agent has frozen, the model that it no longer tells. A fork that the agent names stays.
func addHints(told *event.Agent, k *agentKey) {
	h := &k.hints
	if *h == (hit.Hints{}) {
		return
	}
	for _, hint := range hintsOf(h) {
		if strings.ContainsAny(*hint, "<>{}&") {
			*hint = ""
		}
	}
	addBrands(told, h.Brands)
	addPlatform(told, unquoted(h.Platform), unquoted(h.PlatformVersion))
	if model := cleaned(unquoted(h.Model)); model != "" && model != "K" && told.Brand != "Apple" {
		told.Model = model
		told.Brand = brandOf(model)
	}
	told.Device = formFactor(unquoted(h.FormFactors))
	addPackage(told, unquoted(h.RequestedWith))
}

// addPackage names the application or the browser behind a web view, by the package that X-Requested-With tells.
func addPackage(told *event.Agent, name string) {
	webView := told.Browser == "" || strings.HasSuffix(told.Browser, " WebView")
	if app, ok := packages[name]; ok && told.App == "" {
		told.App = app
		if webView {
			told.Browser, told.BrowserVersion = app, ""
		}
		return
	}
	if browser, ok := browserPackages[lowerASCII(name)]; ok && webView {
		told.Browser, told.BrowserVersion = browser, "" // the version in the agent is the web view's
	}
}

// addBrands reads `"Chromium";v="128", "Not;A=Brand";v="24", "YaBrowser";v="24.7"`, with or without the quotes. A brand
// that no table has counts when none that it has is there.
func addBrands(told *event.Agent, list string) {
	var unknown, itsVersion string
	listed := false
	for item := range strings.SplitSeq(list, ",") {
		name, version, _ := strings.Cut(strings.TrimSpace(item), ";v=")
		if strings.Contains(name, ";") {
			// GREASE may hold the separator; nothing that we know does.
			continue
		}
		version = versionAt(unquoted(version), 0)
		known, ok := brandNames[lowerASCII(unquoted(name))]
		if !ok {
			if isBrand(unquoted(name)) {
				unknown, itsVersion = unquoted(name), version
			}
			continue
		}
		listed = true
		switch told.Browser {
		case known:
			if longer(version, told.BrowserVersion) {
				told.BrowserVersion = version
			}
		case "Chrome", "":
			told.Browser, told.BrowserVersion = known, version
		}
	}
	if !listed && unknown != "" && (told.Browser == "Chrome" || told.Browser == "") {
		told.Browser, told.BrowserVersion = unknown, itsVersion
	}
}

// isBrand tells a fork's name from Chromium's own and from the brands that are made up to keep readers honest.
func isBrand(name string) bool {
	lower := lowerASCII(name)
	return name != "" && cleaned(name) == name && lower != "chromium" && (!strings.Contains(lower, "not") || !strings.Contains(lower, "brand"))
}

// longer tells whether the hint's version says more than the agent's, whose minor parts are zeroes.
func longer(hint, agent string) bool {
	return hint != "" && (strings.Count(hint, ".") >= strings.Count(agent, ".") || agent == "")
}

func addPlatform(told *event.Agent, platform, version string) {
	name, ok := platforms[lowerASCII(platform)]
	if !ok {
		return
	}
	vague := name == android && told.OS == harmonyOS || name == linux && told.OS != ""
	if told.OS != name && !vague {
		told.OS, told.OSVersion = name, ""
		if told.Brand == "Apple" && name != macOS && name != iOS {
			told.Brand, told.Model = "", "" // the agent imitates a Mac
		}
	}
	version = versionAt(version, 0)
	if version == "" || told.OS != name {
		return
	}
	if name == windows {
		version = windowsVersion(version)
	}
	if name != linux {
		told.OSVersion = version
	}
}

// windowsVersion turns the hint's number, which counts API contracts, into the name that people know.
func windowsVersion(contract string) string {
	major, minor, _ := strings.Cut(contract, ".")
	n, err := strconv.Atoi(major)
	switch {
	case err != nil:
		return ""
	case n >= 13:
		return "11"
	case n > 0:
		return "10"
	}
	switch {
	case strings.HasPrefix(minor, "1"):
		return "7"
	case strings.HasPrefix(minor, "2"):
		return "8"
	case strings.HasPrefix(minor, "3"):
		return "8.1"
	}
	return ""
}

func formFactor(list string) string {
	for item := range strings.SplitSeq(list, ",") {
		switch lowerASCII(unquoted(strings.TrimSpace(item))) {
		case "automotive":
			return car
		case "tablet":
			return tablet
		case "watch":
			return wearable
		case "mobile":
			return mobile
		case "desktop":
			return desktop
		}
	}
	return ""
}

func unquoted(hint string) string { return strings.Trim(hint, `" `) }
