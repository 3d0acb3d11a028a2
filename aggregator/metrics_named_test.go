package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mayak/dashboards"
)

// Every metric that a panel names is one that a process has.
func TestEveryMetricOfTheDashboardsExists(t *testing.T) {
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Builder{}
	for _, folder := range []string{"../collector", "../aggregator", "../schema"} {
		err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Base(path) != "metrics.go" {
				return err
			}
			text, err := os.ReadFile(path)
			have.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := 0
	for _, d := range set.All() {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				for _, name := range regexp.MustCompile(`mayak_\w+`).FindAllString(target.Expr, -1) {
					named++
					if base := strings.TrimSuffix(name, "_bucket"); !declared(have.String(), base) {
						t.Errorf("%s: panel %q names the metric %s, which nobody has", d.Name, p.Title, name)
					}
				}
			}
		}
	}
	if named == 0 {
		t.Error("no metric is named")
	}
}

// declared finds a metric's name in the sources, whole or as a beginning that others follow and its rest.
func declared(sources, name string) bool {
	if strings.Contains(sources, `"`+name+`"`) {
		return true
	}
	parts := strings.SplitAfterN(name, "_", 4)
	if len(parts) < 4 {
		return false
	}
	beginning, rest := strings.Join(parts[:3], ""), parts[3]
	return strings.Contains(sources, `"`+beginning) && strings.Contains(sources, `"`+rest+`"`)
}
