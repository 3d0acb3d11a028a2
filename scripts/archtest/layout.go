package archtest

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

func checkTopLevel(files []file) []string {
	var problems []string
	for _, f := range files {
		if top := firstElement(f.path); !slices.Contains(TopLevel(), top) {
			problems = append(problems, top+": does not belong at the top level")
		}
	}
	return problems
}

// checkDocs wants exactly one comment for each package, of two lines or more, where a reader looks first.
func checkDocs(files []file) []string {
	documented := map[string][]string{} // folder → files
	folders := map[string]string{}      // folder → package
	var problems []string
	for _, f := range files {
		if f.ast == nil || f.isTest() {
			continue
		}
		folders[f.folder()] = f.ast.Name.Name
		if f.ast.Doc == nil || f.ast.Doc.Text() == "" {
			continue
		}
		documented[f.folder()] = append(documented[f.folder()], path.Base(f.path))
		if strings.Count(strings.TrimSpace(f.ast.Doc.Text()), "\n") < 1 {
			problems = append(problems, f.path+": the package's comment is a single line: say what it is for, promises and refuses")
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		want := docFile(folder, folders[folder])
		if got := documented[folder]; !slices.Equal(got, []string{want}) {
			problems = append(problems, fmt.Sprintf("%s: package comment in %q, want it in %s alone", folder, got, want))
		}
	}
	return problems
}

func docFile(folder, name string) string {
	if p := find(folder); p != nil && p.Doc != "" {
		return p.Doc
	}
	if name == "main" {
		return "main.go"
	}
	return path.Base(folder) + ".go"
}

// checkSizes counts the lines of what is written by hand.
func checkSizes(files []file) []string {
	generated := regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	var problems []string
	for _, f := range files {
		if !slices.Contains([]string{".go", ".ts", ".sh"}, path.Ext(f.path)) || generated.Match(f.text) {
			continue
		}
		if lines := bytes.Count(f.text, []byte("\n")); lines > MaxLines {
			problems = append(problems, fmt.Sprintf("%s: %d lines, want at most %d", f.path, lines, MaxLines))
		}
	}
	return problems
}

// checkTexts looks for what a file says about the machine that it was written on: folders of a user, and where that
// machine's package clients were told to fetch from.
func checkTexts(files []file) []string {
	folders := regexp.MustCompile(`(?:^|[\s"'=:(])(/(?:root|work|home/[a-z0-9]+|Users/[A-Za-z0-9]+)/[^\s"')]*)`)
	registries := regexp.MustCompile(`(?:GOPROXY|GONOSUMDB|GOSUMDB|npm_config_registry)=|"resolved": *"(?:https?://)?([^/"]*)`)
	var problems []string
	for _, f := range files {
		if bytes.IndexByte(f.text, 0) >= 0 {
			continue // not text
		}
		if found := folders.FindSubmatch(f.text); found != nil {
			problems = append(problems, fmt.Sprintf("%s: names a folder of one machine: %s", f.path, found[1]))
		}
		if found := registries.FindSubmatch(f.text); found != nil && f.folder() != "scripts/archtest" && string(found[1]) != "registry.npmjs.org" {
			problems = append(problems, fmt.Sprintf("%s: names a registry of one machine: %s", f.path, found[0]))
		}
	}
	return problems
}
