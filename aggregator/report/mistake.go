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

// Missing says that there is no such thing, and which there are if names tell.
func Missing(kind, name string, names []string) *MistakeError {
	return &MistakeError{Missing: true, text: unknown(kind, name, names)}
}

func unknown(kind, name string, names []string) string {
	return fmt.Sprintf("%s %.80q does not exist", kind, name) + exist(names)
}

func exist(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; there are " + strings.Join(names, ", ")
}
