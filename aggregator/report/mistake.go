package report

import (
	"fmt"
	"strings"
)

// MistakeError is what the caller has to mend. Its text lists what exists and may be shown to the caller.
type MistakeError struct {
	Missing bool // something was named that does not exist
	text    string
}

// Error is the text.
func (m *MistakeError) Error() string { return m.text }

func badf(format string, args ...any) *MistakeError {
	return &MistakeError{text: fmt.Sprintf(format, args...)}
}

// Missing says that there is no such thing, and which there are.
func Missing(kind, name string, exist []string) *MistakeError {
	return &MistakeError{Missing: true, text: unknown(kind, name, exist)}
}

func unknown(kind, name string, exist []string) string {
	if len(exist) == 0 {
		return fmt.Sprintf("%s %.80q does not exist; there is none", kind, name)
	}
	return fmt.Sprintf("%s %.80q does not exist; there are %s", kind, name, strings.Join(exist, ", "))
}
