package sites_test

import (
	"strings"
	"testing"

	"mayak/schema/sites"
)

func TestDiagnosticsOfASite(t *testing.T) {
	const head = "sites:\n  - id: clinic\n    hostnames: [clinic.example]\n"
	for _, tt := range []struct {
		name, text string
		sample     float64
		reports    bool
		wrong      string
	}{
		{"where nothing is said all is measured", "", 1, true, ""},
		{"a share", "    diagnostics: {sample: 0.1}\n", 0.1, true, ""},
		{"none", "    diagnostics: {sample: 0}\n", 0, true, ""},
		{"no reports", "    reports: off\n", 1, false, ""},
		{"reports", "    reports: on\n", 1, true, ""},
		{"more than all", "    diagnostics: {sample: 1.5}\n", 0, false, "sample 1.5: want 0, or a share from 0.001 to 1"},
		{"less than a thousandth", "    diagnostics: {sample: 0.0001}\n", 0, false, "sample 0.0001"},
		{"below nothing", "    diagnostics: {sample: -1}\n", 0, false, "sample -1"},
		{"no number", "    diagnostics: {sample: .nan}\n", 0, false, "sample NaN"},
		{"neither on nor off", "    reports: maybe\n", 0, false, `reports "maybe": want on or off`},
		{"an unknown key", "    diagnostics: {sampel: 1}\n", 0, false, "sampel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := sites.Parse([]byte(head + tt.text))
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Fatalf("error = %v, want %q", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if site := all.Find("clinic"); site.Sample() != tt.sample || site.TakesReports() != tt.reports {
				t.Errorf("sample %v, reports %v", site.Sample(), site.TakesReports())
			}
		})
	}
}
