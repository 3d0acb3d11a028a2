package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Patience is how long a page may take to do what a test waits for, on a machine that is busy with other things.
const Patience = 20 * time.Second

// Tab is one tab with cookies, storage and caches of its own. What it is told to do fails the test when it cannot.
type Tab struct {
	Context context.Context // for what the methods do not offer: chromedp.Run(tab.Context, …)
	tb      testing.TB

	mu         sync.Mutex
	complaints []string
}

// Tab opens an empty tab, closed when the test ends.
func (b *Browser) Tab(tb testing.TB) *Tab {
	tb.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	tb.Cleanup(stop)
	tab := &Tab{Context: ctx, tb: tb}
	if err := chromedp.Listen(ctx, tab.hear); err != nil {
		tb.Fatalf("open a tab: %v", err)
	}
	Call(tab, log.Enable, cdp.Empty{})
	return tab
}

// Call runs a command of the browser's protocol.
func Call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.tb.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, Patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		tab.tb.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// Eval runs script in the page as if its visitor had caused it, and returns its value. A promise is waited for.
func Eval[T any](tab *Tab, script string) T {
	tab.tb.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise, asVisitor))
	if err != nil {
		tab.tb.Fatalf("evaluate %s: %v", script, err)
	}
	return value
}

func asVisitor(params *runtime.EvaluateParams) { params.UserGesture = new(true) }

// Do runs actions one after the other.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.tb.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.tb.Fatalf("browser: %v", err)
	}
}

// Before has script run in every document that is opened from now on, before the document's own scripts.
func (tab *Tab) Before(script string) {
	tab.tb.Helper()
	Call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// Open goes to url and waits until the document has loaded.
func (tab *Tab) Open(url string) {
	tab.tb.Helper()
	tab.Do(chromedp.Navigate(url))
}

// Run runs script in the page as if its visitor had caused it.
func (tab *Tab) Run(script string) {
	tab.tb.Helper()
	Eval[chromedp.Void](tab, script)
}

// Complaints returns the exceptions, warnings and violations that were heard until now.
func (tab *Tab) Complaints() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return append([]string(nil), tab.complaints...)
}

// Screenshot writes the whole page as a PNG file.
func (tab *Tab) Screenshot(file string) {
	tab.tb.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, Patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tab.tb.Fatalf("take a screenshot: %v", err)
	}
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		tab.tb.Fatalf("keep the screenshot: %v", err)
	}
}

func (tab *Tab) hear(event any) {
	var complaint string
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + (&chromedp.ExceptionError{ExceptionDetails: event.ExceptionDetails}).Error()
	case *runtime.EventConsoleAPICalled:
		if event.Type == "warning" || event.Type == "error" {
			complaint = fmt.Sprintf("console.%s: %s", event.Type, words(event.Args))
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == "warning" || event.Entry.Level == "error" {
			complaint = fmt.Sprintf("%s: %s", event.Entry.Source, event.Entry.Text)
		}
	}
	if complaint == "" {
		return
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.complaints = append(tab.complaints, complaint)
}

func words(args []*runtime.RemoteObject) string {
	words := make([]string, len(args))
	for i, arg := range args {
		if json.Unmarshal(arg.Value, &words[i]) != nil {
			words[i] = arg.Description
		}
	}
	return strings.Join(words, " ")
}
