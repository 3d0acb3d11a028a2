package beacon

import (
	"bytes"
	"image/gif"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
)

func TestPictureIsOneTransparentPixel(t *testing.T) {
	picture, err := gif.Decode(strings.NewReader(transparent))
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, alpha := picture.At(0, 0).RGBA()
	if size := picture.Bounds().Size(); len(transparent) != 43 || size.X != 1 || size.Y != 1 || alpha != 0 {
		t.Errorf("%d bytes, %v, alpha %d", len(transparent), size, alpha)
	}
}

func TestPixelAnswers(t *testing.T) {
	p := &recorder{decide: decideByHost}
	_, dial := inMemory(t, testOptions(p))
	c := dial()
	for _, tt := range []struct {
		name, path, header, outcome string
		url                         string // of the hit that reaches the pipeline; empty for none
	}{
		{"a hit", "/p.gif?site=demo&url=http%3A%2F%2Flocalhost%2F", "", "stored", "http://localhost/"},
		{"the page from the referer", "/p.gif?site=demo", "Referer: http://localhost/r", "stored", "http://localhost/r"},
		{"the query wins over the referer", "/p.gif?site=demo&url=http://localhost/q", "Referer: http://localhost/r", "stored", "http://localhost/q"},
		{"a plus is a blank", "/p.gif?site=demo&url=http://localhost/a+b", "", "stored", "http://localhost/a b"},
		{"half an escape stays", "/p.gif?site=demo&url=http://localhost/%zz%", "", "stored", "http://localhost/%zz%"},
		{"another encoding is the gate's", "/p.gif?site=demo&url=http://localhost/%CF", "", "stored", "http://localhost/\xcf"},
		{"an empty value is none", "/p.gif?site=demo&url=http://localhost/&dpr=&ts=", "", "stored", "http://localhost/"},
		{"unknown keys do no harm", "/p.gif?site=demo&url=http://localhost/&ip=1.2.3.4&hints=x&hints.no=x&no.no=x&props=x", "", "stored", "http://localhost/"},
		{"dropped by the gate", "/p.gif?site=demo&url=http://unknown_site/", "", "dropped; reason=unknown_site", "http://unknown_site/"},
		{"nothing at all", "/p.gif", "", `dropped; reason=malformed; error="site: missing"`, ""},
		{"no page", "/p.gif?site=demo", "", `dropped; reason=malformed; error="url: missing"`, ""},
		{"no number", "/p.gif?site=demo&url=u&dpr=x", "", `dropped; reason=malformed; error="dpr: want a finite number"`, ""},
		{"not finite", "/p.gif?site=demo&url=u&value=inf", "", `dropped; reason=malformed; error="value: want a finite number"`, ""},
		{"no flag", "/p.gif?site=demo&url=u&webdriver=maybe", "", `dropped; reason=malformed; error="webdriver: want true or false"`, ""},
		{"a screen that is too long", "/p.gif?site=demo&url=u&screen=" + strings.Repeat("1", 65), "", `dropped; reason=malformed; error="screen: want a string like \"1920x1080\""`, ""},
		{"a property without a key", "/p.gif?site=demo&url=u&p.=1", "", `dropped; reason=malformed; error="props: want an object of at most 30 strings, numbers or booleans, each with a key"`, ""},
		{"an unknown type", "/p.gif?site=demo&url=u&type=click", "", `dropped; reason=unknown_type; error="type: want pageview, event, engage, vitals or error"`, ""},
		{"a long query", "/p.gif?site=demo&url=" + strings.Repeat("x", 8192), "", "dropped; reason=too_large", ""},
		{"many keys", "/p.gif?site=demo&url=u" + strings.Repeat("&a", 128), "", "dropped; reason=too_large", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.hits = nil
			got := ask(t, c, get(tt.path, tt.header))
			if got.Status != 200 || got.Body != transparent {
				t.Errorf("answer %d with %d bytes, want 200 with the picture", got.Status, len(got.Body))
			}
			want := map[string]string{
				"Mayak-Outcome": tt.outcome, "Content-Type": "image/gif", "Cache-Control": "no-store",
				"Cross-Origin-Resource-Policy": "cross-origin", "Content-Length": "43",
			}
			names := []string{"Mayak-Outcome", "Content-Type", "Cache-Control", "Cross-Origin-Resource-Policy", "Content-Length"}
			if diff := cmp.Diff(want, head(got.Header, names...)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			switch {
			case tt.url == "" && len(p.hits) > 0:
				t.Error("what was refused has reached the pipeline")
			case tt.url != "" && (len(p.hits) != 1 || p.hits[0].URL != tt.url || p.hits[0].Way != hit.Pixel):
				t.Errorf("%d hits, want one pixel at %s", len(p.hits), tt.url)
			}
		})
	}
}

// Whatever is asked, what a page sent is not in the answer.
func TestNothingIsEchoed(t *testing.T) {
	_, dial := inMemory(t, testOptions(&recorder{decide: decideByHost}))
	const secret = "s3cr3t"
	for _, raw := range []string{
		post(`{"site":"` + secret + `","url":"http://unknown_site/` + secret + `"}`),
		post(`{"site":"demo","url":["` + secret + `"]}`),
		post(`{"site":"demo","url":"u","type":"` + secret + `"}`),
		post(`{"site":"demo","url":"u","props":{"` + secret + `":{}}}`),
		post(`{"` + secret + `":` + secret),
		post(secret),
		get("/"+secret+"?"+secret, "Referer: http://x/"+secret),
		get("/p.gif?site=" + secret + "&url=http://unknown_host/" + secret + "&dpr=" + secret),
		get("/m.js?v=" + secret),
		"POST /e HTTP/1.1\r\nHost: c.test\r\nContent-Length: " + secret + "\r\n\r\n",
	} {
		got := ask(t, dial(), raw)
		var all bytes.Buffer
		_ = got.Header.Write(&all)
		if strings.Contains(all.String()+got.Body, secret) {
			t.Errorf("%.60q is answered with\n%s\n%s", raw, all.String(), got.Body)
		}
	}
}
