package browser

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// person is the user agent of a browser that nobody drives from outside.
const person = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

// newPerson opens a tab that says of itself what a person's browser says: its first language is Kazakh, its screen has
// 1440 by 960 pixels.
func newPerson(t *testing.T) *Tab {
	t.Helper()
	tab := shared(t).Tab(t)
	brands := func(version string) []*emulation.UserAgentBrandVersion {
		return []*emulation.UserAgentBrandVersion{
			{Brand: "Google Chrome", Version: version}, {Brand: "Chromium", Version: version}, {Brand: "Not_A Brand", Version: "99"},
		}
	}
	Call(tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: person, AcceptLanguage: "kk-KZ,kk,ru", Platform: "Win32",
		UserAgentMetadata: &emulation.UserAgentMetadata{
			Brands: brands("142"), FullVersionList: brands("142.0.7444.59"), Platform: "Windows", PlatformVersion: "15.0.0",
			Architecture: "x86", Bitness: "64", FormFactors: []string{"Desktop"},
		},
	})
	tab.Before(`Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})`)
	setScreen(tab, 1440, 960, false)
	return tab
}

// signalling has the tab's browser send a privacy signal with each request.
func signalling(tab *Tab, header string) {
	tab.tb.Helper()
	Call(tab, network.Enable, network.EnableParams{})
	Call(tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{header: "1"}})
}

// setScreen has the tab fill a screen of so many CSS pixels.
func setScreen(tab *Tab, width, height int64, mobile bool) {
	tab.tb.Helper()
	Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, ScreenWidth: width, ScreenHeight: height, DeviceScaleFactor: 1, Mobile: mobile,
	})
}

// follow clicks on a link as a person does, and waits until the page that it leads to has loaded.
func follow(tab *Tab, link string) {
	tab.tb.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, Patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(link))); err != nil {
		tab.tb.Fatalf("follow %s: %v", link, err)
	}
}
