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
	module, err := Diagnostics(1)
	if err != nil {
		t.Fatal(err)
	}
	for name, asset := range map[string]Asset{"m.js": Script(), "m.d.js": module} {
		t.Run(name, func(t *testing.T) { sameInEveryEncoding(t, asset) })
	}
}

func sameInEveryEncoding(t *testing.T, script Asset) {
	t.Helper()
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
			t.Errorf("%s holds another script: run go generate ./collector/tracker", name)
		}
	}
}

func TestScriptsAreNoLargerThanTheyMayBe(t *testing.T) {
	if got := len(Script().Gzip); got > 2100 {
		t.Errorf("m.js is %d bytes gzip, the limit is 2100", got)
	}
	module, err := Diagnostics(0.125)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(module.Gzip); got > 8<<10 {
		t.Errorf("m.d.js is %d bytes gzip, the limit is 8192", got)
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
	module, err := Diagnostics(1)
	if err != nil {
		t.Fatal(err)
	}
	for name, asset := range map[string]Asset{"m.js": Script(), "m.d.js": module} {
		if found := forbidden.Find(asset.Body); found != nil {
			t.Errorf("%s contains %q", name, found)
		}
	}
}

func TestTheRateStandsAtTheEndOfTheModule(t *testing.T) {
	tenth, err := Diagnostics(0.1)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Diagnostics(1)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(tenth.Body, []byte("})(0.1);\n")) || !bytes.HasSuffix(all.Body, []byte("})(1);\n")) || tenth.ETag == all.ETag {
		t.Errorf("ends in %q and %q, tags %s and %s", tenth.Body[len(tenth.Body)-20:], all.Body[len(all.Body)-20:], tenth.ETag, all.ETag)
	}
}
