// Build bundles the browser script into collector/tracker/dist: once as it is, once for each encoding that
// browsers take; and the banner, which the collector compresses with its texts. A bundle over its limit is an error: the script is on every page of a site, and each kilobyte
// that it grows is paid by every visitor.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "build m.js:", err)
		os.Exit(1)
	}
}

// run bundles the sources below dir, which is the folder of the package tracker.
func run(dir string, stdout io.Writer) error {
	script, err := bundle(filepath.Join(dir, "src", "main.ts"))
	if err != nil {
		return err
	}
	files, err := encode(script)
	if err != nil {
		return err
	}
	banner, err := bundle(filepath.Join(dir, "src", "banner.ts"))
	if err != nil {
		return err
	}
	files["consent.js"] = banner
	module, err := bundleDiagnostics(filepath.Join(dir, "src", "diagnostics.ts"))
	if err != nil {
		return err
	}
	encoded, err := encode(module)
	if err != nil {
		return err
	}
	files["m.d.js"] = module
	moduleSize := len(encoded["m.js.gz"])
	fmt.Fprintf(stdout, "m.d.js: %d bytes, %d gzip, %d brotli\n", len(module), moduleSize, len(encoded["m.js.br"]))
	if moduleSize > diagnosticsLimitBytes {
		return fmt.Errorf("m.d.js: %d bytes gzip, the limit is %d", moduleSize, diagnosticsLimitBytes)
	}
	fmt.Fprintf(stdout, "consent.js: %d bytes without its texts\n", len(banner))
	gzipSize := len(files["m.js.gz"])
	fmt.Fprintf(stdout, "m.js: %d bytes, %d gzip, %d brotli\n", len(script), gzipSize, len(files["m.js.br"]))
	if gzipSize > gzipLimitBytes {
		return fmt.Errorf("%d bytes gzip, the limit is %d", gzipSize, gzipLimitBytes)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, "dist", name), content, 0o644); err != nil {
			return fmt.Errorf("keep the bundle: %w", err)
		}
	}
	return nil
}
