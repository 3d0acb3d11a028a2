package enrich

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus reads a file that scripts/bots puts into the user's cache; without it the test is skipped.
func corpus(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(cacheDir(t), "agents", name))
	if err != nil {
		missing(t, name+" is not there; `make corpora` fetches it")
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// missing skips a test for what it cannot run without; where everything has to run, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// cacheDir is where the scripts put what they fetch.
func cacheDir(t *testing.T) string {
	t.Helper()
	if base := os.Getenv("MAYAK_CACHE"); base != "" {
		return base
	}
	user, err := os.UserCacheDir()
	if err != nil {
		t.Skip("no cache directory: ", err)
	}
	return filepath.Join(user, "mayak")
}

func TestRobotsOfTheListIncludingThoseThatWereLeftOut(t *testing.T) {
	var list []struct {
		Pattern   string
		Instances []string
	}
	corpus(t, "crawler-user-agents.json", &list)
	robots, scores := newBotIndex(), newScore()
	for _, entry := range list {
		for _, agent := range entry.Instances {
			scores.add("bot", "robot", robotOrPerson(agent, robots), agent, 1)
		}
	}
	scores.report(t, map[string]float64{"bot": 99})
}

// TestRobotsOfNoList hides each robot's own mark: what is left is what the layer knows of robots that nobody has listed yet.
func TestRobotsOfNoList(t *testing.T) {
	var list []struct {
		Pattern   string
		Instances []string
	}
	corpus(t, "crawler-user-agents.json", &list)
	unlisted, scores := new(botIndex), newScore()
	for _, entry := range list {
		for _, agent := range entry.Instances {
			scores.add("bot", "robot", robotOrPerson(agent, unlisted), agent, 1)
		}
	}
	scores.report(t, map[string]float64{"bot": 92})
}

func robotOrPerson(agent string, robots *botIndex) string {
	if parse(&agentKey{agent: capped(agent)}, robots).Bot != "" {
		return "robot"
	}
	return "person"
}

func TestPeopleByTheirWeight(t *testing.T) {
	var list []struct {
		UserAgent, Platform, Vendor, DeviceCategory string
		Weight                                      float64
	}
	corpus(t, "user-agents.json", &list)
	robots, scores := newBotIndex(), newScore()
	for _, person := range list {
		got := parse(&agentKey{agent: capped(person.UserAgent)}, robots)
		scores.add("no bot", "", got.Bot, person.UserAgent, 1)
		if got.Bot != "" {
			continue
		}
		scores.add("device", person.DeviceCategory, got.Device, person.UserAgent, person.Weight)
		if _, known := knownBrowsers()[got.Browser]; !known {
			scores.add("browser", "one of the table", got.Browser, person.UserAgent, person.Weight)
		} else {
			scores.add("browser", "", "", "", person.Weight)
		}
		if os := systemOf(person.Platform); os != "" {
			scores.add("os", os, strings.Replace(got.OS, iPadOS, iOS, 1), person.UserAgent, person.Weight)
		}
	}
	scores.report(t, map[string]float64{"device": 99, "browser": 99.9, "os": 99.5, "no bot": 99.95})
}

func knownBrowsers() map[string]struct{} {
	names := map[string]struct{}{"Chrome WebView": {}, "Safari WebView": {}, "Android Browser": {}}
	for _, table := range []map[string]browser{browsers, apps, programs} {
		for _, b := range table {
			names[b.name] = struct{}{}
		}
	}
	for _, name := range brandNames {
		names[name] = struct{}{}
	}
	for _, phrase := range phrases {
		names[phrase.is.name] = struct{}{}
	}
	return names
}

// systemOf is the system that navigator.platform names; empty when it could be several.
func systemOf(platform string) string {
	switch platform {
	case "Win32", "Win64":
		return windows
	case "iPhone", "iPad":
		return iOS
	case "MacIntel":
		return macOS
	case "Linux x86_64":
		return ""
	case "Linux armv8l", "Linux armv81", "Linux aarch64", "Linux armv7l":
		return android
	}
	return ""
}
