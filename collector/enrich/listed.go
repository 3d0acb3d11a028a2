package enrich

import (
	"slices"
	"strings"

	"mayak/schema/event"
)

//go:generate go run mayak/scripts/bots testdata/agents.tsv table_bots_gen.go

// listedBot is one robot of the table: a mark that stands where a word starts, in lower case. Without a name, the robot
// is called what the agent calls it.
type listedBot struct {
	mark, kind, name string
	anchored         bool // only where the agent starts
}

// botIndex finds the robots of the table in one pass over an agent: by the hash of the three bytes that a word starts with.
type botIndex [botBuckets][]listedBot

const (
	botBuckets = 4096
	botHead    = 3 // bytes; no mark is shorter
)

func newBotIndex() *botIndex {
	index := new(botIndex)
	add := func(b listedBot) {
		at := bucket(b.mark)
		index[at] = append(index[at], b)
	}
	for _, b := range ownBots {
		add(b)
	}
	for _, b := range listedBots {
		add(b)
	}
	for _, b := range index {
		// The longest mark says most; ours stand before the lists'.
		slices.SortStableFunc(b, func(x, y listedBot) int { return len(y.mark) - len(x.mark) })
	}
	return index
}

func bucket(s string) uint { return (uint(s[0])*961 + uint(s[1])*31 + uint(s[2])) % botBuckets }

// find looks for a robot. The model in "Android 12; MODEL Build/…" is left out: a phone may be called anything. Of
// several the first whose kind is known counts.
func (index *botIndex) find(ua *scanned) (kind, name string) {
	from, to := ua.modelSpan()
	lower := ua.lower
	words := 0
	for i := 0; i+botHead <= len(lower) && words < maxWords; i++ {
		if i == from {
			i = max(i, to-1)
			continue
		}
		if !isAlphanumeric(lower[i]) || i > 0 && isAlphanumeric(lower[i-1]) {
			continue
		}
		words++
		k, n := index.at(ua, i)
		if k == "" {
			k, n = robotWord(ua, i)
		}
		if k != "" && (kind == "" || kind == unknownKind && k != unknownKind) {
			if kind == "" || !strings.Contains(n, "/") {
				name = n // "YandexAdditionalBot/1.0; +http://yandex.com/bots" has a better one
			}
			kind = k
		}
		if kind != "" && kind != unknownKind {
			break
		}
	}
	return kind, name
}

const (
	unknownKind = "other"
	maxWords    = 100 // an agent has some thirty; what has more is made to be slow
)

// at compares the marks with the word that starts at i.
func (index *botIndex) at(ua *scanned, i int) (kind, name string) {
	for _, b := range index[bucket(ua.lower[i:])] {
		if strings.HasPrefix(ua.lower[i:], b.mark) && (!b.anchored || i == 0) {
			if b.name == "" {
				return b.kind, wordAround(ua.text, i)
			}
			return b.kind, b.name
		}
	}
	return "", ""
}

// robotWord knows the robots of no list by the word that their names end with.
func robotWord(ua *scanned, i int) (kind, name string) {
	end := i
	for end < len(ua.lower) && isAlphanumeric(ua.lower[end]) {
		end++
	}
	for end > i && ua.lower[end-1] <= '9' {
		end-- // "bot2"
	}
	word := ua.lower[i:end]
	if word == "" || strings.IndexByte(robotEnds, word[len(word)-1]) < 0 {
		return "", ""
	}
	for _, tail := range robotWords {
		if strings.HasSuffix(word, tail) && !slices.Contains(noRobots, word) {
			return unknownKind, wordAround(ua.text, i)
		}
	}
	return "", ""
}

// wordAround is the product's name around position i.
func wordAround(text string, i int) string {
	end := i
	for i > 0 && isNameByte(text[i-1]) {
		i--
	}
	for end < len(text) && isNameByte(text[end]) {
		end++
	}
	return cleaned(text[i:min(end, i+maxName)])
}

// modelSpan is where the model of an Android device stands; from is -1 when there is none.
func (s *scanned) modelSpan() (from, to int) {
	at := strings.Index(s.lower, "android")
	if at < 0 {
		return -1, -1
	}
	semicolon := strings.IndexByte(s.lower[at:], ';')
	if semicolon < 0 {
		return -1, -1
	}
	from = at + semicolon + 1
	length := strings.IndexByte(s.lower[at:], ')')
	if length <= semicolon {
		return -1, -1
	}
	to = at + length
	if build := strings.Index(s.lower[from:to], " build/"); build >= 0 {
		if end := strings.IndexByte(s.lower[from+build:to], ';'); end >= 0 {
			to = from + build + end // "…; MODEL Build/OPD3.170816.012; Storebot-Google/1.0"
		}
	} else if strings.Contains(s.lower[from:to], "compatible") {
		return -1, -1
	}
	return from, to
}

// program knows the programs that are no browser by the form of what they say: only their name ("curl/8.5.0"), a name and
// a page to read about them, a comment in which no engine and no system stands.
func program(told *event.Agent, ua *scanned) (kind, name string) {
	named := ua.has("http://") || ua.has("https://") || ua.has("+www.") || ua.has(" proxy)")
	if strings.HasPrefix(ua.lower, "mozilla/") || strings.HasPrefix(ua.lower, "opera/") {
		if named || saysNothing(told, ua) {
			return unknownKind, cleaned(told.Browser)
		}
		return "", ""
	}
	name, _, _ = strings.Cut(strings.TrimSpace(ua.text), "/")
	if named {
		return unknownKind, cleaned(name)
	}
	if ua.browses || ua.phone || !ua.has("cfnetwork") && runsNoPrograms(told) {
		return "", ""
	}
	return "http-library", cleaned(name)
}

// saysNothing tells the agents that begin as a browser's does, and go on without an engine and a system.
func saysNothing(told *event.Agent, ua *scanned) bool {
	return told.OS == "" && told.Browser == "" && !ua.phone && (ua.has("compatible;") || !strings.Contains(ua.text, "("))
}

// runsNoPrograms tells the devices and the systems on which applications show pages, and nobody writes scripts: their
// agents may begin with anything.
func runsNoPrograms(told *event.Agent) bool {
	switch told.Device {
	case tv, console, tablet, wearable, car:
		return true
	}
	return handheldSystems[told.OS]
}
