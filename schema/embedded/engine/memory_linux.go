package main

import "golang.org/x/sys/unix"

// defaultMemory is half of the machine's memory, but a gigabyte at most: the engine is a guest on a small box.
func defaultMemory() int64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 1 << 30
	}
	return int64(min(info.Totalram*uint64(info.Unit)/2, 1<<30))
}
