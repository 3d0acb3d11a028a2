package beacon

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What apps copy keeps their items where nobody empties it, and sends no more at once than is read whole, however slowly it comes.
func TestTheSnippetsOfAppsSendBatchesThatAreReadWhole(t *testing.T) {
	guide, err := os.ReadFile("../../docs/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	batch := regexp.MustCompile(`(?:prefix\(|kept\.size, )([0-9_]+)\)`)
	for _, language := range []string{"swift", "kotlin"} {
		_, rest, _ := strings.Cut(string(guide), "```"+language+"\n")
		snippet, _, _ := strings.Cut(rest, "\n```")
		found := batch.FindStringSubmatch(snippet)
		if found == nil {
			t.Errorf("%s: no size of a batch", language)
			continue
		}
		if size, err := strconv.Atoi(strings.ReplaceAll(found[1], "_", "")); err != nil || size > maxBodyBytes {
			t.Errorf("%s: batches of %s bytes, want at most %d", language, found[1], maxBodyBytes)
		}
		if strings.Contains(snippet, "cachesDirectory") || strings.Contains(snippet, "cacheDir") {
			t.Errorf("%s: items wait among the caches", language)
		}
	}
}
