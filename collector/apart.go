package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"mayak/schema/event"
)

// openSealer opens the key of the addresses that wait in the spool, or makes one. Where a collector has run before, a missing one was lost, and
// what waits is delivered without its addresses: that is told.
func (p *collector) openSealer(dir string, r prometheus.Registerer) (*event.Sealer, error) {
	path, lost := filepath.Join(dir, "network.key"), 0.0
	_, missing := os.Stat(path)
	_, before := os.Stat(filepath.Join(dir, keyNote))
	if errors.Is(missing, fs.ErrNotExist) && before == nil {
		lost = 1
		p.log.Warn("network key lost, a new one is made: addresses of what waits in the spool cannot be read any more", "file", path)
	}
	promauto.With(r).NewGauge(prometheus.GaugeOpts{
		Name: "mayak_collector_network_key_lost", Help: "1 when the network key was missing at the start, and with it the addresses of what waited in the spool.",
	}).Set(lost)
	return event.OpenSealer(path)
}

// keyNote is the file that says under which visitor key the spool was filled.
const keyNote = "spool.key"

// keepApart lays a spool aside that was filled under another visitor key: its ids are nobody's in the database that the key of now belongs
// to, and whoever was erased would come back. It can be delivered with the key that it was filled under.
func (p *collector) keepApart(dir string) error {
	note, now := filepath.Join(dir, keyNote), p.key.Fingerprint()
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
