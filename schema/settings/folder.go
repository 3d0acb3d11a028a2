package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// DataFolder is where Mayak's processes keep what must outlive them: MAYAK_DATA, otherwise mayak in the user's data folder.
func DataFolder(getenv func(string) string) (string, error) {
	if base := getenv("MAYAK_DATA"); base != "" {
		return filepath.Abs(base)
	}
	if base := getenv("XDG_DATA_HOME"); base != "" {
		return filepath.Join(base, "mayak"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("data folder: %w; set MAYAK_DATA", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "mayak"), nil
	}
	return filepath.Join(home, ".local", "share", "mayak"), nil
}

// DataFile is the file or folder that a setting names, or else its usual place in the data folder.
func DataFile(getenv func(string) string, named string, usual ...string) (string, error) {
	if named != "" {
		return named, nil
	}
	data, err := DataFolder(getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(append([]string{data}, usual...)...), nil
}

// CacheFolder is where what was fetched is kept: MAYAK_CACHE, otherwise mayak in the user's cache folder.
func CacheFolder(getenv func(string) string) (string, error) {
	if base := getenv("MAYAK_CACHE"); base != "" {
		return filepath.Abs(base)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache folder: %w; set MAYAK_CACHE", err)
	}
	return filepath.Join(base, "mayak"), nil
}
