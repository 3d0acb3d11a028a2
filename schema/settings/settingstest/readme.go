// Package settingstest holds the README to the settings that the processes really read: its tables are made from their
// declarations, and a test fails while they differ.
package settingstest

import (
	"os"
	"strings"
	"testing"

	"mayak/schema/settings"
)

// README compares the table between the markers <!-- settings:NAME --> and <!-- /settings:NAME --> of the file with the
// settings of config, and writes it anew if update is set.
func README(t *testing.T, file, name string, config any, update bool) {
	t.Helper()
	want, err := settings.Markdown(config)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), "<!-- settings:"+name+" -->\n")
	got, after, ends := strings.Cut(rest, "<!-- /settings:"+name+" -->")
	if !begins || !ends {
		t.Fatalf("%s has no place for the settings of %s", file, name)
	}
	if got == want {
		return
	}
	if !update {
		t.Errorf("the settings of %s in %s are not those of the program; go test -update writes them:\n%s", name, file, want)
		return
	}
	whole := before + "<!-- settings:" + name + " -->\n" + want + "<!-- /settings:" + name + " -->" + after
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil { //nolint:gosec // the test names the file.
		t.Fatal(err)
	}
}
