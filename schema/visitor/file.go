package visitor

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"mayak/schema/keyfile"
)

const (
	header  = "mayak salts 1\n"
	corrupt = ".corrupt"

	// maxFile is far more than maxDays lines.
	maxFile = 4096
)

var errDamaged = errors.New("damaged")

func castagnoli(text []byte) uint32 { return crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)) }

// encode writes the salts as the file's text. The caller wipes it.
func encode(entries []*entry) []byte {
	text := make([]byte, 0, maxFile)
	text = append(text, header...)
	for _, e := range entries {
		salt := e.salt()
		text = append(append(text, e.day...), ' ')
		text = append(hex.AppendEncode(text, salt[:]), ' ')
		text = append(strconv.AppendInt(text, e.made.UnixMicro(), 10), '\n')
	}
	return fmt.Appendf(text, "sum %08x\n", castagnoli(text))
}

// decode reads the file's text. It takes all of it or nothing.
func decode(text []byte) ([]*entry, error) {
	body, found := bytes.CutPrefix(text, []byte(header))
	sum := bytes.LastIndex(text, []byte("sum "))
	if !found || sum < len(header) || string(text[sum:]) != fmt.Sprintf("sum %08x\n", castagnoli(text[:sum])) {
		return nil, errDamaged
	}
	var entries []*entry
	for line := range bytes.Lines(body[:sum-len(header)]) {
		e, err := decodeLine(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func decodeLine(line []byte) (*entry, error) {
	fields := bytes.Split(line, []byte(" "))
	if len(fields) != 3 || hex.DecodedLen(len(fields[1])) != len(Salt{}) {
		return nil, errDamaged
	}
	var salt Salt
	_, errHex := hex.Decode(salt[:], fields[1])
	_, errDay := time.Parse(dayForm, string(fields[0]))
	made, errMade := strconv.ParseInt(string(fields[2]), 10, 64)
	if errors.Join(errHex, errDay, errMade) != nil {
		return nil, errDamaged
	}
	return newEntry(string(fields[0]), salt, time.UnixMicro(made)), nil
}

// readFile reads the salts at path: none when there is no file, errDamaged when it is not whole.
func readFile(path string) ([]*entry, error) {
	text, err := os.ReadFile(path)
	defer clear(text)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decode(text)
}

// writeFile puts the salts at path, durably, and overwrites what stood there. On a file system that writes elsewhere
// what it overwrites (copy on write, a flash disk below) the old blocks wait for their turn as any deleted file's do.
func writeFile(path string, entries []*entry) (err error) {
	text := encode(entries)
	defer clear(text)
	file, err := os.CreateTemp(filepath.Dir(path), ".salts-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, wipeFile(file.Name()))
	}
	old, errOld := os.OpenFile(path, os.O_WRONLY, 0)
	if err := os.Rename(file.Name(), path); err != nil {
		return errors.Join(err, wipeFile(file.Name()))
	}
	err = keyfile.SyncFolder(filepath.Dir(path))
	if errOld == nil {
		err = errors.Join(err, overwrite(old))
	}
	return err
}

// wipeFile overwrites the file and removes it.
func wipeFile(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(overwrite(file), os.Remove(path))
}

// overwrite fills the file with zeros, durably, and closes it.
func overwrite(file *os.File) error {
	info, err := file.Stat()
	if err == nil {
		_, err = file.WriteAt(make([]byte, info.Size()), 0)
	}
	return errors.Join(err, file.Sync(), file.Close())
}

// sweepTemporary wipes what a crash between writing and renaming left behind.
func sweepTemporary(path string) error {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".salts-*"))
	for _, name := range left {
		err = errors.Join(err, wipeFile(name))
	}
	return err
}
