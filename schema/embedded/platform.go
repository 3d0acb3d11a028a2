package embedded

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// Supported says whether a library for this operating system and processor exists at all.
func Supported() error { return supportedOn(runtime.GOOS, runtime.GOARCH, filepath.Glob) }

func supportedOn(system, processor string, glob func(string) ([]string, error)) error {
	switch system + "/" + processor {
	case "linux/amd64", "linux/arm64":
		if found, _ := glob("/lib/ld-musl-*"); len(found) > 0 { // a fixed pattern has no error
			if glibc, _ := glob("/lib*/ld-linux-*"); len(glibc) == 0 {
				return fmt.Errorf("the embedded engine needs glibc, which this system (musl) does not have; set MAYAK_CLICKHOUSE_DSN to a server instead")
			}
		}
		return nil
	case "darwin/amd64", "darwin/arm64":
		return nil
	}
	return fmt.Errorf("there is no embedded engine for %s/%s; set MAYAK_CLICKHOUSE_DSN to a server instead", system, processor)
}
