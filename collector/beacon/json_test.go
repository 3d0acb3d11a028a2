package beacon

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// value reads any value as encoding/json does with UseNumber.
func (p *parser) value() any {
	switch p.peek() {
	case '{':
		object := map[string]any{}
		for p.enter(); p.more('}'); {
			key := p.key()
			object[key] = p.value()
		}
		return object
	case '[':
		array := []any{}
		for p.enter(); p.more(']'); {
			array = append(array, p.value())
		}
		return array
	case '"':
		return p.text()
	case 't':
		p.literal("true")
		return true
	case 'f':
		p.literal("false")
		return false
	case 'n':
		p.literal("null")
		return nil
	default:
		return json.Number(p.number())
	}
}

// bounded are the problems that only this parser has.
func bounded(p problem) bool {
	return strings.Contains(p.want, "nested") || strings.Contains(p.want, "more values")
}

// checkJSON holds the parser to what encoding/json says of the same bytes.
func checkJSON(t *testing.T, body []byte) {
	t.Helper()
	var p parser
	p.begin(body)
	got := p.value()
	wrong := p.end()
	var skipping parser
	skipping.begin(body)
	if skipping.skip(); skipping.end() != wrong {
		t.Fatalf("skipped %q: %v, read: %v", body, skipping.end(), wrong)
	}
	if bounded(wrong) {
		return
	}
	var want any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(&want)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows")
		}
	}
	if !utf8.Valid(body) {
		if wrong == (problem{}) {
			t.Fatalf("%q is not UTF-8, and was taken", body)
		}
		return
	}
	if (err == nil) != (wrong == (problem{})) {
		t.Fatalf("%q: %v, encoding/json says %v", body, wrong, err)
	}
	if err != nil {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q (-want +got):\n%s", body, diff)
	}
}

func TestJSONIsReadAsTheLibraryReadsIt(t *testing.T) {
	for _, body := range []string{
		everything, "[" + good + "]", `{}`, `[]`, ` [ ] `, `[{}]`, `[1]`, `[1,2]`, `{"a":1,"b":[true,false,null]}`, `"x"`, `7`, `-0`, `0`, `0.5e-10`, `1E+2`,
		`01`, `-`, `-a`, `1.`, `.5`, `1e`, `1e+`, `+1`, `0x1`, `1_000`, `[1,]`, `[,1]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{a:1}`, `[1}`, `{"a":1]`,
		`[`, `{`, `{"a"`, `{"a":`, `[1`, `[1,`, `"`, `"\`, `"\u`, `"\u12`, `"\u123`, `tru`, `trux`, `nul`, `truefalse`, `1 2`, `{}{}`, "",
		`"\"\\\/\b\f\n\r\t"`, `"\x"`, `"\u0041\u00e9\u20ac\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\ud83d\ude00"`, `"\ude00\ud83d"`, `"\uD83D\u0041"`,
		`"\u00zz"`, `"\ud83d\u00zz"`, `"\ud83d\u"`, "\"\x00\"", "\"a\nb\"", "\"\x7f\"", "\"12345678\x1f\"", "\"1234567Қ\"", "\"ҚҚҚҚҚҚҚҚ\\n\"", "\"\xff\"", "\"12345678\xff\"", "\"\\n\xd0\"", "\xff",
		`"1234567\"9"`, `"12345678\""`, `"123456\\"`, "\ufeff1", "\u00a01", "\v1", `{"a":1,"a":2}`,
	} {
		checkJSON(t, []byte(body))
	}
}

func TestStringsOfEveryLengthEndWhereTheyEnd(t *testing.T) {
	for size := range 40 {
		for _, special := range []string{`\"`, `\\`, "\x01", "é", `\u0041`, "\xc3", ""} {
			for _, after := range []string{`"`, `","` + strings.Repeat("y", 9) + `"`, ""} {
				checkJSON(t, []byte(`["`+strings.Repeat("x", size)+special+after+`]`))
				checkJSON(t, []byte(`["`+special+strings.Repeat("x", size)+after+`]`))
			}
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{everything, good, `["\ud83d\ude00\ud83d",-0.5e+3,{"":null}]`, "[\"\x01\"]", `{"a":[[[[[1]]]]]}`, `"\u12`, `[1,]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) { checkJSON(t, body) })
}

func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"0", "-0", "123456789012345", "1234567890123456", "1.5", "1e3", "-1e999", "00", "1e-400"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p parser
		p.begin([]byte(text))
		number := p.number()
		if p.end() != (problem{}) {
			return
		}
		want, err := json.Number(number).Float64()
		if got := decimal(number); got != want && err == nil {
			t.Errorf("decimal(%q) = %v, want %v", number, got, want)
		}
	})
}
