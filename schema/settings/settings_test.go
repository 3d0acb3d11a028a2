package settings_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mayak/schema/settings"
)

type config struct {
	Listen string          `env:"MAYAK_X_LISTEN" default:"127.0.0.1:1" help:"address"`
	Limit  settings.Bytes  `env:"MAYAK_X_LIMIT" default:"10GiB" help:"limit"`
	Key    settings.Secret `env:"MAYAK_X_KEY" help:"key"`
}

func parse(args, environ []string) (config, string, error) {
	var c config
	var out bytes.Buffer
	_, err := settings.Parse(&c, settings.Options{
		Name: "x", Args: args, Environ: environ, Stdout: &out, Stderr: &out, Foreign: []string{"MAYAK_Y_", "MAYAK_DATA"},
	})
	return c, out.String(), err
}

func TestFlagsWinOverVariablesAndVariablesOverDefaults(t *testing.T) {
	t.Setenv("MAYAK_X_LISTEN", "127.0.0.1:2")
	t.Setenv("MAYAK_X_LIMIT", "5 MiB")
	c, _, err := parse([]string{"--listen", "127.0.0.1:3"}, nil)
	if err != nil || c.Listen != "127.0.0.1:3" || c.Limit != 5<<20 {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestASecretComesFromAFileAndIsNeverPrinted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAYAK_X_KEY_FILE", file)
	c, _, err := parse(nil, []string{"MAYAK_X_KEY_FILE=" + file})
	if err != nil || c.Key.Reveal() != "s3cret" {
		t.Fatalf("key %q, %v", c.Key.Reveal(), err)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Key); strings.Contains(printed, "s3cret") {
		t.Errorf("the secret is printed: %s", printed)
	}
	t.Setenv("MAYAK_X_KEY", "other")
	if _, _, err := parse(nil, nil); err == nil && c.Key.Reveal() == "" {
		t.Error("a variable and its file were both accepted")
	}
}

func TestAVariableThatNobodyKnowsIsRefused(t *testing.T) {
	_, _, err := parse(nil, []string{"MAYAK_X_LISTN=1", "MAYAK_Y_LISTEN=2", "HOME=/", "MAYAK_X_LISTEN=3", "MAYAK_DATA=4", "MAYAK_DATABASE=5"})
	if err == nil || !strings.Contains(err.Error(), "variable MAYAK_DATABASE, MAYAK_X_LISTN (") {
		t.Errorf("error = %v", err)
	}
}

func TestBadValuesGetAClearError(t *testing.T) {
	for _, bad := range []string{"x", "-1GiB", "1QiB", "99999999TiB", "NaN"} {
		if _, _, err := parse([]string{"--limit=" + bad}, nil); err == nil || !strings.Contains(err.Error(), "size") {
			t.Errorf("limit %s: %v", bad, err)
		}
	}
}

func TestHelpIsAnsweredAndEndsWell(t *testing.T) {
	_, out, err := parse([]string{"--help"}, nil)
	if !errors.Is(err, settings.ErrDone) || !strings.Contains(out, "MAYAK_X_LIMIT") {
		t.Errorf("help: %v\n%s", err, out)
	}
}

func TestBytesReadAndPrint(t *testing.T) {
	for text, want := range map[string]settings.Bytes{"0": 0, "512": 512, "1KiB": 1024, "1.5GiB": 3 << 29, "2GB": 2e9, "7 MiB": 7 << 20} {
		var b settings.Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q = %d, %v", text, b, err)
		}
	}
	if got := settings.Bytes(10 << 30).String(); got != "10GiB" {
		t.Errorf("String() = %q", got)
	}
}
