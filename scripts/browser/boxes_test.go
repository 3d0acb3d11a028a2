package browser

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Machines have other fonts, and draw the same font differently. Pictures that are compared are therefore written in one that is made
// here, of which every letter is the same box: words are bars of a known length, and lines break where they break everywhere. What the
// words say is proven by other tests, in the page's text.

// The box, in thousandths of the size of the letters.
const (
	boxAdvance = 560 // as wide as letters usually are, without a gap, so that a bar does not depend on where its letters fall
	boxTop     = 540
)

// inBoxes is a script that has a page write in boxes. What the system draws itself gets a size of its own.
func inBoxes() string {
	return fmt.Sprintf(`{
		const face = new FontFace('Boxes', Uint8Array.from(atob('%s'), letter => letter.charCodeAt(0)).buffer, {weight: '1 1000'});
		document.fonts.add(face);
		window.boxes = face.load();
		const sheet = new CSSStyleSheet();
		sheet.replaceSync('* { font-family: Boxes !important } select, input { appearance: none !important; width: 110px !important; height: 32px !important } *, *::before, *::after { animation: none !important; transition: none !important }');
		document.adoptedStyleSheets = [sheet];
	}`, base64.StdEncoding.EncodeToString(boxFont()))
}

// bigEndian is a piece of a TrueType file, which is all in that order.
func bigEndian(all ...any) []byte {
	var b bytes.Buffer
	for _, one := range all {
		if text, is := one.(string); is {
			one = []byte(text)
		}
		_ = binary.Write(&b, binary.BigEndian, one) // a buffer takes everything
	}
	return b.Bytes()
}

// boxFont is a TrueType font with three glyphs: the one for what it has not, nothing for spaces, and the box for everything else.
func boxFont() []byte {
	box := bigEndian(int16(1), int16(0), int16(0), int16(boxAdvance), int16(boxTop), // one outline and where it lies
		uint16(3), uint16(0), // which ends at its fourth point; no instructions
		[]byte{1, 1, 1, 1},                              // all on the outline
		int16(0), int16(0), int16(boxAdvance), int16(0), // x, as steps
		int16(0), int16(boxTop), int16(0), int16(-boxTop), // y
	)
	box = append(box, make([]byte, len(box)%2)...)
	var groups []uint32
	glyph := func(from, to, number uint32) {
		for letter := from; letter <= to; letter++ {
			groups = append(groups, letter, letter, number)
		}
	}
	glyph(0x20, 0x20, 1)
	glyph(0x21, 0x7e, 2)
	glyph(0xa0, 0xa0, 1)
	glyph(0xa1, 0x17f, 2)
	glyph(0x400, 0x52f, 2)   // Cyrillic
	glyph(0x2010, 0x2027, 2) // dashes, quotes, …
	glyph(0x202f, 0x202f, 1)
	glyph(0x20b8, 0x20b8, 2) // ₸
	glyph(0x2190, 0x2199, 2) // arrows
	glyph(0x25b2, 0x25be, 2) // ▲▼
	tables := []struct {
		tag     string
		content []byte
	}{
		{"OS/2", bigEndian(uint16(4), int16(boxAdvance), uint16(400), uint16(5), uint16(0), make([]int16, 10), int16(0), make([]byte, 10), make([]uint32, 4), "none",
			uint16(64), uint16(0x20), uint16(0x25be), int16(800), int16(-200), int16(0), uint16(800), uint16(200), make([]uint32, 2), int16(boxTop), int16(700), uint16(0), uint16(32), uint16(1))},
		{"cmap", bigEndian(uint16(0), uint16(1), uint16(3), uint16(10), uint32(12), uint16(12), uint16(0), uint32(16+4*len(groups)), uint32(0), uint32(len(groups)/3), groups)},
		{"glyf", box},
		{"head", bigEndian(uint32(0x10000), uint32(0x10000), uint32(0), uint32(0x5f0f3cf5), uint16(3), uint16(1000), uint64(0), uint64(0), int16(0), int16(0), int16(boxAdvance), int16(boxTop), uint16(0), uint16(6), int16(2), int16(0), int16(0))},
		{"hhea", bigEndian(uint32(0x10000), int16(800), int16(-200), int16(0), uint16(boxAdvance), int16(0), int16(0), int16(boxAdvance), int16(1), int16(0), int16(0), make([]int16, 5), uint16(1))},
		{"hmtx", bigEndian(uint16(boxAdvance), make([]int16, 3))},
		{"loca", bigEndian(make([]uint16, 3), uint16(len(box)/2))},
		{"maxp", bigEndian(uint32(0x10000), uint16(3), uint16(4), uint16(1), make([]uint16, 2), uint16(2), make([]uint16, 8))},
		{"name", bigEndian(uint16(0), uint16(1), uint16(18), uint16(3), uint16(1), uint16(0x409), uint16(1), uint16(2), uint16(0), uint16('B'))},
		{"post", bigEndian(uint32(0x30000), uint32(0), int16(-100), int16(50), make([]uint32, 5))},
	}
	power := uint16(math.Log2(float64(len(tables))))
	head := bigEndian(uint32(0x10000), uint16(len(tables)), uint16(16<<power), power, uint16(16*len(tables)-16<<power))
	at := len(head) + 16*len(tables)
	var body []byte
	for _, table := range tables {
		padded := slices.Concat(table.content, make([]byte, (4-len(table.content)%4)%4))
		sum := uint32(0)
		for i := 0; i < len(padded); i += 4 {
			sum += binary.BigEndian.Uint32(padded[i:])
		}
		head = append(head, bigEndian(table.tag, sum, uint32(at+len(body)), uint32(len(table.content)))...)
		body = append(body, padded...)
	}
	return append(head, body...)
}
