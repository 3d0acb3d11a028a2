package dashboards

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Messages are the files' texts in other languages, by the English one.
type Messages map[string]map[string]string

// Languages lists what dashboards can be read in. The files are in the first.
func Languages() []string { return []string{"en", "ru", "kk"} }

func parseMessages(text []byte) (Messages, error) {
	var m Messages
	if err := strict(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", messagesFile, err)
	}
	return m, nil
}

// checkMessages finds texts without a translation, and translations without a text.
func (s *Set) checkMessages() error {
	used := map[string]bool{}
	for _, d := range s.dashboards {
		translate(d.tree, "", func(text string) string {
			used[text] = true
			return text
		})
	}
	var problems []error
	for _, text := range slices.Sorted(maps.Keys(used)) {
		for _, language := range Languages()[1:] {
			if strings.TrimSpace(s.messages[text][language]) == "" {
				problems = append(problems, fmt.Errorf("%s: %q has no text in %s", messagesFile, text, language))
			}
		}
	}
	for _, text := range slices.Sorted(maps.Keys(s.messages)) {
		if !used[text] {
			problems = append(problems, fmt.Errorf("%s: %q stands in no dashboard", messagesFile, text))
		}
	}
	return errors.Join(problems...)
}

// Translated is the dashboard as JSON in a language; one that does not exist is the first.
func (s *Set) Translated(d *Dashboard, language string) map[string]any {
	whole, _ := translate(d.tree, "", func(text string) string { return s.Text(text, language) }).(map[string]any)
	retell(whole)
	return whole
}

// Text is a text of the files in a language.
func (s *Set) Text(text, language string) string {
	if other := s.messages[text][language]; other != "" {
		return other
	}
	return text
}

// told are the keys whose values are for people, wherever they stand.
func told() []string {
	return []string{"title", "description", "label", "displayName", "tooltip", "noValue", "content", "axisLabel", "text", "legendFormat"}
}

const suffix = "suffix:"

// translate copies a tree of JSON with other texts. Of a text that is no word, as a placeholder, nothing is asked.
func translate(tree any, key string, of func(string) string) any {
	switch value := tree.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, inner := range value {
			copied[name] = translate(inner, name, of)
		}
		if id, _ := value["id"].(string); id == "displayName" || id == "unit" { // of an override
			copied["value"] = translate(value["value"], id, of)
		}
		if _, is := value["iconColor"]; is { // of an annotation
			copied["name"] = translate(value["name"], "title", of)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, inner := range value {
			copied[i] = translate(inner, key, of)
		}
		return copied
	case string:
		if rest, is := strings.CutPrefix(value, suffix); is && key == "unit" {
			return suffix + spoken(rest, of)
		}
		if slices.Contains(told(), key) {
			return spoken(value, of)
		}
	}
	return tree
}

// spoken translates what has a letter outside of placeholders.
func spoken(text string, of func(string) string) string {
	bare := text
	for {
		from := strings.Index(bare, "{{")
		to := strings.Index(bare, "}}")
		if from < 0 || to < from {
			break
		}
		bare = bare[:from] + bare[to+2:]
	}
	if !strings.ContainsFunc(bare, unicode.IsLetter) {
		return text
	}
	return of(text)
}

// retell makes the text that a custom variable is read from anew: Grafana reads its options from it.
func retell(dashboard map[string]any) {
	templating, _ := dashboard["templating"].(map[string]any)
	list, _ := templating["list"].([]any)
	for _, one := range list {
		v, _ := one.(map[string]any)
		if v["type"] != "custom" {
			continue
		}
		var pairs []string
		options, _ := v["options"].([]any)
		for _, option := range options {
			o, _ := option.(map[string]any)
			pairs = append(pairs, fmt.Sprintf("%v : %v", o["text"], o["value"]))
		}
		v["query"] = strings.Join(pairs, ", ")
	}
}

// Shown is what a browser gets of the dashboard: without queries, and without what its role may not see.
func (s *Set) Shown(d *Dashboard, language, role string) ([]byte, error) {
	whole := s.Translated(d, language)
	s.restrict(d, whole, role)
	if panels, ok := whole["panels"].([]any); ok {
		whole["panels"] = without(panels, "rawSql", "expr")
	}
	templating, _ := whole["templating"].(map[string]any)
	list, _ := templating["list"].([]any)
	for i, one := range list {
		if v, ok := one.(map[string]any); ok && v["type"] == "query" {
			list[i] = without(v, "query", "definition")
		}
	}
	if annotations, ok := whole["annotations"].(map[string]any); ok {
		queried := keep(annotations["list"], func(_ int, one any) bool { // others are Grafana's own
			v, _ := one.(map[string]any)
			return v["target"] != nil
		})
		annotations["list"] = without(queried, "rawSql")
	}
	return json.Marshal(whole)
}

// without leaves keys out, wherever they stand.
func without(tree any, keys ...string) any {
	switch value := tree.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, inner := range value {
			if !slices.Contains(keys, name) {
				copied[name] = without(inner, keys...)
			}
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, inner := range value {
			copied[i] = without(inner, keys...)
		}
		return copied
	}
	return tree
}
