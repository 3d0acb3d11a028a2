package grafanatest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ofMetric is the name of one, or with a star the beginning of several.
var ofMetric = regexp.MustCompile(`\bmayak_(collector|aggregator|engine)_\w+(\*|\b)`)

// Absent lists which metrics of a process are named by a dashboard, an alert rule, the README or a page of docs below root, and not by what the process
// told of itself.
func Absent(root, process, told string) ([]string, error) {
	have := regexp.MustCompile(`(?m)^# TYPE (\w+) `).FindAllStringSubmatch(told, -1)
	named, err := metrics(root, process)
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		return nil, fmt.Errorf("no metric of the %s is named, which cannot be", process)
	}
	var absent []string
	for _, name := range slices.Sorted(maps.Keys(named)) {
		beginning, several := strings.CutSuffix(name, "*")
		base := strings.TrimSuffix(name, "_bucket")
		if !slices.ContainsFunc(have, func(one []string) bool { return one[1] == base || several && strings.HasPrefix(one[1], beginning) }) {
			absent = append(absent, name+" in "+named[name])
		}
	}
	return absent, nil
}

// metrics are the names, with where each stands.
func metrics(root, process string) (map[string]string, error) {
	named := map[string]string{}
	for _, pattern := range []string{"dashboards/*.json", "dashboards/provisioning/alerting/*.yaml", "README.md", "docs/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("look for %s: %d files, %w", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			for _, found := range ofMetric.FindAllStringSubmatch(string(text), -1) {
				if found[1] == process {
					named[found[0]] = filepath.Base(file)
				}
			}
		}
	}
	return named, nil
}
