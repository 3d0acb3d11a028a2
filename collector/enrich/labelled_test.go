package enrich

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// labelled is an agent and what others say that it is.
type labelled struct{ agent, label string }

// corpusText reads a corpus that is no JSON.
func corpusText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(cacheDir(t), "agents", name))
	if err != nil {
		missing(t, name+" is not there; `make corpora` fetches it")
	}
	return string(text)
}

// literal is what a string literal of JavaScript, with its quotes, stands for; the corpora escape nothing else.
func literal(quoted string) string {
	return strings.NewReplacer(`\"`, `"`, `\'`, `'`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}

// between finds agents and labels in the source of another project's tests.
func between(t *testing.T, name, pattern string) []labelled {
	t.Helper()
	var all []labelled
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(corpusText(t, name), -1) {
		all = append(all, labelled{literal(found[1]), literal(found[2])})
	}
	if len(all) < 10 {
		t.Fatalf("%s holds %d agents", name, len(all))
	}
	return all
}

// TestBrowsersAsUapCoreNamesThem compares with the tests of uap-core. Most of its agents are older than 2010. Its names for
// what has none here, and for applications, count as they come: those are most of what differs.
func TestBrowsersAsUapCoreNamesThem(t *testing.T) {
	robots, scores, known := newBotIndex(), newScore(), map[string]bool{}
	for name := range knownBrowsers() {
		known[strings.ToLower(name)] = true
	}
	all := between(t, "labelled-uap-core.js", `uaParser\(("(?:[^"\\]|\\.)*")\);\n\s*assert\.strictEqual\(results\.family, ("[^"]*"),`)
	for _, one := range all {
		if one.label == "Other" || one.label == "Custom" || strings.HasSuffix(one.label, "WKWebView") {
			continue // what the rules of uap-core do not know, or the package has renamed
		}
		got := parse(&agentKey{agent: capped(one.agent)}, robots)
		if robotLabel.MatchString(one.label) {
			scores.add("bot", "robot", robotOrPerson(one.agent, robots), one.agent, 1)
			continue
		}
		if known[ourName(one.label)] {
			scores.add("no bot", "", got.Bot, one.agent, 1)
		}
		if got.Bot == "" {
			scores.add("browser", ourName(one.label), strings.ToLower(got.Browser), one.agent, 1)
		}
	}
	scores.report(t, map[string]float64{"browser": 98, "bot": 99, "no bot": 98.5})
}

// robotLabel knows the families of uap-core that are robots and programs.
var robotLabel = regexp.MustCompile(`(?i)bot|spider|crawl|slurp|^curl|wget|python|libwww|http|fetch|larbin|nutch|heritrix|scrapy|archiver|check|valid|` +
	`monitor|scan|feed|-google|google-|preview|vagabondo|axios|ruby|perl`)

// ourName is what a family of uap-core or a name of ua-parser-js is called here, in lower case.
func ourName(label string) string {
	name := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(label)), "mobile ")
	if name == "chrome mobile webview" {
		return "chrome webview"
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, " ios"), " mobile")
	if ours, ok := theirNames[name]; ok {
		return ours
	}
	return name
}

// theirNames are the names of others in lower case, and ours.
var theirNames = map[string]string{
	"ie": "internet explorer", "iemobile": "internet explorer", "samsung browser": "samsung internet", "yandex": "yandex browser", "amazon silk": "silk",
	"ucbrowser": "uc browser", "google": "google search app", "gsa": "google search app", "qqbrowser": "qq browser", "qq browser mini": "qq browser",
	"qqbrowserlite": "qq browser", "lbbrowser": "liebao", "metasr": "sogou explorer", "baidu": "baidu browser", "bidubrowser": "baidu browser",
	"up.browser": "openwave", "ovi browser": "nokia browser", "nokiabrowser": "nokia browser", "nokia oss browser": "nokia browser",
	"nokia services (wap) browser": "", "netfront nx": "netfront", "seznam prohlížeč": "seznam browser", "chrome headless": "headless chrome",
	"android": "android browser", "myie2": "maxthon", "opera mobi": "opera", "opera tablet": "opera", "firefox beta": "firefox", "elinks": "links",
	"palemoon": "pale moon", "webkit nightly": "safari", "fennec": "firefox", "firebird": "firefox", "blackberry webkit": "blackberry browser",
	"icecat": "iceweasel", "avant": "avant browser", "one browser": "onebrowser", "bon echo": "firefox", "otter": "otter browser", "ncsa mosaic": "mosaic",
	"maemo browser": "microb", "2345explorer": "2345 explorer", "slim": "slimjet", "adobeair": "adobe air", "miuibrowser": "miui browser",
	"semc-browser": "semc browser", "wetab": "wetab browser", "wmplayer": "windows media player", "phoenix": "phoenix browser", "outlook-ios": "outlook",
}

