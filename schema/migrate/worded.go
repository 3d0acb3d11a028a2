package migrate

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"mayak/schema/cluster"
)

// worded gives the files as they are to be run: each worded for the cluster while it is opened.
type worded struct {
	fs.FS

	cluster  cluster.Name
	database string
}

// Open opens a file or the folder.
func (w *worded) Open(name string) (fs.File, error) {
	file, err := w.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err == nil {
		var out string
		if out, err = w.cluster.Migration(w.database, string(text)); err == nil {
			return &wordedFile{File: file, text: strings.NewReader(out)}, nil
		}
	}
	_ = file.Close() // it was only read
	return nil, fmt.Errorf("migration %s: %w", name, err)
}

type wordedFile struct {
	fs.File

	text *strings.Reader
}

// Read reads what the file was worded as.
func (f *wordedFile) Read(into []byte) (int, error) { return f.text.Read(into) }
