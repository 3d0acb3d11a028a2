package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Browsers keep what a site says of reports only if it came over HTTPS, and report to nothing else. So the site that is made to fail
// and the way to the collector have names and a certificate of their own here, which this browser believes.
const (
	failingHost   = "failing.test"
	reportingHost = "reports.test"
)

func startReportingBrowser(t *testing.T, certificate tls.Certificate) *Browser {
	t.Helper()
	parsed, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	return Start(t,
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"), chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(key[:])),
		chromedp.Flag("short-reporting-delay", true), // instead of a minute
	)
}

// selfSigned is a certificate for both names.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{failingHost, reportingHost},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// startTLS serves under a name until the test ends, and returns the address to ask for.
func startTLS(t *testing.T, host string, certificate tls.Certificate, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "https://" + host + ":" + port
}

// startFailing is a site that sends all headers that /r/SITE/headers speaks of, and fails in each way that browsers report.
func startFailing(t *testing.T, certificate tls.Certificate, endpoint string) string {
	t.Helper()
	return startTLS(t, failingHost, certificate, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Reporting-Endpoints", `default="`+endpoint+`", mayak="`+endpoint+`"`)
		header.Set("Report-To", `{"group":"mayak","max_age":600,"endpoints":[{"url":"`+endpoint+`"}]}`)
		header.Set("NEL", `{"report_to":"mayak","max_age":600,"success_fraction":0,"failure_fraction":1}`)
		header.Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/policy":
			header.Set("Content-Security-Policy", "img-src 'none'; report-to mayak")
			// In pieces: of what a page that is still coming holds, browsers name the page as the source, of the rest none.
			_, _ = io.WriteString(w, `<!doctype html><img src="https://evil.test/a.png?patient=870412300129">`)
			flushAndWait(w)
			_, _ = io.WriteString(w, strings.Repeat(`<img src="https://evil.test/a.png">`, 2))
			flushAndWait(w)
			_, _ = io.WriteString(w, "<p>more\n<p>"+strings.Repeat(`<img src="https://evil.test/a.png">`, 3))
		case "/policy-uri":
			header.Set("Content-Security-Policy", "img-src 'none'; report-uri "+endpoint)
			_, _ = io.WriteString(w, `<!doctype html><img src="/a.png">`)
		case "/old":
			_, _ = io.WriteString(w, `<!doctype html><script>navigator.vibrate(1); { const r = new XMLHttpRequest(); r.open('GET', '/', false); r.send(); }
				addEventListener('unload', () => {}); document.write('<p>x'); webkitURL.name; </script>`)
		case "/broken":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/cut":
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, `<!doctype html><title>Works</title>`)
		}
	}))
}

// flushAndWait sends what was written so far, and lets the browser read it before more comes.
func flushAndWait(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
	<-time.After(300 * time.Millisecond)
}

// testReports has a real browser report what a site does wrong, down to the stored rows.
func testReports(t *testing.T, s *stack) {
	certificate := selfSigned(t)
	collector, err := url.Parse(s.collectorURL())
	if err != nil {
		t.Fatal(err)
	}
	endpoint := startTLS(t, reportingHost, certificate, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(collector)
		r.SetXForwarded()
	}}) + "/r/failing"
	site := startFailing(t, certificate, endpoint)
	tab := startReportingBrowser(t, certificate).Tab(t)
	for _, path := range []string{"/", "/policy", "/policy-uri", "/old"} {
		tab.Open(site + path)
	}
	tab.Run(`fetch('/broken?patient=870412300129').catch(() => {})`)
	tab.Run(`fetch('/cut').catch(() => {})`)

	always := row{"type": "report", "origin": "report", "consent": "essential", "hostname": failingHost, "weight": "", "network": "127.0.0.0/24"}
	for _, want := range []struct {
		condition string
		row       row
	}{
		{"error_kind = 'csp-violation' AND path = '/policy'", row{
			"error_type": "img-src", "error_source": "https://evil.test", "error_message": "enforce", "status": "200",
		}},
		{"error_kind = 'csp-violation' AND path = '/policy-uri'", row{
			"error_type": "img-src", "error_source": site, "error_message": "enforce", "status": "200",
		}},
		{"error_kind = 'intervention'", row{"error_type": "NavigatorVibrate", "path": "/old", "error_source": site + "/old"}},
		{"error_kind = 'deprecation' AND error_type = 'UnloadHandler'", row{"path": "/old", "error_source": site + "/old"}},
		{"error_kind = 'network-error' AND path = '/broken'", row{
			"error_type": "http.error", "phase": "application", "status": "503", "protocol": "http/1.1", "method": "GET",
		}},
		{"error_kind = 'network-error' AND path = '/cut'", row{"protocol": "http/1.1", "method": "GET"}},
	} {
		got := s.await(t, 1, "site = 'failing' AND "+want.condition)
		for name, value := range want.row {
			if got[0][name] != value {
				t.Errorf("%s: %s = %q, want %q", want.condition, name, got[0][name], value)
			}
		}
		for name, value := range always {
			if got[0][name] != value {
				t.Errorf("%s: %s = %q, want %q", want.condition, name, got[0][name], value)
			}
		}
		if got[0]["fingerprint"] == "" || got[0]["visitor"] == "" {
			t.Errorf("%s: fingerprint %q, visitor %q", want.condition, got[0]["fingerprint"], got[0]["visitor"])
		}
	}
	if n := s.count(t, `(SELECT toStartOfMinute(ts) AS minute FROM events FINAL
		WHERE site = 'failing' AND error_kind = 'csp-violation' AND path = '/policy' GROUP BY minute HAVING count() > 1)`); n != 0 {
		t.Error("what the policy kept from one page six times counts more than once in a minute")
	}
	if n := s.count(t, "events WHERE site = 'failing' AND (type != 'report' OR toString(tuple(*)) LIKE '%870412300129%')"); n != 0 {
		t.Errorf("%d rows are no reports, or hold a number that stood in an address", n)
	}
}