// madeUp are the agents of a list of phones that no phone sent.
var madeUp = regexp.MustCompile(`REMOVE|DO_NOT_MATCH|NON_UNIQUE|GENERIC_`)

func TestDevicesAsOthersLabelThem(t *testing.T) {
	const pattern = `device\(('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\);\s*assert\.equal\(mydevice\.type, ('\w+')`
	robots := newBotIndex()
	for _, tt := range []struct {
		name   string
		files  []string
		floors map[string]float64
	}{
		{
			"phones",
			[]string{"phone-1", "phone-2", "phone-3", "phone-4", "phone-5", "phone-6"},
			map[string]float64{"device": 98.5, "no bot": 98},
		},
		{"tablets", []string{"tablet"}, map[string]float64{"device": 85, "no bot": 98}},
		{"televisions and consoles", []string{"tv"}, map[string]float64{"device": 95, "no bot": 95}},
		{"computers", []string{"desktop"}, map[string]float64{"device": 99, "no bot": 95}},
		{"robots", []string{"bot", "bot-phone"}, map[string]float64{"bot": 99}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scores := newScore()
			for _, file := range tt.files {
				for _, one := range between(t, "labelled-"+file+".js", pattern) {
					got := parse(&agentKey{agent: capped(one.agent)}, robots)
					switch {
					case madeUp.MatchString(one.agent):
					case one.label == "bot":
						scores.add("bot", "robot", robotOrPerson(one.agent, robots), one.agent, 1)
					default:
						scores.add("no bot", "", got.Bot, one.agent, 1)
						if got.Bot == "" {
							scores.add("device", ourDevice(one.label), strings.Replace(got.Device, console, tv, 1), one.agent, 1)
						}
					}
				}
			}
			scores.report(t, tt.floors)
		})
	}
}

// ourDevice is what a device type of others is called here; they count a console as a television.
func ourDevice(label string) string {
	switch label {
	case "phone":
		return mobile
	case "console", "smarttv":
		return tv
	}
	return label
}

func TestBrowsersOfComputersAsTheySentThem(t *testing.T) {
	var list []struct{ ID, String, OSID string }
	corpus(t, "labelled-computers.json", &list)
	robots, scores := newBotIndex(), newScore()
	for _, one := range list {
		got := parse(&agentKey{agent: capped(one.String)}, robots)
		browser, _, _ := strings.Cut(one.ID, "-")
		scores.add("browser", ourName(browser), strings.ToLower(got.Browser), one.String, 1)
		os, _, _ := strings.Cut(one.OSID, "-")
		scores.add("os", os, strings.TrimSuffix(strings.ToLower(got.OS), "os"), one.String, 1)
		scores.add("device", desktop, got.Device, one.String, 1)
		scores.add("no bot", "", got.Bot, one.String, 1)
	}
	scores.report(t, map[string]float64{"browser": 100, "os": 100, "device": 100, "no bot": 100})
}

func TestBrowsersSystemsAndDevicesAsUaParserNamesThem(t *testing.T) {
	robots, scores := newBotIndex(), newScore()
	for _, field := range []string{"browser", "system", "device"} {
		var list []struct {
			UA     string
			Expect map[string]json.RawMessage
		}
		corpus(t, "labelled-"+field+"s.json", &list)
		for _, one := range list {
			var label string
			key := map[string]string{"browser": "name", "system": "name", "device": "type"}[field]
			if json.Unmarshal(one.Expect[key], &label) != nil || label == "" || label == "undefined" {
				continue
			}
			got := parse(&agentKey{agent: capped(one.UA)}, robots)
			switch field {
			case "browser":
				scores.add(field, ourName(label), strings.ToLower(got.Browser), one.UA, 1)
			case "system":
				scores.add(field, ourSystem(label), got.OS, one.UA, 1)
			case "device":
				scores.add(field, ourDevice(label), strings.Replace(got.Device, console, tv, 1), one.UA, 1)
			}
		}
	}
	scores.report(t, map[string]float64{"browser": 85, "system": 90, "device": 90})
}

// ourSystem is what a system of ua-parser-js is called here.
func ourSystem(label string) string {
	switch label {
	case "Windows Phone OS":
		return "Windows Phone"
	case "BlackBerry":
		return "BlackBerry OS"
	case "Ubuntu":
		return linux
	case "Chromium OS":
		return chromeOS
	case "Mac OS":
		return macOS
	}
	return label
}
