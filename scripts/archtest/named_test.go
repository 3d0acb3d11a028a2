package archtest_test

import (
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mayak/scripts/archtest"
)

// mention looks at what stands as code in the text.
func (d *documents) mention(t *testing.T, page, code string, apis map[string][]string) {
	t.Helper()
	words := strings.Fields(code)
	switch first := strings.TrimPrefix(code, "sudo "); {
	case strings.HasPrefix(first, "make "):
		d.target(t, page, strings.Fields(first)[1:])
	case strings.HasPrefix(code, "/api/") && !strings.HasSuffix(code, "…"):
		d.address(page, words[0], apis)
	default:
		d.file(t, page, words[0])
	}
}

// command looks at what a block tells to type.
func (d *documents) command(t *testing.T, page string, words []string, apis map[string][]string) {
	t.Helper()
	for len(words) > 1 && (words[0] == "sudo" || words[0] == "export" || words[0] == "exec") {
		words = words[1:]
	}
	for i, word := range words {
		d.file(t, page, word)
		if _, after, found := strings.Cut(word, "/api/"); found && words[0] == "curl" {
			d.address(page, "/api/"+after, apis)
		}
		if unit, _ := strings.CutSuffix(word, ".timer"); (words[0] == "systemctl" || words[0] == "journalctl") && strings.HasPrefix(unit, "mayak-") {
			if found, err := fs.Glob(d.tree, "scripts/systemd/"+unit+".*"); err != nil || len(found) == 0 {
				d.tell(page, "there is no unit %s", word)
			}
		}
		if i > 0 && words[0] == "docker" && slices.Contains([]string{"exec", "logs", "--build", "--profile"}, words[i-1]) {
			d.service(t, page, words[i-1], word)
		}
	}
	if words[0] == "make" {
		d.target(t, page, words[1:])
	}
}

// target looks for what make is asked to make.
func (d *documents) target(t *testing.T, page string, words []string) {
	t.Helper()
	makefile := d.read(t, "Makefile")
	for _, word := range words {
		name := strings.Trim(word, ",.;:")
		if strings.Contains(word, "=") || strings.HasPrefix(word, "-") {
			continue
		}
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `:`).MatchString(makefile) {
			d.tell(page, "there is no target %s", name)
		}
	}
}

// file looks for what is named as lying in one of our folders; what lies in build is made by make.
func (d *documents) file(t *testing.T, page, word string) {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimRight(word, "/,.;:"), "…")
	if program, built := strings.CutPrefix(name, "build/"); built {
		if written := program == "screenshots" || path.Ext(program) == ".json"; !written && !strings.Contains(d.read(t, "Makefile"), "build/"+program) {
			d.tell(page, "nothing builds %s", name)
		}
		return
	}
	top, _, below := strings.Cut(name, "/")
	if below && top != "" && slices.Contains(archtest.TopLevel(), top) {
		if found, err := fs.Glob(d.tree, name); err != nil || len(found) == 0 {
			d.tell(page, "there is no %s", name)
		}
	}
}

// service looks for one of the compose file, or for a profile of it.
func (d *documents) service(t *testing.T, page, before, word string) {
	t.Helper()
	file := d.read(t, "docker-compose.yml")
	switch {
	case before == "--profile" && !regexp.MustCompile(`profiles: \[[^\]]*\b`+word+`\b`).MatchString(file):
		d.tell(page, "there is no profile %s", word)
	case before != "--profile" && !strings.Contains(file, "\n  "+word+":\n"):
		d.tell(page, "there is no service %s", word)
	}
}

// apis are the addresses that can be asked, each with the names of its parameters and those that several share.
func (d *documents) apis(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, file := range []string{"aggregator/report/api/openapi.json", "collector/beacon/openapi.json"} {
		text := d.read(t, file)
		paths, shared, _ := strings.Cut(text, `"components"`)
		name := regexp.MustCompile(`"name": "([^"]+)"`)
		parts := regexp.MustCompile(`\n    "(/api/[^"]*)": \{`).FindAllStringSubmatchIndex(paths, -1)
		for i, at := range parts {
			end := len(paths)
			if i+1 < len(parts) {
				end = parts[i+1][0]
			}
			part := paths[at[0]:end]
			for _, found := range name.FindAllStringSubmatch(part, -1) {
				all[paths[at[2]:at[3]]] = append(all[paths[at[2]:at[3]]], found[1])
			}
			for _, found := range regexp.MustCompile(`#/components/parameters/(\w+)`).FindAllStringSubmatch(part, -1) {
				if _, rest, known := strings.Cut(shared, `"`+found[1]+`": {`); known {
					all[paths[at[2]:at[3]]] = append(all[paths[at[2]:at[3]]], found[1], name.FindStringSubmatch(rest)[1])
				}
			}
			all[paths[at[2]:at[3]]] = append(all[paths[at[2]:at[3]]], "")
		}
	}
	return all
}

// address looks for an API's address, and for the parameters that it is asked with.
func (d *documents) address(page, address string, apis map[string][]string) {
	asked, err := url.Parse(strings.TrimRight(address, ",.;:"))
	if err != nil {
		d.tell(page, "%s: %v", address, err)
		return
	}
	for form, parameters := range apis {
		pattern := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(form), `[^/]+`)
		if !regexp.MustCompile(`^` + pattern + `$`).MatchString(asked.Path) {
			continue
		}
		for name := range asked.Query() {
			if !slices.Contains(parameters, name) && !strings.HasPrefix(name, "var-") {
				d.tell(page, "%s takes no %s", asked.Path, name)
			}
		}
		return
	}
	d.tell(page, "no API has %s", asked.Path)
}
