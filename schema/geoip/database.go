package geoip

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oschwald/geoip2-golang/v2"
	"github.com/oschwald/maxminddb-golang/v2"
)

// kind is what a database is read for; a closed set, used as a metric label.
type kind string

const (
	cityKind    kind = "city"
	countryKind kind = "country"
	asnKind     kind = "asn"
)

func kinds() []kind { return []kind{cityKind, countryKind, asnKind} }

// database is one file, read into memory: a file that is overwritten in place cannot tear a look-up, as it would under
// a memory map, and the collector of garbage frees it once the last look-up that uses it has ended.
type database struct {
	path  string
	stamp stamp
	kind  kind
	geoip *geoip2.Reader    // decodes records and knows the types
	tree  *maxminddb.Reader // finds a record's offset, the cache's key, without decoding it
}

// stamp tells one state of a file from another without reading it.
type stamp struct {
	modified time.Time
	size     int64
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{modified: info.ModTime(), size: info.Size()}, nil
}

// errOtherKind is a database that is sound but tells nothing of a place, such as GeoIP2-Domain.
var errOtherKind = errors.New("neither a city, country nor ASN database")

func openDatabase(path string) (*database, error) {
	before, err := stampOf(path)
	if err != nil {
		return nil, fmt.Errorf("open GeoIP database: %w", err)
	}
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read GeoIP database: %w", err)
	}
	tree, err := maxminddb.OpenBytes(bytes)
	if err != nil {
		return nil, fmt.Errorf("GeoIP database %s is damaged or no MaxMind DB file: %w", path, err)
	}
	geoip, err := geoip2.OpenBytes(bytes)
	if err != nil {
		return nil, fmt.Errorf("GeoIP database %s: %w", path, err)
	}
	d := &database{path: path, stamp: before, geoip: geoip, tree: tree, kind: kindOf(tree.Metadata.DatabaseType)}
	if d.kind == "" {
		return nil, fmt.Errorf("GeoIP database %s (%s): %w", path, tree.Metadata.DatabaseType, errOtherKind)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("GeoIP database %s is damaged: %w", path, err)
	}
	return d, nil
}

// decodedAtOpening is how many records are decoded when a database is opened: spread over all of it, so that a damaged
// stretch is met, in a tenth of a second.
const decodedAtOpening = 20_000

// check walks the whole tree and decodes records here and there. To decode them all takes a city database half a minute;
// what is missed is an error of its look-ups, which is counted, and leaves the place empty.
func (d *database) check() error {
	every := max(1, int(d.tree.Metadata.NodeCount)/decodedAtOpening)
	walked := 0
	for result := range d.tree.Networks() {
		if err := result.Err(); err != nil {
			return fmt.Errorf("walk its tree: %w", err)
		}
		if walked++; walked%every != 0 {
			continue
		}
		var record any
		if err := result.Decode(&record); err != nil {
			return fmt.Errorf("decode the record of a network: %w", err)
		}
	}
	return nil
}

func kindOf(databaseType string) kind {
	switch {
	case strings.Contains(databaseType, "City"), strings.Contains(databaseType, "Enterprise"):
		return cityKind
	case strings.Contains(databaseType, "Country"):
		return countryKind
	case strings.Contains(databaseType, "ASN"), strings.Contains(databaseType, "ISP"):
		return asnKind
	default:
		return ""
	}
}

func (d *database) built() time.Time { return d.tree.Metadata.BuildTime() }

// openNamed opens the files that the operator named, each as what it was named for.
func (o *Options) openNamed() (map[kind]*database, error) {
	found := map[kind]*database{}
	var problems []error
	for k, path := range o.named() {
		d, err := openDatabase(path)
		if err == nil && d.kind != k {
			err = fmt.Errorf("GeoIP database %s is a %s database (%s), but a %s database was asked for",
				path, d.kind, d.tree.Metadata.DatabaseType, k)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		found[k] = d
	}
	return found, errors.Join(problems...)
}

func (o *Options) named() map[kind]string {
	files := map[kind]string{cityKind: o.CityFile, countryKind: o.CountryFile, asnKind: o.ASNFile}
	maps.DeleteFunc(files, func(_ kind, path string) bool { return path == "" })
	return files
}

// open opens all files: the named ones, and for the kinds that none was named for the newest in the directory.
func (o *Options) open() (map[kind]*database, error) {
	found, err := o.openNamed()
	problems := []error{err}
	named := maps.Clone(found)
	paths, err := o.inDirectory()
	problems = append(problems, err)
	for _, path := range paths {
		d, err := openDatabase(path)
		if errors.Is(err, errOtherKind) || errors.As(err, new(geoip2.UnknownDatabaseTypeError)) {
			o.Log.Warn("geoip database not used", "file", path, "err", err)
			continue
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		before := found[d.kind]
		if named[d.kind] == nil && (before == nil || d.built().After(before.built())) {
			found[d.kind] = d
		}
	}
	return found, errors.Join(problems...)
}

func (o *Options) inDirectory() ([]string, error) {
	if o.Directory == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(o.Directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list GeoIP directory: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".mmdb") && !e.IsDir() {
			paths = append(paths, filepath.Join(o.Directory, e.Name()))
		}
	}
	return paths, nil
}

// stamps is the state of all files; it changes when one is replaced, comes or goes.
func (o *Options) stamps() map[string]stamp {
	paths, _ := o.inDirectory() // a directory that cannot be read now changes nothing
	paths = slices.AppendSeq(paths, maps.Values(o.named()))
	states := make(map[string]stamp, len(paths))
	for _, path := range paths {
		if s, err := stampOf(path); err == nil {
			states[path] = s
		}
	}
	return states
}
