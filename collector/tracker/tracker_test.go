package tracker

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestEveryEncodingHoldsTheSameScript(t *testing.T) {
	script := Script()
	unzipped, err := gzip.NewReader(bytes.NewReader(script.Gzip))
	if err != nil {
		t.Fatal(err)
	}
	for name, reader := range map[string]io.Reader{
		"gzip": unzipped, "brotli": brotli.NewReader(bytes.NewReader(script.Brotli)),
	} {
		got, err := io.ReadAll(reader)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(got, script.Body) {
			t.Errorf("%s holds another script than m.js: run go generate ./collector/tracker", name)
		}
	}
}

func TestScriptIsAtMostTwoKilobytesGzip(t *testing.T) {
	if got := len(Script().Gzip); got > 2048 {
		t.Errorf("m.js is %d bytes gzip, the limit is 2048", got)
	}
}

func TestVersionFitsIntoAURLAndATag(t *testing.T) {
	script := Script()
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(script.Version) {
		t.Errorf("Version = %q, want 16 hexadecimal digits", script.Version)
	}
	if want := `W/"` + script.Version + `"`; script.ETag != want {
		t.Errorf("ETag = %q, want %q", script.ETag, want)
	}
}

// The script must not even name what it promises never to touch.
func TestScriptNamesNoStorageAndNoOtherHost(t *testing.T) {
	const names = `cookie|localStorage|sessionStorage|indexedDB|caches|eval\(|new Function|innerHTML|document\.write`
	forbidden := regexp.MustCompile(names + `|https?://`)
	if found := forbidden.Find(Script().Body); found != nil {
		t.Errorf("m.js contains %q", found)
	}
}
