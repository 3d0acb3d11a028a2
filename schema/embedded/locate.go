package embedded

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"mayak/schema/settings"
)

// Version is the release of the engine's library that this code is written for.
const Version = "26.7.3-stable.1"

// LibraryName is the library's file, and ReceiptName the file beside it in which its fetching is recorded.
const (
	LibraryName = "libchdb.so"
	ReceiptName = "libchdb.json"
)

// Receipt tells what the fetched library looked like, so that a damaged one is noticed before it is loaded into the process.
// A file whose size and time are the recorded ones is trusted; any other is read again whole.
type Receipt struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256"`
}

// CacheDir is where the library of this version is kept.
func CacheDir(getenv func(string) string) (string, error) {
	base, err := settings.CacheFolder(getenv)
	return filepath.Join(base, "engine", Version), err
}

// Locate gives the path of a library that is whole. $MAYAK_ENGINE_LIBRARY names one that the operator vouches for.
func Locate(getenv func(string) string) (string, error) {
	if err := Supported(); err != nil {
		return "", err
	}
	if own := getenv("MAYAK_ENGINE_LIBRARY"); own != "" {
		if _, err := os.Stat(own); err != nil {
			return "", fmt.Errorf("find the engine library that MAYAK_ENGINE_LIBRARY names: %w", err)
		}
		return own, nil
	}
	dir, err := CacheDir(getenv)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, LibraryName)
	if err := Check(path); err != nil {
		return "", err
	}
	return path, nil
}

// ErrMissing says that the library was never fetched; a test may skip itself then.
var ErrMissing = errors.New("the engine library is missing; get it with: make engine")

// Check compares a fetched library with its receipt.
func Check(path string) error {
	file, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (looked for %s)", ErrMissing, path)
	} else if err != nil {
		return fmt.Errorf("find the engine library: %w", err)
	}
	receiptPath := filepath.Join(filepath.Dir(path), ReceiptName)
	text, err := os.ReadFile(receiptPath)
	if err != nil {
		return fmt.Errorf("the engine library has no receipt, so it may be damaged; delete %s and get it anew with make engine: %w", path, err)
	}
	var receipt Receipt
	if err := json.Unmarshal(text, &receipt); err != nil {
		return fmt.Errorf("read the engine library's receipt %s: %w", receiptPath, err)
	}
	if file.Size() != receipt.Size {
		return damaged(path, fmt.Sprintf("it has %d bytes instead of %d", file.Size(), receipt.Size))
	}
	if file.ModTime().Equal(receipt.Modified) {
		return nil
	}
	found, err := digestOf(path)
	if err != nil {
		return err
	}
	if found != receipt.SHA256 {
		return damaged(path, "its content is not what was fetched")
	}
	receipt.Modified = file.ModTime()
	_ = receipt.Write(filepath.Dir(path)) // a cache that this user cannot write is read whole again next time
	return nil
}

func damaged(path, how string) error {
	return fmt.Errorf("the engine library is damaged (%s); delete %s and get it anew with make engine", how, path)
}

// Write puts a receipt beside its library, whole or not at all.
func (r Receipt) Write(dir string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return fmt.Errorf("encode the engine library's receipt: %w", err)
	}
	temporary, err := os.CreateTemp(dir, ReceiptName+".*")
	if err != nil {
		return fmt.Errorf("write the engine library's receipt: %w", err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // gone already when all went well
	_, err = temporary.Write(append(text, '\n'))
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(dir, ReceiptName))
	}
	if err != nil {
		return fmt.Errorf("write the engine library's receipt: %w", err)
	}
	return nil
}

// NewReceipt describes a library that was just fetched.
func NewReceipt(path string) (Receipt, error) {
	digest, err := digestOf(path)
	if err != nil {
		return Receipt{}, err
	}
	file, err := os.Stat(path)
	if err != nil {
		return Receipt{}, fmt.Errorf("look at the engine library: %w", err)
	}
	return Receipt{Size: file.Size(), Modified: file.ModTime(), SHA256: digest}, nil
}

// checkWhole refuses a library that was cut off. Loading one would end the process by SIGBUS in place of an error, and one
// that the operator named has no receipt.
func checkWhole(path string) error {
	if runtime.GOOS != "linux" {
		return nil // another format
	}
	library, err := elf.Open(path) // reads its tables, which stand at both ends
	if err != nil {
		return fmt.Errorf("the engine library %s is damaged or cut off: %w", path, err)
	}
	if err := library.Close(); err != nil {
		return fmt.Errorf("close the engine library: %w", err)
	}
	return nil
}

// digestOf is the SHA-256 of a file.
func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open the engine library: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("read the engine library: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
