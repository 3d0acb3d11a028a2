package enrich

import (
	"strings"

	"github.com/mssola/useragent"

	"mayak/schema/event"
)

// Names of systems that other files ask for.
const (
	windows   = "Windows"
	macOS     = "macOS"
	iOS       = "iOS"
	iOSorMac  = "Darwin" // until mendSystem tells which
	iPadOS    = "iPadOS"
	android   = "Android"
	harmonyOS = "HarmonyOS"
	chromeOS  = "ChromeOS"
	linux     = "Linux"
	tizen     = "Tizen"
	webOS     = "webOS"
	kaiOS     = "KaiOS"
	firefoxOS = "Firefox OS"
	palmOS    = "Palm OS"
	tvOS      = "tvOS"
	watchOS   = "watchOS"
)

// addSystem names the system by the first mark of the table that the agent holds.
func addSystem(told *event.Agent, ua *scanned, base *useragent.UserAgent) {
	if i := systemIndex.first(ua); i >= 0 {
		s := &systems[i]
		told.OS = s.name
		if s.version != "" {
			told.OSVersion = ua.after(s.version)
		}
		mendSystem(told, ua)
	}
	if told.OS == "" && strings.Contains(base.OS(), "Windows") {
		told.OS = windows
	}
	switch told.OS {
	case "", windows, linux: // which phones imitate
		ua.phone = ua.withButtons()
	}
	if ua.phone && told.OS == windows {
		told.OS, told.OSVersion = "Windows Mobile", ""
	}
}

// withButtons knows the phones of before Android by what their agents begin with, and by the words that only they hold.
func (s *scanned) withButtons() bool {
	if phoneIndex.first(s) >= 0 {
		return true
	}
	for _, maker := range phoneMakers {
		if strings.HasPrefix(s.lower, maker) && modelFollows(s.text, len(maker)) {
			return true
		}
	}
	return false
}

// modelFollows tells whether the maker's name ends at i: "NokiaN95", "Fly_M140", "motozn4" and
// "LG/KU380" are phones, a flyer is none.
func modelFollows(text string, i int) bool {
	if !isAlphanumeric(text[i-1]) {
		return i < len(text) // "sec-" ends by itself
	}
	if i < len(text) && (text[i] < 'a' || text[i] > 'z') {
		return true
	}
	return strings.ContainsAny(text[i:], "0123456789") && !strings.ContainsAny(text[i:], " /") // "motozn4", and nothing else
}

// mendSystem turns what a system calls itself into what people call it, and forgets the versions that browsers have
// frozen: every Mac says 10.15.7, every newer Chrome on Android says 10. An unknown version is better than a wrong one.
func mendSystem(told *event.Agent, ua *scanned) {
	switch told.OS {
	case windows:
		if name, ok := windowsVersions[told.OSVersion]; ok {
			told.OSVersion = name
		}
	case macOS:
		if strings.HasPrefix(told.OSVersion, "10.15") || told.OSVersion == "10.16" {
			told.OSVersion = ""
		}
	case android:
		if ua.has("android 10; k)") || ua.has("android 10; k;") {
			told.OSVersion = ""
		}
	case iOS, iPadOS:
		thawed(told, ua)
	case iOSorMac:
		told.OS = iOS
		for _, mac := range []string{"x86_64", "macbook", "imac", "macmini", "i386"} {
			if ua.has(mac) {
				told.OS = macOS
			}
		}
	case linux:
		if androidOnly[told.Browser] {
			told.OS = android // which asks for the desktop's page
		}
	}
}

// thawed knows that since iOS 26 Safari's own version tells the system's, which stays at 18 in the agent.
func thawed(told *event.Agent, ua *scanned) {
	own, ok := ua.product("version")
	if ok && len(own.version) >= 2 && own.version >= "26" && strings.HasPrefix(told.OSVersion, "18") {
		told.OSVersion = own.version
	}
}
