package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// executor runs requests on the engine, each in a session of its own.
type executor struct {
	connect func() (*connection, error)
	slots   *slots
	metrics *metrics

	temporary string // directory for results that are held back
}

// execute runs one request. The exception that it returns was not yet told to the client.
func (x *executor) execute(ctx context.Context, q *request, a *answer) error {
	s := readStatement(q.sql)
	if s.file {
		return refuse(codeNotImplemented, "NOT_IMPLEMENTED", "INTO OUTFILE and FROM INFILE are not allowed over HTTP")
	}
	giveBack, err := x.slots.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	x.metrics.statements.WithLabelValues(string(s.kind)).Inc()
	defer func(started time.Time) {
		x.metrics.duration.WithLabelValues(string(s.kind)).Observe(time.Since(started).Seconds())
	}(time.Now())
	conn, err := x.connect()
	if err != nil {
		return err
	}
	defer conn.close()
	if err := checkOutside(conn, s); err != nil {
		return err
	}
	if err := prepare(conn, q); err != nil {
		return err
	}
	if s.kind == kindInsert {
		return x.insert(conn, q, s, a)
	}
	if err := checkStatement(conn, q.sql, s); err != nil {
		return err
	}
	stop := x.killWhenGone(ctx, q)
	defer stop()
	if s.kind == kindSelect {
		return x.selectInto(ctx, conn, q, s, a)
	}
	return x.small(conn, q, s, a)
}

// checkStatement refuses what the library, made for a terminal, would run and a server would not: several statements, words like exit,
// results written into files. The engine's own parser decides, so that no quoting can hide anything from it.
func checkStatement(conn *connection, sql string, s statement) error {
	found := conn.analyse(sql)
	switch {
	case found.statementCount > 1:
		return refuse(codeSyntaxError, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed): %d statements", found.statementCount)
	case found.statementCount == 0:
		// What cannot be parsed must not be run either: the library would run its beginning. An insert is parsed before anything
		// else, so starting one brings the parser's complaint and nothing more.
		started, err := conn.insert(sql, "", nil)
		if err != nil {
			return err
		}
		started.close()
		return refuse(codeSyntaxError, "SYNTAX_ERROR", "Syntax error: no statement found")
	case s.reads && found.queryClass == classControl:
		return refuse(codeNotImplemented, "NOT_IMPLEMENTED", "INTO OUTFILE is not allowed over HTTP")
	}
	return nil
}

// prepare brings a fresh session to where the request wants it. The mark comes before what may make the session read-only.
func prepare(conn *connection, q *request) error {
	steps := []string{"SET ROLE " + quoteName(q.account.role()), "SET log_comment = " + quoteText(q.mark())}
	if q.account.profile != "" {
		steps = append(steps, "SET profile = "+quoteText(q.account.profile))
	}
	if len(q.account.settings) > 0 {
		steps = append(steps, "SET "+strings.Join(q.account.settings, ", "))
	}
	if q.database != "" {
		steps = append(steps, "USE "+quoteName(q.database))
	}
	if changes := q.changes(); len(changes) > 0 {
		steps = append(steps, "SET "+strings.Join(changes, ", "))
	}
	for _, step := range steps {
		if err := conn.run(step); err != nil {
			return err
		}
	}
	if q.readOnly { // whatever the request says of it itself: readonly=0 in a link must not let the link change anything
		err := conn.run("SET readonly = 2")
		if refused := new(exception); errors.As(err, &refused) && refused.code == codeReadOnly {
			return nil // it is already
		}
		return err
	}
	return nil
}

// changes are the request's settings as SET wants them, readonly last because it forbids the others.
func (q *request) changes() []string {
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(q.settings)) {
		if name != "readonly" && name != "log_comment" {
			changes = append(changes, name+" = "+quoteText(q.settings[name]))
		}
	}
	if level, given := q.settings["readonly"]; given {
		changes = append(changes, "readonly = "+quoteText(level))
	}
	return changes
}

// mark is how another session finds this request's statement: the library gives no way to choose its query_id.
func (q *request) mark() string { return "mayak " + q.id + " " + q.settings["log_comment"] }

