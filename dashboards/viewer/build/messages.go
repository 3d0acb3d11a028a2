package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// languages are those that every message has to be in.
func languages() []string { return []string{"en", "kk", "ru"} }

// checkMessages compares the catalogue below src with what the sources ask for. The type check refuses an unknown key too,
// but only where it is installed; this needs nothing but Go.
func checkMessages(src string) error {
	text, err := os.ReadFile(filepath.Join(src, "messages.json"))
	if err != nil {
		return fmt.Errorf("read the messages: %w", err)
	}
	var catalogue map[string]map[string]string
	if err := json.Unmarshal(text, &catalogue); err != nil {
		return fmt.Errorf("messages.json: %w", err)
	}
	asked, err := askedFor(src)
	if err != nil {
		return err
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(catalogue)) {
		if err := whole(catalogue[key]); err != nil {
			problems = append(problems, fmt.Errorf("messages.json: %s: %w", key, err))
		}
		if !asked[key] {
			problems = append(problems, fmt.Errorf("messages.json: %s: no source says it", key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		if catalogue[key] == nil {
			problems = append(problems, fmt.Errorf("messages.json: %s is missing", key))
		}
	}
	return errors.Join(problems...)
}

// whole says what a message lacks: a language, or a placeholder that another language has.
func whole(message map[string]string) error {
	if len(message) != len(languages()) {
		return fmt.Errorf("there are %v, want %v", slices.Sorted(maps.Keys(message)), languages())
	}
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	of := func(language string) []string {
		found := placeholder.FindAllString(message[language], -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, language := range languages() {
		if strings.TrimSpace(message[language]) == "" {
			return fmt.Errorf("%s is missing", language)
		}
		if !slices.Equal(of(language), of("en")) {
			return fmt.Errorf("%s has the placeholders %v, en has %v", language, of(language), of("en"))
		}
	}
	return nil
}

// askedFor is every key that the sources name: t('key').
func askedFor(src string) (map[string]bool, error) {
	call := regexp.MustCompile(`\bt\('([a-z0-9_.]+)'`)
	asked := map[string]bool{}
	var files []string
	for _, pattern := range []string{"*.ts", "*/*.ts"} {
		found, err := filepath.Glob(filepath.Join(src, pattern))
		if err != nil {
			return nil, fmt.Errorf("find the sources: %w", err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the sources: %w", err)
		}
		for _, found := range call.FindAllSubmatch(text, -1) {
			asked[string(found[1])] = true
		}
	}
	return asked, nil
}
