package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/clickhouse"
	"mayak/scripts/processes"
)

const (
	database = "mayak"
	sample   = "seed" // database of the events that the others are copies of
)

// stage is everything that runs while one size is measured.
type stage struct {
	*options

	size       int
	until      time.Time // end of the history
	folder     string
	history    string // program
	engine     *processes.Engine
	aggregator *processes.Aggregator
	conn       driver.Conn
	out        io.Writer
}

// open starts an engine on the folder of this size, and brings the schema into it.
func open(ctx context.Context, o *options, size int, out io.Writer) (*stage, error) {
	s := &stage{options: o, size: size, out: out, folder: filepath.Join(o.folder, strconv.Itoa(size))}
	s.until = time.Now().UTC().Add(-time.Hour).Truncate(time.Hour)
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return nil, err
	}
	programs, err := processes.Build(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	s.history = filepath.Join(s.folder, "programs", "history")
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", s.history, "mayak/scripts/load/history").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, output)
	}
	if s.engine, err = processes.NewEngine(programs, s.folder); err != nil {
		return nil, err
	}
	s.engine.Spec.Env = append(s.engine.Spec.Env, "MAYAK_ENGINE_MEMORY="+o.memory)
	if err := s.engine.Run(ctx); err != nil {
		s.engine.Kill()
		return nil, err
	}
	for _, name := range []string{database, sample} {
		if err := processes.Migrate(ctx, programs, s.engine.DSN(name)); err != nil {
			s.engine.Kill()
			return nil, err
		}
	}
	if s.aggregator, err = processes.NewAggregator(programs, s.folder, s.engine.DSN(database)); err != nil {
		s.engine.Kill()
		return nil, err
	}
	s.conn, err = clickhouse.Open(clickhouse.Options{DSN: s.engine.DSN(database), Name: "scale", ReadTimeout: time.Hour})
	return s, err
}

// close ends everything, and removes the data unless they are wanted.
func (s *stage) close(keep bool) error {
	_ = s.conn.Close() // nothing waits in it
	s.aggregator.Kill()
	s.engine.Kill()
	if keep {
		return nil
	}
	return os.RemoveAll(s.folder)
}

// ask runs a statement that gives one number.
func (s *stage) ask(ctx context.Context, statement string, values ...any) (float64, error) {
	var number float64
	if err := s.conn.QueryRow(ctx, "SELECT toFloat64(("+statement+"))", values...).Scan(&number); err != nil {
		return 0, fmt.Errorf("%s: %w", firstWords(statement), err)
	}
	return number, nil
}

func firstWords(statement string) string {
	return strings.Join(strings.Fields(statement)[:min(8, len(strings.Fields(statement)))], " ")
}
