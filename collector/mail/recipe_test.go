package mail_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mayak/collector/mail"
)

// guide is where who writes e-mails reads how links are made.
const guide = "../../docs/pages.md"

// recipe is what the guide says in a language about making links.
func recipe(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## Count opened e-mails\n")
	_, rest, found := strings.Cut(rest, "```"+language+"\n")
	code, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatalf("%s has no recipe in %s", guide, language)
	}
	return code
}

// run runs a program of one file, where the language is here. CI has Python.
func run(t *testing.T, program, code string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil && program == "python3" && os.Getenv("CI") != "" {
		t.Fatalf("%s is not here", program)
	}
	if err != nil {
		t.Skipf("%s is not here", program)
	}
	command := exec.CommandContext(t.Context(), path)
	command.Stdin = strings.NewReader(code)
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
	return string(said)
}

// Whoever follows a recipe gets the links that the collector makes.
func TestTheRecipesMakeTheCollectorsLinks(t *testing.T) {
	const key, at = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "https://stats.clinic.example"
	links := []mail.Link{
		{Kind: mail.Open, Site: "clinic", Campaign: "spring", Message: "m-1"},
		{Kind: mail.Open, Site: "clinic", Campaign: "Наурыз & Ко", Message: "m-1", Recipient: "r_9", Sent: "1795420800"},
		{Kind: mail.Open, Site: "clinic", Campaign: "spring", Message: "0", Recipient: "0"},
		{Kind: mail.Click, Site: "clinic", Campaign: "spring", Message: "m-1", Target: "https://clinic.example/booking?from=mail&x=a+b%20c"},
	}
	python, php := recipe(t, "python"), "<?php\n"
	for _, l := range links {
		python += fmt.Sprintf("print(link(%q, %q, %q, %q, %q, %q, %q, %q))\n", at, key, l.Site, l.Campaign, l.Message, l.Recipient, l.Sent, l.Target)
		php += fmt.Sprintf("$collector = %q; $key = %q; $site = %q; $campaign = %q; $message = %q; $recipient = %q; $sent = %q; $target = %q;\n%s\necho $link, \"\\n\";\n",
			at, key, l.Site, l.Campaign, l.Message, l.Recipient, l.Sent, l.Target, recipe(t, "php"))
	}
	for program, code := range map[string]string{"python3": python, "php": php} {
		t.Run(program, func(t *testing.T) {
			made := strings.Fields(run(t, program, code))
			if len(made) != len(links) {
				t.Fatalf("%d links, want %d:\n%s", len(made), len(links), made)
			}
			for i := range links {
				got, err := url.Parse(made[i])
				if err != nil {
					t.Fatal(err)
				}
				want, err := url.Parse(links[i].URL(at, key))
				if err != nil {
					t.Fatal(err)
				}
				if got.Host != want.Host || got.Path != want.Path || got.Query().Encode() != want.Query().Encode() {
					t.Errorf("link %d is %s, want %s", i, got, want)
				}
			}
		})
	}
}
