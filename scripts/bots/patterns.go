package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// mark is what the table holds of a robot: a text in lower case that stands where a word starts.
type mark struct {
	text     string
	kind     string
	name     string
	anchored bool // only at the agent's start
}

// kinds are crawler-user-agents' tags and what we call them, the most telling first: a robot may have several.
func kinds() []struct{ tag, kind string } {
	return []struct{ tag, kind string }{
		{"ai-crawler", "ai-crawler"},
		{"search-engine", "search"},
		{"social-preview", "social-preview"},
		{"feed-reader", "feed"},
		{"monitoring", "monitoring"},
		{"seo", "seo"},
		{"browser-automation", "automation"},
		{"http-library", "http-library"},
		{"scanner", "scanner"},
		{"advertising", "advertising"},
		{"archiver", "archiver"},
		{"academic", "academic"},
	}
}

func readPatterns(dir string) ([]mark, error) {
	text, err := os.ReadFile(filepath.Join(dir, crawlersFile))
	if err != nil {
		return nil, err
	}
	var list []struct {
		Pattern string   `json:"pattern"`
		Tags    []string `json:"tags"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read %s: %w", crawlers(), err)
	}
	var marks []mark
	for _, entry := range list {
		kind := "other"
		for _, k := range slices.Backward(kinds()) {
			if slices.Contains(entry.Tags, k.tag) {
				kind = k.kind
			}
		}
		found, err := marksOf(entry.Pattern, kind)
		if err != nil {
			return nil, err
		}
		marks = append(marks, found...)
	}
	words, err := readWords(dir)
	return append(marks, words...), err
}

func listed() *regexp.Regexp { return regexp.MustCompile(`(?s)patterns_default = \[(.*?)\n\];`) }

// readWords takes the words of isbot that are plain text. Their kind is not known and their name is the agent's own.
func readWords(dir string) ([]mark, error) {
	text, err := os.ReadFile(filepath.Join(dir, isbotFile))
	if err != nil {
		return nil, err
	}
	found := listed().FindSubmatch(text)
	var list []string
	if found == nil {
		return nil, fmt.Errorf("%s holds no list of patterns", isbot())
	}
	if err := json.Unmarshal([]byte("["+string(found[1])+"]"), &list); err != nil {
		return nil, fmt.Errorf("read %s: %w", isbot(), err)
	}
	var marks []mark
	for _, pattern := range list {
		bare := strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), `\b`)
		if strings.ContainsAny(bare, `()[]{}|*+?$.`) || strings.Contains(bare, `\`) {
			continue
		}
		found, err := marksOf(strings.TrimSuffix(pattern, `\b`), "other")
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			m.name = ""
			marks = append(marks, m)
		}
	}
	return marks, nil
}

// marksOf takes from a pattern what it says literally: all alternatives, each as far as the first part that is not.
func marksOf(pattern, kind string) ([]mark, error) {
	pattern = strings.ReplaceAll(pattern, `\/`, "/")
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	var marks []mark
	for _, l := range literals(tree) {
		text := strings.ToLower(strings.TrimLeft(l.text, "+-( ;"))
		name := strings.Trim(l.text, " +/-(;:,.")
		if len(text) < shortest || l.open && len(text) < shortestCut || !isWord(text[0]) {
			continue
		}
		marks = append(marks, mark{text: text, kind: kind, name: name, anchored: l.anchored})
	}
	return marks, nil
}

const (
	shortest    = 3
	shortestCut = 8 // of a mark that is only the beginning of what the pattern asks for
)

func isWord(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// literal is a text that a pattern asks for.
type literal struct {
	text     string
	anchored bool
	open     bool // the pattern goes on, but not literally
}

func literals(tree *syntax.Regexp) []literal {
	switch tree.Op { //nolint:exhaustive // everything else is not literal
	case syntax.OpLiteral:
		return []literal{{text: string(tree.Rune)}}
	case syntax.OpBeginText, syntax.OpBeginLine:
		return []literal{{anchored: true}}
	case syntax.OpEmptyMatch, syntax.OpEndText, syntax.OpEndLine, syntax.OpWordBoundary:
		return []literal{{}}
	case syntax.OpCapture:
		return literals(tree.Sub[0])
	case syntax.OpCharClass:
		if folded := strings.ToLower(string(tree.Rune)); len(tree.Rune) == 4 && folded[0] == folded[2] {
			return []literal{{text: folded[:1]}} // [wW]
		}
		return []literal{{open: true}}
	case syntax.OpAlternate:
		var all []literal
		for _, sub := range tree.Sub {
			all = append(all, literals(sub)...)
		}
		return all
	case syntax.OpConcat:
		return concatenated(tree.Sub)
	}
	return []literal{{open: true}}
}

func concatenated(parts []*syntax.Regexp) []literal {
	all := []literal{{}}
	for _, part := range parts {
		var longer []literal
		for _, head := range all {
			if head.open {
				longer = append(longer, head)
				continue
			}
			for _, tail := range literals(part) {
				longer = append(longer, literal{
					text: head.text + tail.text, anchored: head.anchored || tail.anchored, open: tail.open,
				})
			}
		}
		all = longer
	}
	return all
}

// sorted puts the marks in the order of the table, without doubles: the kind that is known wins.
func sorted(marks []mark) []mark {
	slices.SortStableFunc(marks, func(a, b mark) int {
		unknown := func(m mark) int {
			if m.kind == "other" {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(unknown(a), unknown(b)))
	})
	return slices.CompactFunc(marks, func(a, b mark) bool { return a.text == b.text })
}
