package settings

import (
	"fmt"
	"strings"
)

// Markdown is the README's table of a process's settings, made from the same tags that the process reads.
func Markdown(config any) (string, error) {
	all, err := List(config)
	if err != nil {
		return "", err
	}
	var table strings.Builder
	table.WriteString("| setting | default | meaning |\n|---|---|---|\n")
	for _, s := range all {
		name, preset := "`"+s.Env+"`", ""
		if s.Secret {
			name += ", `" + s.Env + "_FILE`"
		}
		if s.Default != "" {
			preset = "`" + s.Default + "`"
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", name, preset, strings.ReplaceAll(s.Help, "|", `\|`))
	}
	return table.String(), nil
}
