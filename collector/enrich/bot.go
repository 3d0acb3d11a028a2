package enrich

import (
	"strings"

	"github.com/mssola/useragent"

	"mayak/schema/event"
)

// addBot tells why nobody is behind the agent. The column holds "kind:name", such as "ai-crawler:GPTBot"; kinds are a
// closed set, names come from the lists or are cut from the agent.
func (index *botIndex) addBot(told *event.Agent, ua *scanned, base *useragent.UserAgent, k *agentKey) {
	kind, name := index.find(ua)
	switch {
	case kind != "":
	case k.webdriver:
		kind, name = "automation", "webdriver"
	case told.Browser == "Headless Chrome":
		kind, name = "automation", "Headless Chrome"
	case strings.TrimSpace(ua.text) == "":
		kind, name = "other", "empty agent"
	case len(ua.text) < shortestAgent && !ua.browses && !ua.phone:
		kind, name = "other", "short agent"
	case base.Bot():
		found, _ := base.Browser()
		kind, name = "other", cleaned(found)
	default:
		kind, name = program(told, ua)
	}
	if kind == "" {
		return
	}
	if !ua.browses {
		told.Browser, told.BrowserVersion = "", "" // a robot's name, or part of it
	}
	*told = event.Agent{Browser: told.Browser, BrowserVersion: told.BrowserVersion, OS: told.OS, OSVersion: told.OSVersion}
	told.Device, told.Bot = bot, kind+":"+name
}

const shortestAgent = 10