func quoteName(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}

func quoteText(text string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(text) + "'"
}

// killWhenGone stops the statement once its client has gone away. A statement that makes no rows yet notices nothing by itself.
func (x *executor) killWhenGone(ctx context.Context, q *request) (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-done:
		case <-ctx.Done():
			x.metrics.cancelled.Inc()
			x.kill(q)
		}
	})
	return func() {
		close(done)
		watching.Wait()
	}
}

// kill asks the engine to stop a request's statement. There is nobody to tell when it cannot.
func (x *executor) kill(q *request) {
	conn, err := x.connect()
	if err != nil {
		return
	}
	defer conn.close()
	_ = conn.run("KILL QUERY WHERE Settings['log_comment'] = " + quoteText(q.mark()) + " ASYNC")
}

// outputFormat is what the statement says, else what the request says, else what a server has.
func outputFormat(s statement, q *request) (string, error) {
	format := cmp.Or(s.format, q.format, "TabSeparated")
	if !allWordBytes(format) { // it becomes a part of the statement
		return "", refuse(73, "UNKNOWN_FORMAT", "Unknown format %q", format)
	}
	return format, nil
}

// small runs a statement whose answer is small or empty.
func (x *executor) small(conn *connection, q *request, s statement, a *answer) error {
	format, err := outputFormat(s, q)
	if err != nil {
		return err
	}
	result, counts, err := conn.query(q.sql, format, q.parameters)
	if err != nil {
		return err
	}
	if err := a.start(format, counts); err != nil {
		return err
	}
	if err := writeChunk(result, format, q, a.body); err != nil {
		return err
	}
	return a.end()
}

// writeChunk writes a piece of an answer as the client understands it.
func writeChunk(chunk []byte, format string, q *request, to io.Writer) error {
	if format == "Native" && q.revision > 0 {
		return (&recoder{revision: uint64(q.revision)}).recode(chunk, to)
	}
	_, err := to.Write(chunk)
	return err
}

// insert feeds the body to the engine as it arrives; rows are committed block by block, as on a server.
func (x *executor) insert(conn *connection, q *request, s statement, a *answer) error {
	format := cmp.Or(s.format, "Values")
	into, err := conn.insert(s.sql, format, q.parameters)
	if err != nil {
		return err
	}
	defer into.close()
	data := q.data
	if rest := q.sql[min(s.data, len(q.sql)):]; rest != "" {
		data = io.MultiReader(strings.NewReader(rest), data)
	}
	received, err := io.CopyBuffer(struct{ io.Writer }{into}, struct{ io.Reader }{data}, make([]byte, 256<<10))
	x.metrics.received.Add(float64(received))
	if err != nil && !errors.Is(err, errInsertEnded) {
		return asException(err, "The data cannot be read")
	}
	counts, err := into.done()
	if err != nil {
		return err
	}
	if err := a.start(cmp.Or(q.format, "TabSeparated"), counts); err != nil {
		return err
	}
	return a.end()
}

// selectInto sends a result of any size. Only Native can be taken from the engine block by block: in other formats each
// block would be a document of its own, so these the engine writes by itself.
func (x *executor) selectInto(ctx context.Context, conn *connection, q *request, s statement, a *answer) error {
	format, err := outputFormat(s, q)
	if err != nil {
		return err
	}
	if format != "Native" {
		return x.selectThroughPipe(ctx, conn, s, format, q, a)
	}
	blocks, err := conn.stream(q.sql, format, q.parameters)
	var refused *exception
	if errors.As(err, &refused) && strings.Contains(refused.text, "Streaming query is not supported") {
		return x.small(conn, q, s, a)
	}
	if err != nil {
		return err
	}
	defer blocks.close()
	for {
		block, counts, err := blocks.next()
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if err := a.start(format, counts); err != nil {
			return err
		}
		if len(block) == 0 {
			return a.end()
		}
		if err := writeChunk(block, format, q, a.body); err != nil {
			return fmt.Errorf("send a block: %w", err)
		}
		if err := a.flush(); err != nil {
			return fmt.Errorf("send a block: %w", err)
		}
	}
}
