package telemetry

import (
	"fmt"
	"syscall"
)

// NoCoreFiles keeps a crash from writing the memory of this process, and of those that it starts, to the disk: addresses of the requests
// of a moment ago are in it, and salts.
func NoCoreFiles() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core files: %w", err)
	}
	return nil
}
