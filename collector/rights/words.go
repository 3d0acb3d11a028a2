package rights

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

//go:embed words
var wordFiles embed.FS

// words are what the page itself says, in one language. What the policy says is in the policy. {name} stands for a value.
type words struct {
	Name     string // of the language, in itself
	Date     string // layouts of Go's time
	DateTime string

	Title, Heading, Lead, Languages, Version, Write, Clause string

	Choice, Choose, Chosen, Unchosen, Lapsed, Since, Signal, Stored, Withdraw string

	Kept, Entries, Recent, Derived, Nothing, Unavailable                                                 string
	Data, Values, Why, Until, Newest, When, What, Page, More                                             string
	Viewed, Read, Event, Vitals, Fault                                                                   string
	Decisions, Decision, Receipt, Given, Withdrawn, EraseAsked                                           string
	NoCookie, NoCookieWhy, NoCookieUntil, NoCookieAsk                                                    string
	Download, Erase, EraseText, EraseConfirm, EraseButton                                                string
	DoneGiven, DoneWithdrawn, DoneErase, DoneNothing, DoneSame, KeepReceipt                              string
	Problem, UnknownSite, Foreign, Overloaded, Busy, Often, Unconfirmed, NoNumber, Malformed, Back, Site string
}

// readWords reads the words of each language. The page speaks those of them that the policy has.
func readWords(languages []string) (map[string]*words, error) {
	files, err := wordFiles.ReadDir("words")
	if err != nil {
		return nil, fmt.Errorf("read the page's words: %w", err)
	}
	all := map[string]*words{}
	for _, file := range files {
		language, _, _ := strings.Cut(file.Name(), ".")
		if !slices.Contains(languages, language) {
			continue
		}
		text, err := wordFiles.ReadFile("words/" + file.Name())
		if err != nil {
			return nil, fmt.Errorf("read the page's words: %w", err)
		}
		w, err := parseWords(text)
		if err != nil {
			return nil, fmt.Errorf("the page's words, %s: %w", file.Name(), err)
		}
		all[language] = w
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the policy has the languages %v, of which the visitor's page speaks none", languages)
	}
	return all, nil
}

// parseWords wants each word, and no other: a visitor must not meet a gap.
func parseWords(text []byte) (*words, error) {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	w := new(words)
	if err := decoder.Decode(w); err != nil {
		return nil, err
	}
	var problems []error
	fields := reflect.ValueOf(*w)
	for i := range fields.NumField() {
		if fields.Field(i).String() == "" {
			problems = append(problems, fmt.Errorf("%s is missing", fields.Type().Field(i).Name))
		}
	}
	return w, errors.Join(problems...)
}

// say puts values into their places: say("until {day}", "day", "22.11.2026").
func say(text string, values ...string) string {
	for i := 0; i+1 < len(values); i += 2 {
		text = strings.ReplaceAll(text, "{"+values[i]+"}", values[i+1])
	}
	return text
}
