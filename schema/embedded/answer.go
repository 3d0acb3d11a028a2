package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

// answer writes a statement's result as a server would. Until the first byte is sent an exception still gets its own
// status; afterwards it travels inside the body, marked by a tag that the headers announced.
type answer struct {
	to       http.ResponseWriter
	request  *request
	tag      string
	started  bool
	body     io.Writer
	encoding flushWriter
	frames   *frameWriter
	held     *os.File // everything, until the end, when the request asks to wait for that
	dir      string   // where to hold it
	sent     func(bytes int)
}

func newAnswer(w http.ResponseWriter, q *request, dir string, sent func(int)) *answer {
	return &answer{to: w, request: q, tag: newID()[:16], dir: dir, sent: sent}
}

// newID makes what a server would call a query's id.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// start sends the headers, once.
func (a *answer) start(format string, counts summary) error {
	if a.started {
		return nil
	}
	header := a.to.Header()
	header.Set("X-ClickHouse-Query-Id", a.request.id)
	header.Set("X-ClickHouse-Format", format)
	header.Set("X-ClickHouse-Exception-Tag", a.tag)
	header.Set("X-ClickHouse-Summary", counts.String())
	header.Set("Content-Type", contentType(format))
	a.started, a.body = true, countingWriter{a.to, a.sent}
	if a.request.waitEnd {
		held, err := os.CreateTemp(a.dir, "held-*")
		if err != nil {
			return fmt.Errorf("hold the result back: %w", err)
		}
		a.held, a.body = held, held
	}
	if encoding := a.request.httpEncoding; encoding != "" {
		header.Set("Content-Encoding", encoding)
		encoder, err := encodeAnswer(a.body, encoding)
		if err != nil {
			return err
		}
		a.encoding, a.body = encoder, encoder
	}
	if a.request.compress {
		a.frames = newFrameWriter(a.body, a.request.zstd)
		a.body = a.frames
	}
	return nil
}

// flush pushes what was written to the client, so that a slow statement's rows arrive when they are made.
func (a *answer) flush() error {
	if a.frames != nil {
		if err := a.frames.Flush(); err != nil {
			return err
		}
	}
	if a.encoding != nil {
		if err := a.encoding.Flush(); err != nil {
			return err
		}
	}
	if a.held != nil {
		return nil
	}
	return http.NewResponseController(a.to).Flush()
}

// end finishes an answer that went well.
func (a *answer) end() error {
	if a.frames != nil {
		if err := a.frames.Close(); err != nil {
			return err
		}
	}
	if a.encoding != nil {
		if err := a.encoding.Close(); err != nil {
			return err
		}
	}
	if a.held == nil {
		return nil
	}
	if _, err := a.held.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the held result: %w", err)
	}
	_, err := io.Copy(countingWriter{a.to, a.sent}, a.held)
	return err
}

// close forgets what was held back.
func (a *answer) close() {
	if a.held != nil {
		_ = a.held.Close()           // it was written for this answer only
		_ = os.Remove(a.held.Name()) //nolint:gosec // os.CreateTemp chose the name
	}
}

// fail tells an exception. It says whether the connection must be cut: after a first byte only that tells a client which
// knows nothing of the marks that the answer is not whole.
func (a *answer) fail(e *exception) (cut bool) {
	if !a.started || a.held != nil {
		writeException(a.to, a.request.id, e)
		return false
	}
	text := e.text + "\n"
	mark := []byte(fmt.Sprintf("\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n", a.tag, text, len(text), a.tag))
	var err error
	if a.frames != nil {
		err = a.frames.plain(mark)
	} else {
		_, err = a.body.Write(mark)
	}
	if err == nil {
		_ = a.flush() // the client may be gone, which is what cutting says anyway
	}
	return true
}

// writeException answers with an exception's own status.
func writeException(w http.ResponseWriter, id string, e *exception) {
	header := w.Header()
	if id != "" {
		header.Set("X-ClickHouse-Query-Id", id)
	}
	header.Del("Content-Encoding")
	header.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.code))
	header.Set("Content-Type", "text/plain; charset=UTF-8")
	status := httpStatus(e.code)
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, e.text+"\n") // nobody is left to tell
}

// String words a summary as X-ClickHouse-Summary does: numbers in quotes.
func (s summary) String() string {
	text, _ := json.Marshal(map[string]string{ // a map of strings always encodes
		"read_rows": strconv.FormatUint(s.readRows, 10), "read_bytes": strconv.FormatUint(s.readBytes, 10),
		"written_rows": strconv.FormatUint(s.writtenRows, 10), "written_bytes": strconv.FormatUint(s.writtenBytes, 10),
	})
	return string(text)
}

func contentType(format string) string {
	switch format {
	case "JSON", "JSONCompact", "JSONStrings", "JSONColumns", "JSONColumnsWithMetadata", "JSONCompactStrings":
		return "application/json; charset=UTF-8"
	case "JSONEachRow", "JSONLines", "NDJSON", "JSONCompactEachRow":
		return "application/x-ndjson; charset=UTF-8"
	case "CSV", "CSVWithNames", "CSVWithNamesAndTypes":
		return "text/csv; charset=UTF-8; header=" + map[bool]string{true: "absent", false: "present"}[format == "CSV"]
	case "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "TabSeparatedWithNames", "TSVWithNames", "TabSeparatedWithNamesAndTypes", "TSVWithNamesAndTypes":
		return "text/tab-separated-values; charset=UTF-8"
	case "Native", "RowBinary", "RowBinaryWithNames", "RowBinaryWithNamesAndTypes", "Parquet", "Arrow", "ArrowStream":
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}

type countingWriter struct {
	to   io.Writer
	sent func(int)
}

func (w countingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.sent(n)
	return n, err
}
