package settingstest

import "strings"

// shell reads as much of a shell's language as documents use: words in quotes, comments, lines that go on, pipes, here documents, and
// commands within $( ), which are commands of their own.
type shell struct {
	text     []rune
	at       int
	word     []rune
	inWord   bool
	command  []string
	commands [][]string
}

// Split lists the commands of a block, each as its words.
func Split(text string) [][]string {
	s := &shell{text: []rune(withoutHere(strings.ReplaceAll(text, "\\\n", " ")))}
	s.read(0)
	return s.commands
}

// withoutHere leaves out here documents, which are what commands read.
func withoutHere(text string) string {
	var kept []string
	end := ""
	for line := range strings.SplitSeq(text, "\n") {
		if end != "" {
			if line == end {
				end = ""
			}
			continue
		}
		if before, after, here := strings.Cut(line, "<<"); here {
			end = strings.Trim(strings.Fields(after + " ")[0], `'"`)
			line = before
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// read goes on to the rune that ends the block, or to the end of the text.
func (s *shell) read(end rune) {
	for ; s.at < len(s.text); s.at++ {
		switch r := s.text[s.at]; {
		case r == end:
			s.endCommand()
			return
		case r == '\'' || r == '"':
			s.quoted(r)
		case s.substitutes():
			s.substitute()
		case r == '#' && !s.inWord:
			for s.at+1 < len(s.text) && s.text[s.at+1] != '\n' {
				s.at++
			}
		case strings.ContainsRune(" \t<>", r):
			s.endWord()
			if r == '<' || r == '>' {
				s.command = append(s.command, string(r))
			}
		case strings.ContainsRune("\n;|&", r):
			s.endCommand()
		default:
			s.word, s.inWord = append(s.word, r), true
		}
	}
	s.endCommand()
}

func (s *shell) quoted(quote rune) {
	s.inWord = true
	for s.at++; s.at < len(s.text) && s.text[s.at] != quote; s.at++ {
		if quote == '"' && s.substitutes() {
			s.substitute()
			continue
		}
		s.word = append(s.word, s.text[s.at])
	}
}

func (s *shell) substitutes() bool {
	return s.text[s.at] == '$' && s.at+1 < len(s.text) && s.text[s.at+1] == '('
}

// substitute reads what stands within $( ); in the word remains only that something was there.
func (s *shell) substitute() {
	inner := &shell{text: s.text, at: s.at + 2}
	inner.read(')')
	s.commands = append(s.commands, inner.commands...)
	s.at = inner.at
	s.word, s.inWord = append(s.word, []rune("substituted")...), true
}

func (s *shell) endWord() {
	if s.inWord {
		s.command = append(s.command, string(s.word))
	}
	s.word, s.inWord = nil, false
}

func (s *shell) endCommand() {
	s.endWord()
	var words []string
	for i := 0; i < len(s.command); i++ {
		if s.command[i] == "<" || s.command[i] == ">" {
			i++ // a file that is read or written
			continue
		}
		words = append(words, s.command[i])
	}
	if len(words) > 0 {
		s.commands = append(s.commands, words)
	}
	s.command = nil
}
