package compose_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// stage is the instructions of one stage of the Dockerfile, those of its base first.
type stage []string

func (s stage) last(instruction string) string {
	for _, line := range slices.Backward(s) {
		if rest, ok := strings.CutPrefix(line, instruction+" "); ok {
			return rest
		}
	}
	return ""
}

func (s stage) environment() map[string]string {
	variables := map[string]string{}
	for _, line := range s {
		if rest, ok := strings.CutPrefix(line, "ENV "); ok {
			for _, pair := range strings.Fields(rest) {
				name, value, _ := strings.Cut(pair, "=")
				variables[name] = value
			}
		}
	}
	return variables
}

func readStages(t *testing.T) map[string]stage {
	t.Helper()
	text := strings.ReplaceAll(string(read(t, "Dockerfile")), "\\\n", " ")
	stages, current := map[string]stage{}, ""
	from := regexp.MustCompile(`^FROM (\S+) AS (\S+)$`)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if found := from.FindStringSubmatch(line); found != nil {
			current = found[2]
			stages[current] = slices.Clone(stages[found[1]])
			continue
		}
		stages[current] = append(stages[current], line)
	}
	return stages
}

// settings are the variables that a program's configuration declares, and the one that says where all of Mayak's data are.
func settings(t *testing.T, program string) []string {
	t.Helper()
	if program == "places" {
		return []string{"MAYAK_CACHE"} // the folder of scripts/geoip, which has no other setting
	}
	names := []string{"MAYAK_DATA"}
	files, err := filepath.Glob(filepath.Join(root, program, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			if field, ok := node.(*ast.Field); ok && field.Tag != nil {
				if tag, err := strconv.Unquote(field.Tag.Value); err == nil {
					names = append(names, reflect.StructTag(tag).Get("env"))
				}
			}
			return true
		})
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
