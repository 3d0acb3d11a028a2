// Package browser starts a headless Chromium for tests that look at real pages.
//
// Each Browser has a profile of its own, made empty and removed afterwards, and asks nobody on the network but the pages'
// own servers. Each Tab is as separate from the others as another person's browser, and remembers everything that a page
// must not cause: exceptions, console warnings and violations of its content security policy.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

const how = "no Chromium here: apt-get install chromium, or set CHROMIUM to another one"

// Browser is a running Chromium.
type Browser struct {
	ctx context.Context
}

// Start runs a Chromium, with further flags, until the test ends. Without one the test is skipped, or failed where CI is set.
func Start(tb testing.TB, flags ...chromedp.ExecAllocatorOption) *Browser {
	tb.Helper()
	path := find()
	if path == "" {
		if os.Getenv("CI") != "" {
			tb.Fatal(how)
		}
		tb.Skip(how)
	}
	browser, stop, err := launch(path, tb.TempDir(), flags...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(stop)
	return browser
}

// launch runs the Chromium at path with an empty profile until stop is called, which waits for its end.
func launch(path, profile string, flags ...chromedp.ExecAllocatorOption) (browser *Browser, stop func(), err error) {
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(options(path, profile), flags...)...)
	ctx, stopBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {
		// Events that are newer than the protocol's bindings, which chromedp reports one by one.
	}))
	stop = func() {
		stopBrowser()
		stopAllocator()
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return &Browser{ctx: ctx}, stop, nil
}

func find() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

func options(path, profile string) []chromedp.ExecAllocatorOption {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.WindowSize(1280, 900),
	}
	for _, flag := range []string{
		"headless", "disable-gpu", "disable-dev-shm-usage", "no-first-run", "no-default-browser-check", "mute-audio",
		"enable-automation", "disable-popup-blocking",
		// Nothing but the pages under test may be asked for.
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-breakpad",
		"disable-default-apps", "disable-extensions", "metrics-recording-only",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to be root in its sandbox
	}
	return options
}
