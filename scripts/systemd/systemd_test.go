// Package systemd_test looks at the units as far as that goes without a manager that runs them.
package systemd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unit is the lines of one unit, by their key.
type unit map[string][]string

func units(t *testing.T) map[string]unit {
	t.Helper()
	files, err := filepath.Glob("mayak-*.*")
	if err != nil || len(files) != 5 {
		t.Fatalf("units: %v, %v", files, err)
	}
	all := map[string]unit{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		u := unit{}
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
				u[key] = append(u[key], value)
			}
		}
		all[file] = u
	}
	return all
}

// known are the settings that a program's README table lists.
func known(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(regexp.MustCompile("`(MAYAK_[A-Z_]+)`").FindAllString(string(text), -1), "`MAYAK_DATA`")
}

func TestEveryServiceIsConfinedAndStartedAgain(t *testing.T) {
	for name, u := range units(t) {
		if strings.HasSuffix(name, ".timer") {
			continue
		}
		want := map[string]string{
			"User": "mayak", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "CapabilityBoundingSet": "",
			"UMask": "0077", "StateDirectoryMode": "0700", "SystemCallFilter": "@system-service",
		}
		if u["Type"][0] != "oneshot" {
			want["Restart"], want["LimitCORE"], want["StartLimitIntervalSec"] = "always", "0", "0"
		}
		for key, value := range want {
			if got := u[key]; len(got) != 1 || got[0] != value {
				t.Errorf("%s: %s=%v, want %q", name, key, got, value)
			}
		}
	}
}

func TestEverySettingOfAUnitExists(t *testing.T) {
	all, n := known(t), 0
	for name, u := range units(t) {
		for _, line := range u["Environment"] {
			for pair := range strings.FieldsSeq(line) {
				variable, _, _ := strings.Cut(pair, "=")
				n++
				if !slices.Contains(all, "`"+variable+"`") {
					t.Errorf("%s: there is no setting %s", name, variable)
				}
			}
		}
	}
	if n < 7 {
		t.Errorf("%d settings found, the test looks in the wrong place", n)
	}
}
