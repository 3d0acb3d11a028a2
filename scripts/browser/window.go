package browser

import (
	"strconv"

	"github.com/chromedp/cdproto/browser"
)

// Hide minimizes the tab's window, so that its page becomes hidden and loses the focus as it does for a person.
func (tab *Tab) Hide() {
	tab.tb.Helper()
	tab.setWindow(browser.WindowStateMinimized)
}

// Show brings a hidden window back.
func (tab *Tab) Show() {
	tab.tb.Helper()
	tab.setWindow(browser.WindowStateNormal)
}

func (tab *Tab) setWindow(state browser.WindowState) {
	tab.tb.Helper()
	window := Call(tab, browser.GetWindowForTarget, browser.GetWindowForTargetParams{})
	Call(tab, browser.SetWindowBounds, browser.SetWindowBoundsParams{
		WindowID: window.WindowID, Bounds: &browser.Bounds{WindowState: state},
	})
	// The page hears of it a moment later.
	hidden := strconv.FormatBool(state == browser.WindowStateMinimized)
	tab.Run(`new Promise(done => {
		const look = () => document.hidden === ` + hidden + ` ? done() : setTimeout(look, 10);
		look();
	})`)
}
