package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

// gzipLimitBytes is what most peers exceed, and what fits in a connection's first packets.
const gzipLimitBytes = 2100

// bundle makes one minified script of entry and all that it imports. The same sources give the same bytes.
func bundle(entry string, change ...func(*api.BuildOptions)) ([]byte, error) {
	options := api.BuildOptions{
		EntryPoints:       []string{entry},
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Format:            api.FormatIIFE,
		Target:            api.ES2018,
		Charset:           api.CharsetASCII, // safe whatever encoding the page is in
		LegalComments:     api.LegalCommentsNone,
		TsconfigRaw:       "{}", // only the type check reads tsconfig.json
		LogLevel:          api.LogLevelSilent,
	}
	for _, c := range change {
		c(&options)
	}
	result := api.Build(options)
	if problems := slices.Concat(result.Errors, result.Warnings); len(problems) > 0 {
		return nil, fmt.Errorf("bundle the script: %s (and %d more)", problems[0].Text, len(problems)-1)
	}
	return result.OutputFiles[0].Contents, nil
}

// diagnosticsLimitBytes is what the module for diagnostics may weigh: web-vitals with attribution is most of it.
const diagnosticsLimitBytes = 8 << 10

// bundleDiagnostics makes the module, m.d.js, as a function of SAMPLE that is called at its very end with 1: a collector puts another
// number there.
func bundleDiagnostics(entry string) ([]byte, error) {
	return bundle(entry, func(options *api.BuildOptions) {
		options.Banner = map[string]string{"js": "(function(SAMPLE){"}
		options.Footer = map[string]string{"js": "})(1);"}
	})
}

// encode returns the files of the folder dist: the script as it is and in each encoding, as small as it gets.
func encode(script []byte) (map[string][]byte, error) {
	var gzipped, brotlied bytes.Buffer
	zipper, err := gzip.NewWriterLevel(&gzipped, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if _, err := zipper.Write(script); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if err := zipper.Close(); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	brotler := brotli.NewWriterLevel(&brotlied, brotli.BestCompression)
	if _, err := brotler.Write(script); err != nil {
		return nil, fmt.Errorf("brotli: %w", err)
	}
	if err := brotler.Close(); err != nil {
		return nil, fmt.Errorf("brotli: %w", err)
	}
	return map[string][]byte{"m.js": script, "m.js.gz": gzipped.Bytes(), "m.js.br": brotlied.Bytes()}, nil
}
