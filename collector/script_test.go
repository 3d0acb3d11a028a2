package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain lets the tests' own program be the collector: for scripts, and for tests that kill it.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	if at := os.Getenv(atTime); at != "" {
		if err := serveAtAnotherTime(at); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testscript.Main(withoutLeaks{m}, map[string]func(){"collector": main})
}

// withoutLeaks fails the tests that left a goroutine behind.
type withoutLeaks struct{ tests *testing.M }

func (w withoutLeaks) Run() int {
	code := w.tests.Run()
	if code != 0 {
		return code
	}
	err := goleak.Find(
		goleak.IgnoreAnyFunction("os/exec.(*Cmd).watchCtx"), // the test's own engine
		// fasthttp ends these by itself, seconds after its server has.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestTheCommandsSayWhatTheyShould(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
