package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/evanw/esbuild/pkg/api"
)

// bundle makes one minified script of entry and all that it imports, and one style sheet.
func bundle(entry string) (script, style []byte, err error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{entry},
		Outdir:            "dist",
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Format:            api.FormatIIFE,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone, // the licences are named in README.md
		TsconfigRaw:       "{}",                  // only the type check reads tsconfig.json
		LogLevel:          api.LogLevelSilent,
	})
	if problems := slices.Concat(result.Errors, result.Warnings); len(problems) > 0 {
		return nil, nil, fmt.Errorf("bundle the viewer: %s (and %d more)", problems[0].Text, len(problems)-1)
	}
	for _, file := range result.OutputFiles {
		switch filepath.Ext(file.Path) {
		case ".js":
			script = file.Contents
		case ".css":
			style = file.Contents
		}
	}
	if script == nil || style == nil {
		return nil, nil, fmt.Errorf("bundle the viewer: %d files, want a script and a style sheet", len(result.OutputFiles))
	}
	return script, style, nil
}
