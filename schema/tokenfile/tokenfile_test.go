package tokenfile

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

type names struct {
	Names []string `yaml:"names"`
}

func TestTwoWritersLoseNothingAndAReaderSeesTheNewestFile(t *testing.T) {
	file := Open(filepath.Join(t.TempDir(), "new", "names.yaml"), Form[names]{Noun: "names", Header: "# of a test\n", Validate: func(*names) error { return nil }})
	if held, err := file.Current(); len(held.Names) != 0 || err != nil {
		t.Errorf("without a file: %v, %v", held, err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := file.Change(func(held *names) error {
				held.Names = append(held.Names, fmt.Sprint("n", i))
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			held, err := file.Current()
			if !strings.Contains(strings.Join(held.Names, " ")+" ", fmt.Sprint("n", i, " ")) || err != nil {
				t.Errorf("n%d is not among %v, %v", i, held.Names, err)
			}
		})
	}
	all.Wait()
	if held, err := file.Load(); len(held.Names) != 20 || err != nil {
		t.Errorf("%d names, %v", len(held.Names), err)
	}
}

func TestATokenIsKnownByItsSumOnly(t *testing.T) {
	token, hash := New()
	other, _ := New()
	sum, err := ParseSum(hash)
	if err != nil || sum != SumOf(token) || sum == SumOf(other) || !strings.HasPrefix(token, Prefix) {
		t.Errorf("sum %x of a token with the prefix %q, error %v", sum[:4], token[:6], err)
	}
	if _, err := ParseSum(token); err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("a token in the place of its hash: %v", err)
	}
}
