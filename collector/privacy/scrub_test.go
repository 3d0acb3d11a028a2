package privacy

import (
	_ "embed"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

//go:embed testdata/scrub.txt
var corpus string

// example is a line of the corpus: a text and what is left of it.
type example struct {
	section, text, want string
	line                int
}

func examples(tb testing.TB) []example {
	tb.Helper()
	var list []example
	section := ""
	for i, line := range strings.Split(corpus, "\n") {
		switch {
		case line == "", strings.HasPrefix(line, "# "):
			continue
		case line == "[text]", line == "[path]":
			section = strings.Trim(line, "[]")
			continue
		}
		text, want, touched := strings.Cut(line, " => ")
		if !touched {
			want = text
		}
		list = append(list, example{section, unquote(tb, text), unquote(tb, want), i + 1})
	}
	return list
}

func unquote(tb testing.TB, text string) string {
	tb.Helper()
	if !strings.Contains(text, `\`) {
		return text
	}
	s, err := strconv.Unquote(`"` + text + `"`)
	if err != nil {
		tb.Fatalf("corpus: %s: %v", text, err)
	}
	return s
}

func (e example) kind() kind {
	if e.section == "path" {
		return kind{uuid: markID}
	}
	return kind{uuid: markToken}
}

func TestScrubRemovesWhatTellsOfAPersonAndNothingElse(t *testing.T) {
	var s scrubber
	touched, untouched := 0, 0
	for _, e := range examples(t) {
		if got := s.text(e.text, e.kind()); got != e.want {
			t.Errorf("line %d: %q\n got %q\nwant %q", e.line, e.text, got, e.want)
		}
		if e.text == e.want {
			untouched++
		} else {
			touched++
		}
	}
	if touched < 100 || untouched < 100 {
		t.Errorf("the corpus has %d texts to touch and %d to leave, want 100 of each", touched, untouched)
	}
}

func TestScrubFindsTheSameInTheMiddleOfAText(t *testing.T) {
	var s scrubber
	for _, e := range examples(t) {
		if e.section == "path" {
			continue
		}
		text, want := "до, "+e.text+", после", "до, "+e.want+", после"
		if got := s.text(text, e.kind()); got != want {
			t.Errorf("line %d: %q\n got %q\nwant %q", e.line, text, got, want)
		}
	}
}

func TestACleanTextIsNotCopied(t *testing.T) {
	var s scrubber
	text := "Кардиолог в Алматы — цены и отзывы"
	if n := testing.AllocsPerRun(100, func() { s.text(text, kind{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCutEndsAtACharacter(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"жол", 3, "ж"}, {"жол", 4, "жо"}, {"ab cd", 3, "ab"}, {"", 3, ""}, {"ж", 1, ""},
	} {
		if got := cut(tt.text, tt.limit); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}

// planted must not come through, whatever stands around it.
var planted = []string{
	"ivan.petrov@mail.ru", "870412300129", "4111111111111111", "4111 1111 1111 1111", "ivan.petrov%40mail.ru", "220440015641",
}

func FuzzScrub(f *testing.F) {
	for _, e := range examples(f) {
		f.Add(e.text, "")
		f.Add("", e.text)
	}
	f.Add("KZ86", "0")
	f.Add("1.2.3.", ".4")
	f.Add("%", "40x.ru")
	f.Fuzz(func(t *testing.T, before, after string) {
		var s, again scrubber
		for _, k := range []kind{{uuid: markToken}, {uuid: markID, lines: true}} {
			got := strings.Clone(s.text(before+after, k))
			if !utf8.ValidString(got) {
				t.Fatalf("%q is not UTF-8", got)
			}
			if twice := again.text(got, k); twice != got {
				t.Fatalf("%q became %q and then %q", before+after, got, twice)
			}
			if most := 8*len(before+after) + 16; len(got) > most {
				t.Fatalf("%d bytes became %d", len(before+after), len(got))
			}
			for _, secret := range planted {
				if got := s.text(before+secret+after, k); strings.Contains(got, secret) {
					t.Fatalf("%q came through: %q", secret, got)
				}
			}
		}
	})
}
