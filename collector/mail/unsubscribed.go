package mail

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Unsubscribed are the numbers of recipients who do not want to be counted: a file of the operator's, one to a line. It is looked
// at again as it changes. While it cannot be read nobody is counted of whom the link says a number. Safe for concurrent use.
type Unsubscribed struct {
	file string
	log  *slog.Logger
	now  func() time.Time

	mu     sync.Mutex
	looked time.Time
	seen   fs.FileInfo
	all    map[string]struct{}
	broken bool
}

// look is how often the file is looked at.
const look = 5 * time.Second

// NewUnsubscribed reads the file; an empty name is no file.
func NewUnsubscribed(file string, log *slog.Logger, now func() time.Time) (*Unsubscribed, error) {
	u := &Unsubscribed{file: file, log: log, now: now}
	if file == "" {
		return u, nil
	}
	u.looked = now()
	if err := u.read(); err != nil {
		return nil, err
	}
	return u, nil
}

// Has tells whether the recipient is not to be counted.
func (u *Unsubscribed) Has(recipient string) bool {
	if u.file == "" || recipient == "" {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if now := u.now(); now.Sub(u.looked) >= look {
		u.looked = now
		if err := u.read(); err != nil && !u.broken {
			u.broken = true
			u.log.Error("list of unsubscribed recipients not read, none are counted", "err", err)
		}
	}
	_, listed := u.all[recipient]
	return listed || u.broken
}

func (u *Unsubscribed) read() error {
	info, err := os.Stat(u.file)
	if err != nil {
		return fmt.Errorf("list of unsubscribed recipients: %w", err)
	}
	if u.seen != nil && !u.broken && os.SameFile(u.seen, info) && u.seen.ModTime().Equal(info.ModTime()) && u.seen.Size() == info.Size() {
		return nil
	}
	all, err := readList(u.file)
	if err != nil {
		return fmt.Errorf("list of unsubscribed recipients: %w", err)
	}
	u.all, u.seen, u.broken = all, info, false
	return nil
}

func readList(path string) (map[string]struct{}, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	all := map[string]struct{}{}
	lines := bufio.NewScanner(file)
	var problem error
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#':
		case !isNumber(line):
			problem = errors.Join(problem, fmt.Errorf("line %d: %w", number, errNumber("recipient")))
		default:
			all[line] = struct{}{}
		}
		if problem != nil {
			break
		}
	}
	return all, errors.Join(problem, lines.Err(), file.Close())
}
