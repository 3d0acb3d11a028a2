package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keepApart lays a spool aside that was filled under another visitor key: its ids are nobody's in the database that the key of now belongs
// to, and whoever was erased would come back. It can be delivered with the key that it was filled under.
func (p *collector) keepApart(dir string) error {
	note, now := filepath.Join(dir, "spool.key"), p.key.Fingerprint()
	text, err := os.ReadFile(note)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("key of the spool: %w", err)
	}
	before := filepath.Base(strings.TrimSpace(string(text)) + "/") // one name, whatever somebody wrote there
	if len(text) == 0 {
		before = ""
	}
	if before == now {
		return nil
	}
	if before != "" {
		aside := filepath.Join(dir, "spool-of-key-"+before)
		err := os.Rename(filepath.Join(dir, "spool"), aside)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("lay the spool of another visitor key aside: %w", err)
		}
		p.log.Error("the visitor key is another: what waited in the spool is laid aside, and is delivered by nobody; remove it, or name it spool again with its own key",
			"folder", aside, "key_before", before, "key_now", now)
	}
	if err := os.WriteFile(note, []byte(now+"\n"), 0o600); err != nil {
		return fmt.Errorf("key of the spool: %w", err)
	}
	return nil
}
