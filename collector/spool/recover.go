package spool

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// recover takes over what is in the directory. It settles only names: what has to be written anew is left to Next, so
// that a full disk does not keep a collector from starting.
func (s *Spool) recover() error {
	entries, err := s.fs.List(s.dir)
	if err != nil {
		return err
	}
	s.stock = newStock()
	found := map[ident]map[string]int64{} // size by suffix
	marker := false
	for _, e := range entries {
		if last, ok := parseLast(e.Name); ok {
			marker = marker || last >= s.number
			s.number = max(s.number, last)
			continue
		}
		id, suffix, ok := parseFile(e.Name)
		if !ok {
			continue
		}
		if found[id] == nil {
			found[id] = map[string]int64{}
		}
		found[id][suffix] = e.Size
	}
	ids := slices.SortedFunc(maps.Keys(found), compareIdent)
	for _, id := range ids {
		if err := s.adopt(id, found[id]); err != nil {
			return fmt.Errorf("recover segment %s: %w", id, err)
		}
	}
	if len(ids) > 0 {
		highest := ids[len(ids)-1].number
		marker = marker && highest <= s.number
		s.number = max(s.number, highest)
	}
	if marker {
		return nil
	}
	return s.createLast(s.number)
}

func (s *Spool) createLast(number uint64) error {
	f, err := s.fs.Create(s.lastPath(number))
	if err != nil {
		return err
	}
	return f.Close()
}

func parseLast(file string) (uint64, bool) {
	number, found := strings.CutSuffix(file, "."+suffixLast)
	n, err := strconv.ParseUint(number, 10, 64)
	return n, found && err == nil
}

// adopt takes over all files of one segment. More than one in a state of its own are steps of a rewriting that a
// crash has ended; see rewrite for their order.
func (s *Spool) adopt(id ident, sizes map[string]int64) error {
	_, open := sizes[stateOpen]
	_, sealed := sizes[stateSealed]
	if _, ok := sizes[suffixCopy]; ok {
		if open || sealed {
			if err := s.fs.Remove(s.path(id, suffixCopy)); err != nil {
				return err
			}
		} else {
			// The damaged original is set aside already, so the copy is complete.
			if err := s.fs.Rename(s.path(id, suffixCopy), s.path(id, stateSealed)); err != nil {
				return err
			}
			sizes[stateSealed], sealed = sizes[suffixCopy], true
		}
	}
	if open && sealed {
		// The sealed one is the copy, and on disk.
		if err := s.fs.Remove(s.path(id, stateOpen)); err != nil {
			return err
		}
		delete(sizes, stateOpen)
	}
	for _, state := range []string{stateOpen, stateSealed, stateRefused, stateCorrupt} {
		size, ok := sizes[state]
		if !ok {
			continue
		}
		if err := s.adoptFile(id, state, size); err != nil {
			return err
		}
	}
	if _, refused := sizes[stateRefused]; refused || !has(sizes, suffixReason) {
		return nil
	}
	return s.fs.Remove(s.path(id, suffixReason)) // noted, but the renaming was lost
}

func has(sizes map[string]int64, suffix string) bool {
	_, ok := sizes[suffix]
	return ok
}

func (s *Spool) adoptFile(id ident, state string, size int64) error {
	g := &Segment{spool: s, id: id, state: state, size: size}
	if state != stateCorrupt {
		v, err := survey(s.fs, s.path(id, state), id, size)
		if err != nil {
			return err
		}
		if v.headerOK && v.header.version != formatVersion {
			return fmt.Errorf("written in format %d, this program reads format %d", v.header.version, formatVersion)
		}
		if state == stateOpen && v.records == 0 && !v.damaged {
			return s.fs.Remove(s.path(id, state)) // nothing in it was ever answered
		}
		g.records = v.records
		if v.headerOK {
			g.began = v.header.created
		}
	}
	s.stock.add(state, 1, g.records, g.size)
	switch state {
	case stateRefused:
		s.refused = append(s.refused, g)
	case stateOpen, stateSealed:
		s.fresh = append(s.fresh, g)
	}
	return nil
}

// survey counts a segment's records, by its footer if it has one: Next reads it through before handing it out.
func survey(files FS, path string, id ident, size int64) (verdict, error) {
	f, err := files.Open(path)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{}
	v.header, v.records, v.footer = readFooter(f, size, id)
	v.headerOK = v.footer
	if !v.footer {
		v, err = scan(f, size, id, nil)
	}
	return v, errors.Join(err, f.Close())
}
