package browser

import (
	"fmt"
	"os"
	"testing"
)

// chromium is the one browser of this package's tests: each has a tab that shares nothing with the others, and starting
// a browser takes longer than most of them.
var chromium *Browser

func TestMain(m *testing.M) {
	os.Exit(func() int {
		path := find()
		if path == "" {
			return m.Run()
		}
		profile, err := os.MkdirTemp("", "browser-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(profile)
		browser, stop, err := launch(path, profile)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer stop()
		chromium = browser
		return m.Run()
	}())
}

func shared(t *testing.T) *Browser {
	t.Helper()
	if chromium == nil {
		return Start(t) // which skips the test, or fails it
	}
	return chromium
}
