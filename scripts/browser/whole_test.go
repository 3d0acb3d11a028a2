package browser

import "testing"

// One stack for all claims: it starts slower than most of them are proven.
func TestWhatABrowserDoesStandsInTheDatabase(t *testing.T) {
	shared(t) // without a browser nothing has to be started
	s := newStack(t)
	s.start(t)
	for _, claim := range []struct {
		name  string
		prove func(*testing.T, *stack)
	}{
		{"a page view is one row of what the policy allows", testPageView},
		{"a driven browser is a bot", testRobot},
		{"the page shows its row within two seconds", testPanel},
		{"each route of a single-page site is a view with its engagement", testSinglePage},
		{"engaged time is what was visible, scroll what was seen", testEngagement},
		{"events of the page arrive with their properties", testEvents},
		{"a visit without scripts is counted by the pixel", testPixel},
		{"the script works as a module", testModule},
		{"how fast a page is, and what fails in it, is told", testDiagnostics},
		{"a browser's own reports are stored", testReports},
		{"the script is served small and kept long", testServed},
		{"what a page leaks is written nowhere", testLeaks},
		{"a refusal leaves a bare count", testRefusal},
		{"the banner is answered with the keyboard, once", testBanner},
		{"a page of the same host cannot choose for a visitor", testPlantedCookie},
		{"visitors see, take along and erase what is kept, in three languages", testVisitorsPage},
		{"a killed collector loses nothing and counts nothing twice", testKill},
		{"the pages fit onto every screen", testPictures},
		{"every dashboard is drawn, with the numbers of the report API", testDashboards},
		{"Ctrl-C stops everything and the next start goes on", testInterrupt},
	} {
		t.Run(claim.name, func(t *testing.T) { claim.prove(t, s) })
	}
}
