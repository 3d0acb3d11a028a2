package spool

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// writerEnv makes the test binary a small writer to be killed.
const writerEnv = "SPOOL_TEST_WRITER"

// runWriter appends numbered records from several goroutines, and prints each number once it is answered.
func runWriter(dir string) int {
	s, err := Open(dir, Options{SegmentSize: 16 << 10, SegmentAge: time.Millisecond, DiskShare: 1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() { // a reader that delivers nothing, but has segments sealed
		for err := error(nil); err == nil; {
			_, err = s.Next(context.Background())
		}
	}()
	start := rand.Uint64() &^ 0xffffff
	var printing sync.Mutex
	for w := range uint64(8) {
		go func() {
			record := make([]byte, 8+rand.IntN(400))
			for i := w; ; i += 8 {
				binary.LittleEndian.PutUint64(record, start+i)
				if err := s.Append(record); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				printing.Lock()
				fmt.Fprintln(os.Stdout, start+i)
				printing.Unlock()
			}
		}()
	}
	select {}
}

func TestKilledWritersLoseNothingTheyAnswered(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	dir := t.TempDir()
	answered := map[uint64]bool{}
	for range rounds {
		killWriter(t, dir, answered)
	}
	s := openSpool(t, dir, Options{})
	if err := s.Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
	found, names := map[uint64]int{}, map[string]bool{}
	for g, err := s.Next(context.Background()); err == nil; g, err = s.Next(context.Background()) {
		if names[g.Name()] {
			t.Errorf("segment %s handed out twice", g.Name())
		}
		names[g.Name()] = true
		if err := g.Each(func(r []byte) error { found[binary.LittleEndian.Uint64(r)]++; return nil }); err != nil {
			t.Error(err)
		}
		if err := g.Delivered(); err != nil {
			t.Error(err)
		}
	}
	lost, twice := 0, 0
	for id := range answered {
		if found[id] == 0 {
			lost++
		}
		if found[id] > 1 {
			twice++
		}
	}
	t.Logf("%d rounds, %d answered, %d found in %d segments, %d lost, %d twice",
		rounds, len(answered), len(found), len(names), lost, twice)
	if lost != 0 || twice != 0 || len(answered) == 0 {
		t.Error("answered records must be found exactly once")
	}
}

func killWriter(t *testing.T, dir string, answered map[uint64]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	life := 1 + rand.IntN(600)
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		var id uint64
		if _, err := fmt.Sscan(lines.Text(), &id); err == nil {
			answered[id] = true
		}
		if n == life {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait() // killed
}
