package archtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// checkPackages compares the folders that hold Go with the table, both ways.
func checkPackages(files []file) []string {
	var problems, folders []string
	for _, f := range files {
		if f.ast == nil {
			continue
		}
		folders = append(folders, f.folder())
		if slices.Contains(ForbiddenNames(), f.ast.Name.Name) {
			problems = append(problems, f.path+": package "+f.ast.Name.Name+" says nothing about what it holds")
		}
		if find(f.folder()) == nil {
			problems = append(problems, f.folder()+": package is not in the table of scripts/archtest/rules.go")
		}
	}
	for _, p := range Packages() {
		if !slices.Contains(folders, p.Folder) {
			problems = append(problems, p.Folder+": package of scripts/archtest/rules.go does not exist")
		}
	}
	return problems
}

// checkImports holds every import to the tables of packages and libraries.
func checkImports(files []file) []string {
	var problems []string
	for _, f := range files {
		if f.ast == nil {
			continue
		}
		for _, spec := range f.ast.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s: import %s: %v", f.path, spec.Path.Value, err))
				continue
			}
			if problem := checkImport(f, imported); problem != "" {
				problems = append(problems, f.path+": "+problem)
			}
		}
	}
	return problems
}

func checkImport(f file, imported string) string {
	if imported == Module || strings.HasPrefix(imported, Module+"/") {
		return checkEdge(f, strings.TrimPrefix(imported, Module+"/"))
	}
	library := findLibrary(imported)
	switch {
	case imported == "C":
		return "imports C: we build without cgo"
	case library == nil && strings.Contains(firstElement(imported), "."):
		return "imports " + imported + ", a library that is not in the table of scripts/archtest/rules.go"
	case library == nil:
		return ""
	case library.Users != nil && len(library.Users) == 0:
		return "imports " + imported + ", which nobody may"
	case f.isTest() || isScript(f.folder()) || covers(library.Users, f.folder()):
		return ""
	default:
		return "imports " + imported + ", which it may not"
	}
}

func checkEdge(f file, target string) string {
	p := find(f.folder())
	switch {
	case p == nil: // told by checkPackages
		return ""
	case isScript(f.folder()):
		return ""
	case isScript(target):
		return "imports " + target + ": nothing imports scripts"
	case covers(p.Imports, target):
		return ""
	case f.isTest() && (target == f.folder() || covers(TestImports(), target)):
		return ""
	default:
		return "imports " + target + ", an edge that is not in the table of scripts/archtest/rules.go"
	}
}

func find(folder string) *Package {
	all := Packages()
	if i := slices.IndexFunc(all, func(p Package) bool { return p.Folder == folder }); i >= 0 {
		return &all[i]
	}
	return nil
}

// findLibrary is the row whose path is imported, or for a module also one that imported stands below.
func findLibrary(imported string) *Library {
	all := Libraries()
	i := slices.IndexFunc(all, func(l Library) bool {
		isModule := strings.Contains(firstElement(l.Path), ".")
		return imported == l.Path || isModule && strings.HasPrefix(imported, l.Path+"/")
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

func firstElement(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func isScript(folder string) bool { return covers([]string{"scripts/..."}, folder) }
