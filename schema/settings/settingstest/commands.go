package settingstest

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Documents are the texts in which people read what to type, below the root of the tree.
func Documents(root string) ([]string, error) {
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	return append(docs, filepath.Join(root, "README.md"), filepath.Join(root, "schema", "README.md")), err
}

// Commands reads every command of the program that a document shows the way the program itself reads it, without doing what it says.
// config makes what kong reads.
func Commands(t *testing.T, root, program string, config func() any) {
	t.Helper()
	files, err := Documents(root)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(root, "dashboards", "provisioning", "alerting", "mayak.yaml"))
	shown := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, problems := Mistaken(string(text), program, config)
		shown += n
		for _, problem := range problems {
			t.Errorf("%s: %s", filepath.Base(file), problem)
		}
	}
	if shown < 10 {
		t.Errorf("documents show %d commands of the %s: they are looked for in the wrong place", shown, program)
	}
}

// Mistaken are the commands of the program, in blocks of sh and in the text, that it would refuse.
func Mistaken(document, program string, config func() any) (shown int, problems []string) {
	blocks, prose := Blocks(document)
	for _, block := range blocks {
		for _, words := range Split(block) {
			args, is := argumentsOf(words, program)
			if !is {
				continue
			}
			shown++
			if err := refused(program, config(), args); err != nil {
				problems = append(problems, fmt.Sprintf("%s: %v", strings.Join(words, " "), err))
			}
		}
	}
	model, err := kong.New(config())
	if err != nil {
		return shown, append(problems, err.Error())
	}
	mention := regexp.MustCompile("[`\"](?:build/|sudo mayak-|docker compose exec aggregator /)?" + program + " ([^`\"]+)[`\"]")
	for _, found := range mention.FindAllStringSubmatch(prose, -1) {
		shown++
		if problem := unknown(model.Model.Node, strings.Fields(found[1])); problem != "" {
			problems = append(problems, fmt.Sprintf("%s: %s", strings.Trim(found[0], "`\""), problem))
		}
	}
	return shown, problems
}

// Blocks are a document's blocks of sh, and its text without any block.
func Blocks(document string) (blocks []string, prose string) {
	var block, text strings.Builder
	language, inside := "", false
	for line := range strings.SplitSeq(document, "\n") {
		fence, is := strings.CutPrefix(line, "```")
		switch {
		case is && inside:
			if language == "sh" {
				blocks = append(blocks, block.String())
			}
			inside = false
			block.Reset()
		case is:
			language, inside = fence, true
		case inside:
			block.WriteString(line + "\n")
		default:
			text.WriteString(line + "\n")
		}
	}
	return blocks, text.String()
}

// argumentsOf are what follows the program, however it is called: from the sources, as installed, or in its container.
func argumentsOf(words []string, program string) (args []string, is bool) {
	assignment := regexp.MustCompile(`^[A-Z_]+=`)
	for len(words) > 0 && (assignment.MatchString(words[0]) || words[0] == "sudo" || words[0] == "export") {
		words = words[1:]
	}
	if len(words) > 3 && slices.Equal(words[:3], []string{"docker", "compose", "exec"}) {
		words = words[4:]
	}
	if len(words) == 0 || strings.TrimPrefix(path.Base(words[0]), "mayak-") != program {
		return nil, false
	}
	return words[1:], true
}

// refused is what the program says of the arguments.
func refused(program string, config any, args []string) error {
	parser, err := kong.New(config, kong.Name(program), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	return err
}

// unknown is what of a mention no command has: in a text, a command may be named without all that it needs.
func unknown(node *kong.Node, words []string) string {
	value := false // the word may belong to the flag before it
	for _, word := range words {
		if flag, is := strings.CutPrefix(word, "--"); is {
			name, _, given := strings.Cut(flag, "=")
			if name = strings.TrimRight(name, ",.;"); !hasFlag(node, name) {
				return "there is no flag --" + name
			}
			value = !given
			continue
		}
		i := slices.IndexFunc(node.Children, func(child *kong.Node) bool { return child.Name == word })
		switch {
		case i >= 0:
			node = node.Children[i]
		case len(node.Children) > 0 && !value && word != "…":
			return "there is no command " + word
		}
		value = false
	}
	return ""
}

func hasFlag(node *kong.Node, name string) bool {
	for _, group := range node.AllFlags(false) {
		if slices.ContainsFunc(group, func(flag *kong.Flag) bool { return flag.Name == name }) {
			return true
		}
	}
	return false
}
