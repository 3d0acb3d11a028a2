package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// written is how a statement ended that wrote into a pipe.
type written struct {
	counts summary
	err    error
}

// selectThroughPipe lets the engine write a result itself, as INTO OUTFILE, into a pipe that is read here. The engine waits
// while the client is slow. The pipe is read to its end whatever happens: a closed one would end this process with SIGPIPE.
func (x *executor) selectThroughPipe(ctx context.Context, conn *connection, s statement, format string, q *request, a *answer) error {
	from, to, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe for the result: %w", err)
	}
	defer func() { _ = from.Close() }() // read to its end
	clause := fmt.Sprintf(" INTO OUTFILE '/dev/fd/%d' TRUNCATE ", to.Fd())
	if s.format == "" {
		clause += "FORMAT " + format + " "
	}
	ended := make(chan written, 1)
	go func() {
		_, counts, err := conn.query(q.sql[:s.output]+clause+q.sql[s.output:], format, q.parameters)
		ended <- written{counts, errors.Join(err, to.Close())}
	}()
	sent := copyResult(from, format, a)
	if sent != nil {
		x.kill(q)
		_, _ = io.Copy(io.Discard, from) // so that the engine's last write does not block
	}
	result := <-ended
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case sent != nil:
		return sent
	case result.err != nil:
		return result.err
	}
	if err := a.start(format, result.counts); err != nil {
		return err
	}
	return a.end()
}

// copyResult sends what comes out of the pipe as it comes.
func copyResult(from io.Reader, format string, a *answer) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if err := a.start(format, summary{}); err != nil {
				return err
			}
			if _, err := a.body.Write(buffer[:n]); err != nil {
				return fmt.Errorf("send the result: %w", err)
			}
			if err := a.flush(); err != nil {
				return fmt.Errorf("send the result: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the result: %w", err)
		}
	}
}
