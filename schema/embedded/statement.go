package embedded

import (
	"slices"
	"strings"
)

// statement is what must be known of an SQL text before the engine gets it: an INSERT's data is fed separately, an answer
// in a format other than Native takes another way, and what would touch files of this machine is refused.
type statement struct {
	kind   kind
	sql    string // for an insert: up to its FORMAT or VALUES
	format string // the FORMAT clause, empty when there is none
	data   int    // an insert's first byte of data in the text
	output int    // where an output clause would stand: before FORMAT, or at the end
	file   bool   // INTO OUTFILE or FROM INFILE
	reads  bool   // begins like a statement that only reads
}

// kind tells which way a statement takes through the engine.
type kind string

const (
	kindSelect kind = "select" // its answer may be of any size
	kindInsert kind = "insert" // its data follows
	kindOther  kind = "other"  // small answer or none
)

// word is a token of SQL as far as it matters here.
type word struct {
	text       string // upper case for a bare word, the sign for punctuation, empty for anything quoted
	start, end int
	depth      int
}

// readStatement looks at the words of a text outside of quotes, comments and brackets.
func readStatement(text string) statement {
	words := readWords(text)
	if len(words) == 0 {
		return statement{kind: kindOther, sql: text}
	}
	switch words[0].text {
	case "INSERT":
		return readInsert(text, words)
	case "SELECT", "WITH", "FROM", "(":
		s := readOutput(text, words, kindSelect)
		s.reads = true
		return s
	}
	s := readOutput(text, words, kindOther)
	s.reads = slices.Contains([]string{"SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"}, words[0].text)
	return s
}

// readOutput finds the clauses that tell where and how an answer is written.
func readOutput(text string, words []word, k kind) statement {
	s := statement{kind: k, sql: text}
	for len(words) > 0 && words[len(words)-1].text == ";" {
		words = words[:len(words)-1]
	}
	if len(words) > 0 {
		s.output = words[len(words)-1].end
	}
	for i, w := range words {
		if w.depth != 0 || i == 0 {
			continue
		}
		next := wordAt(words, i+1)
		if w.text == "INTO" && next.text == "OUTFILE" {
			s.file = true
		}
		after := wordAt(words, i+2)
		if w.text == "FORMAT" && next.end > next.start && (after.end == 0 || after.text == "SETTINGS") {
			s.format, s.output = text[next.start:next.end], w.start
		}
	}
	return s
}

// readInsert splits an INSERT where its data begins. An INSERT … SELECT has no data.
func readInsert(text string, words []word) statement {
	for i, w := range words {
		if w.depth != 0 || i == 0 {
			continue
		}
		next := wordAt(words, i+1)
		switch {
		case w.text == "INFILE" && words[i-1].text == "FROM":
			return statement{kind: kindInsert, sql: text, file: true}
		case w.text == "SELECT", w.text == "WITH", w.text == "(" && (next.text == "SELECT" || next.text == "WITH"):
			return statement{kind: kindOther, sql: text}
		case w.text == "VALUES":
			return statement{kind: kindInsert, sql: text[:w.start], format: "Values", data: w.end}
		case w.text == "FORMAT" && next.end > 0:
			return statement{kind: kindInsert, sql: text[:w.start], format: text[next.start:next.end], data: dataStart(text, next.end)}
		}
	}
	end := words[len(words)-1]
	if end.text == ";" {
		return statement{kind: kindInsert, sql: text[:end.start], data: len(text)}
	}
	return statement{kind: kindInsert, sql: text, data: len(text)}
}

// dataStart skips what may stand between the format's name and the data: a semicolon, blanks, one line break.
func dataStart(text string, at int) int {
	if at < len(text) && text[at] == ';' {
		at++
	}
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\f') {
		at++
	}
	if at < len(text) && text[at] == '\r' {
		at++
	}
	if at < len(text) && text[at] == '\n' {
		at++
	}
	return at
}

func wordAt(words []word, i int) word {
	if i < len(words) {
		return words[i]
	}
	return word{}
}

// readWords splits a text into words and signs. An INSERT's data may follow the words and be anything, so reading stops
// at the word that announces it.
func readWords(text string) []word {
	var words []word
	depth := 0
	for at := 0; at < len(text); {
		end, significant := tokenEnd(text, at)
		if !significant {
			at = end
			continue
		}
		w := word{text: wordText(text[at:end]), start: at, end: end, depth: depth}
		switch w.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
			w.depth = depth
		}
		words = append(words, w)
		if announcesData(words) {
			return words
		}
		at = end
	}
	return words
}

// wordText is what a token says: nothing if it is quoted, because then it is no word of SQL.
func wordText(token string) string {
	if isWordByte(token[0]) {
		return strings.ToUpper(token)
	}
	if strings.IndexByte("'\"`$", token[0]) >= 0 {
		return ""
	}
	return token
}

// announcesData says whether an INSERT's data follows the last word.
func announcesData(words []word) bool {
	last := words[len(words)-1]
	if words[0].text != "INSERT" || last.depth != 0 {
		return false
	}
	if last.text == "VALUES" {
		return true
	}
	before := words[max(len(words)-2, 0)]
	return len(words) > 2 && before.text == "FORMAT" && before.depth == 0
}

// tokenEnd finds the end of the token at a position, and whether it is more than blanks or a comment.
func tokenEnd(text string, at int) (end int, significant bool) {
	rest := text[at:]
	switch c := rest[0]; {
	case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
		return at + 1, false
	case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
		return at + until(rest, "\n", 0), false
	case strings.HasPrefix(rest, "/*"):
		return at + until(rest, "*/", 2), false
	case strings.IndexByte("'\"`", c) >= 0:
		return at + quotedEnd(rest), true
	case c == '$':
		if tag := strings.IndexByte(rest[1:], '$'); tag >= 0 && allWordBytes(rest[1:1+tag]) {
			return at + until(rest, rest[:tag+2], tag+2), true
		}
		return at + 1, true
	case isWordByte(c):
		end := 1
		for end < len(rest) && isWordByte(rest[end]) {
			end++
		}
		return at + end, true
	}
	return at + 1, true
}

// until gives the position after the next mark, or the end of the text.
func until(text, mark string, from int) int {
	if found := strings.Index(text[from:], mark); found >= 0 {
		return from + found + len(mark)
	}
	return len(text)
}

// quotedEnd gives the position after a quoted text; a backslash or a doubled quote keeps it open.
func quotedEnd(text string) int {
	for at := 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case text[0]:
			if at+1 < len(text) && text[at+1] == text[0] {
				at++
				continue
			}
			return at + 1
		}
	}
	return len(text)
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func allWordBytes(text string) bool {
	for i := range len(text) {
		if !isWordByte(text[i]) {
			return false
		}
	}
	return true
}
