// Package archtest holds the tree to the architecture: which packages there are, which may import which, where
// things stand and how long they may be. rules.go is the table to read.
//
// It reads the files itself with go/parser and asks no tool: the test cache watches the files that a test opens, but
// not those that a program opens for it, and a rule that is not run again after a change is no rule.
package archtest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Module is the path that our own imports begin with.
const Module = "mayak"

// file is one file of the tree.
type file struct {
	path string
	text []byte
	ast  *ast.File // nil unless it is Go
}

func (f file) folder() string { return path.Dir(f.path) }
func (f file) isTest() bool   { return strings.HasSuffix(f.path, "_test.go") }

// Check lists everything in the tree that breaks a rule, in a stable order.
func Check(tree fs.FS) ([]string, error) {
	files, err := read(tree)
	if err != nil {
		return nil, err
	}
	problems := slices.Concat(
		checkTopLevel(files), checkPackages(files), checkImports(files), checkDocs(files), checkSizes(files), checkTexts(files),
	)
	slices.Sort(problems)
	return slices.Compact(problems), nil
}

// read takes in every file that could be committed: all but what .gitignore names.
func read(tree fs.FS) ([]file, error) {
	ignored, err := readIgnored(tree)
	if err != nil {
		return nil, err
	}
	var files []file
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (ignored(name) || name == ".git"):
			return fs.SkipDir
		case !entry.Type().IsRegular() || ignored(name):
			return nil
		}
		f, err := readFile(tree, name)
		files = append(files, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	return files, nil
}

func readFile(tree fs.FS, name string) (file, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil || path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
		return file{path: name, text: text}, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
	return file{path: name, text: text, ast: parsed}, err
}

// readIgnored understands the two forms that our .gitignore uses: a name or pattern that counts anywhere, and a
// path from the root that begins with a slash.
func readIgnored(tree fs.FS) (func(name string) bool, error) {
	text, err := fs.ReadFile(tree, ".gitignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read .gitignore: %w", err)
	}
	patterns := strings.Fields(string(text))
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			pattern = strings.TrimSuffix(pattern, "/")
			if rooted, ok := strings.CutPrefix(pattern, "/"); ok {
				return name == rooted
			}
			matched, err := path.Match(pattern, path.Base(name))
			return err == nil && matched
		})
	}, nil
}

// covers tells whether one of the patterns is folder, or "x/..." with folder being x or below it.
func covers(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if root, ok := strings.CutSuffix(pattern, "/..."); ok {
			return folder == root || strings.HasPrefix(folder, root+"/")
		}
		return folder == pattern
	})
}
