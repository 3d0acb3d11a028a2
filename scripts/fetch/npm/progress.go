package npm

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress counts what passes: a bar for a person, a line each tenth for a log.
type progress struct {
	bar   *progressbar.ProgressBar
	to    io.Writer
	title string
	total int64
	done  int64
	tenth int64
}

func newProgress(to io.Writer, title string, total int64) *progress {
	p := &progress{to: to, title: title, total: total}
	if file, isFile := to.(*os.File); isFile && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(to), progressbar.OptionSetDescription(title),
			progressbar.OptionShowBytes(true), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	return p
}

// Write never fails: a broken terminal must not stop a download.
func (p *progress) Write(data []byte) (int, error) {
	p.done += int64(len(data))
	if p.bar != nil {
		_ = p.bar.Add(len(data)) // drawing only
		return len(data), nil
	}
	if p.total > 0 && p.done*10/p.total > p.tenth {
		p.tenth = p.done * 10 / p.total
		fmt.Fprintf(p.to, "%s: %d %% of %d MB\n", p.title, p.tenth*10, p.total/1e6)
	}
	return len(data), nil
}

// Close ends the bar.
func (p *progress) Close() {
	if p.bar != nil {
		_ = p.bar.Close() // drawing only
	}
}

// withoutAddress takes the registry's address out of an error; which registry is in use is the machine's own matter.
func withoutAddress(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
