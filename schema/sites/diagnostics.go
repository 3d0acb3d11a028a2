package sites

import (
	"errors"
	"fmt"
)

// Diagnostics are how much the site's pages tell of what goes wrong in them.
type Diagnostics struct {
	Sample *float64 `yaml:"sample"` // the share of page views that are measured; all of them where it is not said
}

// leastSample is the smallest share but none: each row then stands for a thousand, and a smaller share says nothing of any page.
const leastSample = 0.001

// Sample is the share of page views that are measured, from 0 (none) to 1.
func (s *Site) Sample() float64 {
	if s.Diagnostics.Sample == nil {
		return 1
	}
	return *s.Diagnostics.Sample
}

// TakesReports tells whether the browsers' own reports are wanted.
func (s *Site) TakesReports() bool { return s.Reports != off }

// What reports can be; in the file they are words.
const (
	on  = "on"
	off = "off"
)

func (s *Site) prepareDiagnostics() error {
	var problems []error
	if share := s.Sample(); share != 0 && !(share >= leastSample && share <= 1) {
		problems = append(problems, fmt.Errorf("diagnostics: sample %v: want 0, or a share from %v to 1", share, leastSample))
	}
	if s.Reports != "" && s.Reports != on && s.Reports != off {
		problems = append(problems, fmt.Errorf("reports %q: want on or off", s.Reports))
	}
	return errors.Join(problems...)
}
