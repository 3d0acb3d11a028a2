package accesslog_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"mayak/collector/accesslog"
)

func write(tb testing.TB, path string, content []byte) string {
	tb.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func packed(tb testing.TB, content []byte, with string) []byte {
	tb.Helper()
	var out bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&out)
	if with == "zst" {
		var err error
		if w, err = zstd.NewWriter(&out); err != nil {
			tb.Fatal(err)
		}
	}
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// blocks reads a log to its end.
func blocks(tb testing.TB, r *accesslog.Reader, room int) (all []accesslog.Block, text []byte, ended error) {
	tb.Helper()
	for {
		b, err := r.Next(make([]byte, room))
		if b.To > b.From {
			all = append(all, b)
			text = append(text, b.Data...)
		}
		if err != nil {
			return append(all, b), text, err
		}
	}
}

func TestBlocksAreWholeLinesWithTheirPlaces(t *testing.T) {
	content := []byte("one\ntwo\n\nfour is longer\nfive\n" + strings.Repeat("x", 100) + "\nseven\nand no end")
	for _, kind := range []string{"log", "gz", "zst", "pipe"} {
		path, stdin := filepath.Join(t.TempDir(), "log."+kind), io.Reader(nil)
		switch kind {
		case "log":
			write(t, path, content)
		case "pipe":
			path, stdin = accesslog.Stdin, bytes.NewReader(content)
		default:
			write(t, path, packed(t, content, kind))
		}
		source, err := accesslog.Open(t.Context(), path, stdin)
		if err != nil {
			t.Fatal(err)
		}
		all, text, ended := blocks(t, accesslog.NewReader(source), 24)
		if !errors.Is(ended, io.EOF) || source.Close() != nil {
			t.Errorf("%s: %v", kind, ended)
		}
		want := strings.Replace(string(content), strings.Repeat("x", 100)+"\n", "", 1) // longer than a block
		open := 0
		if kind == "log" { // somebody may still write to it
			want, open = strings.TrimSuffix(want, "and no end"), len("and no end")
		}
		last := all[len(all)-1]
		if string(text) != want || last.Open != open {
			t.Errorf("%s: read %q, want %q; %d bytes without an end, want %d", kind, text, want, last.Open, open)
		}
		at, line, long := int64(0), int64(0), int64(0)
		for _, b := range all[:len(all)-1] {
			if b.From != at || b.Line != line || !bytes.HasSuffix(content[:b.To], b.Data) || b.Long == 0 && !bytes.Equal(content[b.From:b.To], b.Data) {
				t.Errorf("%s: block %+v after byte %d, line %d", kind, b, at, line)
			}
			at, line, long = b.To, b.Line+b.Lines, long+b.Long
		}
		if long != 1 || line != int64(strings.Count(want, "\n"))+1+b2i(open == 0) {
			t.Errorf("%s: %d lines, %d too long", kind, line, long)
		}
	}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestADamagedFileIsToldWithItsPlaceAfterWhatCouldBeRead(t *testing.T) {
	content := []byte(strings.Repeat("a line of the log\n", 50_000))
	half := packed(t, content, "gz")
	source, err := accesslog.Open(t.Context(), write(t, filepath.Join(t.TempDir(), "half.gz"), half[:len(half)-10]), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, text, ended := blocks(t, accesslog.NewReader(source), 1<<16)
	if len(text) == 0 || ended == nil || !strings.Contains(ended.Error(), fmt.Sprintf("half.gz behind line %d: unexpected EOF", all[len(all)-1].Line)) {
		t.Errorf("%d bytes, %v", len(text), ended)
	}
}

// log is a journal and one log that it continues.
type log struct {
	testing.TB

	journal *accesslog.Journal
	dir     string
	block   int
}

func newLog(tb testing.TB, dir string) *log {
	tb.Helper()
	journal, err := accesslog.OpenJournal(filepath.Join(dir, "journal"))
	if err != nil {
		tb.Fatal(err)
	}
	return &log{TB: tb, journal: journal, dir: dir, block: 64}
}

// read is what one import read.
type read struct {
	text    []byte
	resumed bool // the first block was begun before
	begun   int  // bytes of the last block, which was begun and is not done
}

// next imports what is new in the content, as many blocks as rounds says; the last of them is only begun if cut is set.
func (l *log) next(content []byte, name string, rounds int, cut bool) (r read) {
	l.Helper()
	one, err := l.journal.Continue(l.Context(), write(l, filepath.Join(l.dir, name), content), nil, false)
	if err != nil {
		l.Fatal(err)
	}
	defer func() { _ = one.Close() }()
	secret, pending := accesslog.NewSecret(), one.Entry.Pending
	for round := range rounds {
		size := l.block
		if pending != nil && round == 0 {
			size = int(pending.Size-one.Entry.Done.Size) + 1
		}
		b, err := one.Next(make([]byte, size))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			l.Fatal(err)
		}
		if pending != nil && round == 0 {
			_, r.resumed = pending.Open(&b, time.Now())
		}
		r.text = append(r.text, b.Data...)
		if err := l.journal.Begin(one.Entry, &b, secret, time.Now()); err != nil {
			l.Fatal(err)
		}
		if cut && round == rounds-1 {
			r.begun = len(b.Data)
			return r
		}
		one.Entry.Did(&b)
	}
	if err := l.journal.End(one.Entry); err != nil {
		l.Fatal(err)
	}
	return r
}

// Whatever happens to a log between imports, each line is read once, but for the round that was cut off: that one is
// read again, and known for it.
func TestALogIsReadOnceWhateverItIsCalledAndHoweverItGrows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLog(t, t.TempDir())
		var content []byte
		done, begun := 0, 0 // bytes that are, and those behind them that were begun
		for step := range rapid.IntRange(1, 4).Draw(rt, "steps") {
			for range rapid.IntRange(1, 5).Draw(rt, "lines") {
				content = fmt.Appendf(content, "%d %s\n", len(content), rapid.StringMatching(`[a-z ]{0,30}`).Draw(rt, "line"))
			}
			name, file := fmt.Sprintf("log.%d", step), content
			if kind := rapid.SampledFrom([]string{"", "gz", "zst"}).Draw(rt, "kind"); kind != "" {
				name, file = name+"."+kind, packed(t, content, kind)
			}
			got := l.next(file, name, rapid.IntRange(1, 3).Draw(rt, "rounds"), rapid.Bool().Draw(rt, "cut"))
			if got.resumed != (begun > 0) {
				rt.Fatalf("the first block was known to be begun: %v, want %v", got.resumed, begun > 0)
			}
			if !bytes.HasPrefix(content[done:], got.text) {
				rt.Fatalf("read %q behind byte %d of\n%q", got.text, done, content)
			}
			begun = got.begun
			done += len(got.text) - begun
		}
		if got := l.next(content, "last", 1000, false); done+len(got.text) != len(content) {
			rt.Fatalf("%d bytes of %d were read", done+len(got.text), len(content))
		}
	})
}

