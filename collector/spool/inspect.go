package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Info is what a look at one segment's file shows.
type Info struct {
	Name    string
	State   string // open, sealed, refused or corrupt
	Records int64  // that are whole
	Bytes   int64
	Created time.Time // zero if the header is damaged
	Reason  string    // why it was refused
}

// Inspect lists the segments in a spool's directory in their order. It takes no lock and changes nothing, so it may
// be used beside a running collector; a segment that goes meanwhile is left out.
func Inspect(dir string) ([]Info, error) {
	files := realFS{}
	entries, err := files.List(dir)
	if err != nil {
		return nil, fmt.Errorf("inspect spool: %w", err)
	}
	type item struct {
		id ident
		Info
	}
	var items []item
	for _, e := range entries {
		id, state, ok := parseFile(e.Name)
		if !ok || !slices.Contains([]string{stateOpen, stateSealed, stateRefused, stateCorrupt}, state) {
			continue
		}
		info, err := inspectFile(files, filepath.Join(dir, e.Name), id, e.Size)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("inspect spool: %w", err)
		}
		info.State = state
		if state == stateRefused {
			info.Reason = readReason(filepath.Join(dir, id.String()+"."+suffixReason))
		}
		items = append(items, item{id, info})
	}
	slices.SortFunc(items, func(a, b item) int { return compareIdent(a.id, b.id) })
	infos := make([]Info, len(items))
	for i, it := range items {
		infos[i] = it.Info
	}
	return infos, nil
}

func inspectFile(files FS, path string, id ident, size int64) (Info, error) {
	v, err := survey(files, path, id, size)
	if err != nil {
		return Info{}, err
	}
	info := Info{Name: id.String(), Records: v.records, Bytes: size}
	if v.headerOK {
		info.Created = v.header.created
	}
	return info, nil
}

func readReason(path string) string {
	reason, err := os.ReadFile(path)
	if err != nil {
		return "" // the reason is a help, a segment is refused without it too
	}
	return strings.TrimSpace(string(reason))
}
