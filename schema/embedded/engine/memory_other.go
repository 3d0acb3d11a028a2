//go:build !linux

package main

// defaultMemory is a gigabyte, which any machine with this system has twice.
func defaultMemory() int64 { return 1 << 30 }
