package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mayak/collector/accesslog"
)

// busy is a log of so many lines, of which about a third are page views.
func busy(lines int) string {
	chance := rand.New(rand.NewPCG(1, 2))
	at := time.Now().UTC().AddDate(0, 0, -12).Truncate(24 * time.Hour)
	var log strings.Builder
	for n := range lines {
		at = at.Add(time.Duration(chance.IntN(8)) * time.Second)
		target := fmt.Sprintf("/page/%d", chance.IntN(300))
		if n%3 != 0 {
			target = fmt.Sprintf("/assets/%d.js", chance.IntN(300))
		}
		fmt.Fprintf(&log, "2.132.%d.%d - - [%s] \"GET %s HTTP/2.0\" 200 %d \"-\" %q\n",
			chance.IntN(20), chance.IntN(250), at.Format("02/Jan/2006:15:04:05 -0700"), target, n, chrome)
	}
	return log.String()
}

const summary = "SELECT concat_ws('|', toString(count()), toString(uniqExact(id)), toString(uniqExact(path)), toString(sum(cityHash64(path, ts))), " +
	"toString(uniqExact(visitor, toDate(ts, 'Asia/Almaty')))) FROM events"

// asCommand lets the test's own program be the collector, which can then be killed.
const asCommand = "MAYAK_TEST_AS_COMMAND"

func TestAnImportThatIsKilledAnywhereGoesOnWithNothingLostAndNothingTwice(t *testing.T) {
	const lines, most = 150_000, 8
	log := busy(lines)
	whole := newImporter(t)
	whole.do("--site", "clinic", whole.write("access.log", log))
	want := whole.rows(summary)[0]

	i := newImporter(t)
	path := i.write("access.log", log)
	kills := 0
	for kills < most && i.killed(path) {
		kills++
	}
	if kills < 3 {
		t.Errorf("it was killed %d times only", kills)
	}
	i.do("--site", "clinic", path) // for what is left, and what waits in the spool
	t.Logf("killed %d times", kills)
	if got := i.rows(summary)[0]; got != want {
		t.Errorf("rows|ids|paths|sum|visitors are %s, want %s as without a kill", got, want)
	}
}

// killed starts an import and kills it with -9 soon after it has begun a round. False means that it came to its end before.
func (i *importer) killed(log string) bool {
	i.Helper()
	program, err := os.Executable()
	if err != nil {
		i.Fatal(err)
	}
	before := i.journal()
	command := exec.CommandContext(i.Context(), program, i.args("--site", "clinic", "--segment-age", "1ms", log)...)
	command.Env = append(os.Environ(), asCommand+"=1")
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		i.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for i.journal() == before {
		select {
		case err := <-ended:
			if err != nil {
				i.Fatalf("%v\n%s", err, said.String())
			}
			return false
		case <-time.After(2 * time.Millisecond):
		}
	}
	select {
	case err := <-ended:
		return err != nil
	case <-time.After(time.Duration(rand.IntN(60)) * time.Millisecond):
	}
	_ = command.Process.Kill() // it may have ended
	return <-ended != nil
}

// journal is all that stands in the journal.
func (i *importer) journal() string {
	i.Helper()
	files, err := filepath.Glob(i.path("data/import/journal/*.json"))
	if err != nil {
		i.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, _ := os.ReadFile(file) // it may be replaced at this moment
		all.Write(text)
	}
	return all.String()
}

// As if the process had ended after the database had the lines and before the journal said so.
func TestLinesThatTheTableHasAreLeftOutWhenTheirRoundIsDoneAgain(t *testing.T) {
	i := newImporter(t)
	path := i.write("access.log", busy(3000))
	i.do("--site", "clinic", path)
	journal, err := accesslog.OpenJournal(i.path("data/import/journal"))
	if err != nil {
		t.Fatal(err)
	}
	known, knownErr := journal.Continue(t.Context(), path, nil, false)
	fresh, freshErr := journal.Continue(t.Context(), path, nil, true)
	if err := errors.Join(knownErr, freshErr); err != nil {
		t.Fatal(err)
	}
	b, err := fresh.Next(make([]byte, accesslog.BlockSize))
	known.Entry.Done = accesslog.Mark{}
	err = errors.Join(err, journal.Begin(known.Entry, &b, accesslog.NewSecret(), time.Now()), known.Close(), fresh.Close())
	if err != nil {
		t.Fatal(err)
	}
	if out := i.do("--site", "clinic", path); !strings.Contains(out, "3000 lines, 0 page views") || !strings.Contains(out, "1000  duplicate ") {
		t.Errorf("the report says\n%s", out)
	}
	if got := i.count(); got != "1000" {
		t.Errorf("%s rows, want 1000", got)
	}
}

func TestAnImportMayBeStoppedAndGoesOn(t *testing.T) {
	i := newImporter(t)
	path := i.write("access.log", busy(60_000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := run(ctx, i.args("--site", "clinic", path), nil, io.Discard, io.Discard)
	if err == nil {
		t.Fatal("an import that was stopped at once succeeded")
	}
	if out := i.do("--site", "clinic", path); !strings.Contains(out, "20000 page views") {
		t.Errorf("%s", out)
	}
	ctx, cancel = context.WithCancel(t.Context())
	idle := &silent{asked: cancel, end: make(chan struct{})}
	if err := run(ctx, i.args("--site", "clinic", "-"), idle, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("while nothing came through the pipe: %v", err)
	}
	close(idle.end)
	if got := i.count(); got != "20000" {
		t.Errorf("%s rows", got)
	}
}

// silent is a pipe through which a line comes and then nothing, until its end.
type silent struct {
	asked func() // called when the reader waits for more
	end   chan struct{}
	began bool
}

func (s *silent) Read(p []byte) (int, error) {
	if !s.began {
		s.began = true
		return copy(p, logged(3, "10:00:00", "2.132.7.9", "GET /", 200, "-", chrome)), nil
	}
	s.asked()
	<-s.end
	return 0, io.EOF
}
