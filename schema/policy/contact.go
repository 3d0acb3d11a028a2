package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Contact is where people write to about their data: one line for everybody, or one in each language. The zero Contact is none.
type Contact struct {
	line  string
	words Text
}

// longestContact is what stands in a line of a page.
const longestContact = 200

// UnmarshalYAML reads a line, or a line in each language.
func (c *Contact) UnmarshalYAML(read func(any) error) error {
	if read(&c.line) == nil {
		return nil
	}
	if err := read(&c.words); err != nil {
		return errors.New("contact: want a line, or one in each language, like {kk: …, ru: …, en: …}")
	}
	return nil
}

// In is the contact in a language of the policy.
func (c Contact) In(language string) string {
	if c.words == nil {
		return c.line
	}
	return c.words[language]
}

func (p *Policy) validateContact() error {
	var problems []error
	if p.Contact.words != nil {
		problems = append(problems, p.spoken(p.Contact.words))
	}
	for _, language := range p.Languages {
		if line := p.Contact.In(language); strings.ContainsAny(line, "\r\n") || utf8.RuneCountInString(line) > longestContact {
			problems = append(problems, fmt.Errorf("want one line of at most %d characters", longestContact))
			break
		}
	}
	return told("contact", problems...)
}
