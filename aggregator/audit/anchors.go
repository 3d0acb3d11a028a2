package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// anchors is the file of heads. A line is "time writer sequence hash chain", and chain the hash of the line with that of the line before.
type anchors struct{ path string }

// anchored is one line.
type anchored struct {
	place

	at   time.Time
	hash string
}

const (
	// lineLimit is more than any line has.
	lineLimit = 512
	// chainBytes of a hash tell that a line follows the one before.
	chainBytes = 16
)

// add is durable when it returns. Processes wait for each other here.
func (a *anchors) add(l *link) error {
	if err := os.MkdirAll(filepath.Dir(a.path), 0o700); err != nil {
		return fmt.Errorf("folder of the audit anchors: %w", err)
	}
	lock := flock.New(a.path + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock audit anchors: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end would do it too
	file, err := os.OpenFile(a.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("audit anchors: %w", err)
	}
	last, torn, err := tail(file)
	if err == nil {
		line := fmt.Sprintf("%s %s %d %s", l.at.Format(time.RFC3339Nano), l.writer, l.sequence, l.hash)
		if torn { // a crash while writing; what is left of that line stays, so that it is seen
			line = "\n" + line
		}
		_, err = fmt.Fprintf(file, "%s %s\n", line, chained(last, strings.TrimPrefix(line, "\n")))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("audit anchors: %w", err)
	}
	return nil
}

// tail is the chain of the last whole line, and whether something follows it that is no whole line.
func tail(file *os.File) (last string, torn bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return "", false, err
	}
	from := max(0, info.Size()-2*lineLimit)
	text, err := io.ReadAll(io.NewSectionReader(file, from, info.Size()-from))
	if err != nil {
		return "", false, err
	}
	lines := strings.Split(string(text), "\n")
	torn = lines[len(lines)-1] != ""
	for i := len(lines) - 2; i >= 0; i-- {
		if _, chain, ok := parseLine(lines[i]); ok {
			return chain, torn, nil
		}
	}
	return "", torn, nil
}

func chained(last, line string) string {
	sum := sha256.Sum256([]byte(last + " " + line))
	return hex.EncodeToString(sum[:chainBytes])
}

func parseLine(line string) (a anchored, chain string, ok bool) {
	words := strings.Split(line, " ")
	if len(words) != 5 || len(words[3]) != 2*sha256.Size || len(words[4]) != 2*chainBytes {
		return a, "", false
	}
	at, errTime := time.Parse(time.RFC3339Nano, words[0])
	sequence, errNumber := strconv.ParseUint(words[2], 10, 64)
	return anchored{place{words[1], sequence}, at, words[3]}, words[4], errTime == nil && errNumber == nil
}

// read is every anchor, and what is wrong with the file.
func (a *anchors) read() (all []anchored, problems []string, err error) {
	file, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("audit anchors: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	lines := bufio.NewScanner(file)
	last := ""
	for number := 1; lines.Scan(); number++ {
		line := lines.Text()
		one, chain, ok := parseLine(line)
		if !ok {
			problems = append(problems, fmt.Sprintf("line %d of the anchors cannot be read: the machine stopped while it was written, or somebody changed it", number))
			continue
		}
		if chained(last, strings.TrimSuffix(line, " "+chain)) != chain {
			problems = append(problems, fmt.Sprintf("line %d of the anchors does not follow the one before: one of them was changed or removed", number))
		}
		last = chain
		all = append(all, one)
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("audit anchors: %w", err)
	}
	return all, problems, nil
}