func TestTheSecretOfAnImportOpensWithItsLogOnlyAndNotForLong(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, dir)
	content := []byte("an address and what it asked for\n")
	l.next(content, "log", 1, true)
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("journal holds %v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	one, err := l.journal.Continue(t.Context(), filepath.Join(dir, "log"), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = one.Close() }()
	b, err := one.Next(make([]byte, 64))
	if err != nil {
		t.Fatal(err)
	}
	pending := one.Entry.Pending
	first, ok := pending.Open(&b, time.Now())
	if second, again := pending.Open(&b, pending.Made.Add(accesslog.MaxSecret)); !ok || !again || first != second || first == (accesslog.Secret{}) {
		t.Error("the secret does not open with its log")
	}
	if _, ok := pending.Open(&b, pending.Made.Add(accesslog.MaxSecret+time.Second)); ok {
		t.Error("the secret opens after its time")
	}
	if _, ok := pending.Open(&b, pending.Made.Add(-time.Hour)); ok {
		t.Error("the secret opens when the clock was set back")
	}
	b.Ends[0]++
	if _, ok := pending.Open(&b, time.Now()); ok {
		t.Error("the secret opens with another content")
	}
	text, err := os.ReadFile(files[0])
	if err != nil || bytes.Contains(text, []byte(fmt.Sprintf("%x", first))) {
		t.Errorf("the journal holds the secret in the clear: %v", err)
	}
}

func TestWhatOnlyBeginsLikeAKnownLogIsAnotherOrAnError(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, dir)
	content := []byte(strings.Repeat("the same beginning\n", 5000) + "one end\n")
	l.block = 16 << 10
	l.next(content, "log", 100, false)
	other := bytes.Replace(content, []byte("one end"), []byte("two end"), 1)
	if got := l.next(other, "other", 100, false); !bytes.Equal(got.text, other) {
		t.Errorf("%d bytes of another log were read, want all", len(got.text))
	}
	if _, err := l.journal.Continue(t.Context(), write(t, filepath.Join(dir, "cut"), content[:len(content)/2]), nil, false); err == nil || !strings.Contains(err.Error(), "ends before that") {
		t.Errorf("a log that was cut short: %v", err)
	}
	third := append(bytes.Replace(content, []byte("one end"), []byte("thr end"), 1), content...)
	if _, err := l.journal.Continue(t.Context(), accesslog.Stdin, bytes.NewReader(third), false); err == nil || !strings.Contains(err.Error(), "give it as a file") {
		t.Errorf("another log through a pipe: %v", err)
	}
	if one, err := l.journal.Continue(t.Context(), accesslog.Stdin, bytes.NewReader(third), true); err != nil || one.Entry.Done.Size != 0 {
		t.Errorf("again: %v", err)
	}
	write(t, filepath.Join(dir, "journal", "f000000000000000.json"), []byte("{"))
	if _, err := l.journal.Continue(t.Context(), filepath.Join(dir, "log"), nil, false); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("a damaged journal: %v", err)
	}
}
