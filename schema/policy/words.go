package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"mayak/schema/event"
)

// Text says the same in each language of the policy.
type Text map[string]string

// Words are a name and what it means.
type Words struct {
	Name Text `yaml:"name"`
	Text Text `yaml:"text"`
}

// Language is the given one if the policy has it, else the policy's first.
func (p *Policy) Language(wanted string) string {
	if slices.Contains(p.Languages, wanted) {
		return wanted
	}
	return p.Languages[0]
}

// required are the texts that programs ask for.
func required() []string { return []string{"question", "accept", "refuse", "more"} }

// validateWords wants each word in each language: a visitor must not meet a gap.
func (p *Policy) validateWords() []error {
	var problems []error
	if len(p.Languages) == 0 {
		return []error{errors.New("languages: want at least one, like [kk, ru, en]")}
	}
	for _, language := range p.Languages {
		if !languageForm.MatchString(language) {
			problems = append(problems, fmt.Errorf("languages: %q: want two or three small letters, like kk", language))
		}
	}
	levels := event.Levels()
	problems = append(problems,
		named("levels", levels[:], p.Levels), named("purposes", purposes(), p.Purposes),
		named("bases", bases(), p.Bases), named("roles", Readers(), p.Roles))
	for _, name := range required() {
		if p.Texts[name] == nil {
			problems = append(problems, fmt.Errorf("texts: %s is missing", name))
		}
	}
	for section, list := range map[string]map[string]Words{"levels": p.Levels, "purposes": p.Purposes} {
		for name, words := range list {
			problems = append(problems, told(section+": "+name, p.spoken(words.Name), p.spoken(words.Text)))
		}
	}
	for section, list := range map[string]map[string]Text{
		"bases": p.Bases, "roles": p.Roles, "texts": p.Texts, "clauses": p.Clauses, "data": p.Data,
	} {
		for name, text := range list {
			problems = append(problems, told(section+": "+name, p.spoken(text)))
		}
	}
	return problems
}

// named wants the section to explain these names and no others.
func named[V any](section string, want []string, given map[string]V) error {
	var problems []error
	for _, name := range want {
		if _, ok := given[name]; !ok {
			problems = append(problems, fmt.Errorf("%s: %s is missing", section, name))
		}
	}
	return told(section, append(problems, oneOf("name", want, slices.Sorted(maps.Keys(given))...))...)
}

func (p *Policy) spoken(text Text) error {
	var problems []error
	for _, language := range p.Languages {
		if text[language] == "" {
			problems = append(problems, fmt.Errorf("it says nothing in the language %s", language))
		}
	}
	return errors.Join(append(problems, oneOf("language", p.Languages, slices.Sorted(maps.Keys(text))...))...)
}
