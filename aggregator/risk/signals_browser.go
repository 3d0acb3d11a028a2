package risk

import (
	"fmt"
	"slices"
	"strings"
)

func automation(f *Facts) found {
	if f.Browser.Bot != "" {
		return found{1, f.Browser.Bot}
	}
	return found{}
}

func agentChanged(f *Facts) found {
	if !f.Browser.Consented || f.Browser.Systems < 2 {
		return found{}
	}
	return found{1, fmt.Sprintf("%d systems in a day", f.Browser.Systems)}
}

// touchConflict needs the browser's own word at a level that keeps it: elsewhere no touch means not known.
func touchConflict(f *Facts) found {
	b := &f.Browser
	if !b.Script || !b.Consented || b.Touch > 0 || b.Device != "mobile" && b.Device != "tablet" {
		return found{}
	}
	return found{1, b.Device + " without touch"}
}

// agentConflict compares the system that the user agent names with the one that the client hints made of it.
func agentConflict(f *Facts) found {
	if !contradict(f.Browser.AgentOS, f.Browser.OS) {
		return found{}
	}
	return found{1, fmt.Sprintf("agent of %s, hints of %s", f.Browser.AgentOS, f.Browser.OS)}
}

// What a user agent names, and the systems that are no contradiction to it: an iPad says that it is a Mac, and who asks for the site
// of desktops says Linux on a telephone.
func agrees(agent string) []string {
	switch agent {
	case agentWindows:
		return []string{"Windows", "Windows Phone", "Xbox"}
	case agentApplePhone:
		return []string{"iOS", "iPadOS"}
	case agentMac:
		return []string{"macOS", "iOS", "iPadOS", "visionOS"}
	case agentAndroid:
		return []string{"Android", "HarmonyOS", "Fire OS", "KaiOS", "Wear OS", "Android TV", "ChromeOS", "Linux"}
	case agentChromeOS:
		return []string{"ChromeOS", "Linux", "Android"}
	}
	return nil
}

const (
	agentWindows    = "Windows"
	agentApplePhone = "iPhone"
	agentMac        = "Mac"
	agentAndroid    = "Android"
	agentChromeOS   = "ChromeOS"
	agentLinux      = "Linux"
)

// contradict is certain only of systems that everybody knows.
func contradict(agent, os string) bool {
	if agent == agentLinux {
		return os == "Windows" || os == "macOS" || os == "iOS"
	}
	known := []string{"Windows", "macOS", "iOS", "Android", "Linux", "ChromeOS"}
	fitting := agrees(agent)
	return fitting != nil && slices.Contains(known, os) && !slices.Contains(fitting, os)
}

// systemOf is the system that a user agent names; the agent itself is not kept.
func systemOf(agent string) string {
	for _, mark := range []struct{ text, system string }{
		{"Windows Phone", ""},
		{"Windows NT", agentWindows},
		{"iPhone", agentApplePhone},
		{"iPad", agentApplePhone},
		{"Android", agentAndroid},
		{"CrOS", agentChromeOS},
		{"Macintosh", agentMac},
		{"Linux", agentLinux},
	} {
		if strings.Contains(agent, mark.text) {
			return mark.system
		}
	}
	return ""
}
