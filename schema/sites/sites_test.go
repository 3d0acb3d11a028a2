package sites_test

import (
	"strings"
	"testing"

	"mayak/schema/sites"
)

const file = `
sites:
  - id: demo
    hostnames: [localhost, 127.0.0.1, "[::1]"]
    time_zone: Asia/Almaty
    allowed_query: [tab]
    gpc: refuse
  - id: clinic
    hostnames: [clinic.example, "*.clinic.example", xn--80ak6aa92e.kz]
    dnt: refused
`

func parse(t *testing.T) *sites.Sites {
	t.Helper()
	s, err := sites.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASiteOwnsItsHostsAndNoOthers(t *testing.T) {
	s := parse(t)
	for _, tt := range []struct {
		site, host string
		want       bool
	}{
		{"demo", "localhost", true},
		{"demo", "127.0.0.1", true},
		{"demo", "[::1]", true},
		{"demo", "localhost.evil.test", false},
		{"clinic", "clinic.example", true},
		{"clinic", "www.clinic.example", true},
		{"clinic", "a.b.clinic.example", true},
		{"clinic", "evilclinic.example", false},
		{"clinic", ".clinic.example", false},
		{"clinic", "xn--80ak6aa92e.kz", true},
		{"clinic", "", false},
	} {
		if got := s.Find(tt.site).Owns(tt.host); got != tt.want {
			t.Errorf("%s owns %q: %v, want %v", tt.site, tt.host, got, tt.want)
		}
	}
	if s.Find("nobody") != nil {
		t.Error("found a site that is not there")
	}
}

func TestDefaultsAndChoices(t *testing.T) {
	s := parse(t)
	demo, clinic := s.Find("demo"), s.Find("clinic")
	if demo.GPC != sites.Refuse || demo.DNT != sites.Essential || clinic.GPC != sites.Essential || clinic.DNT != sites.Refuse {
		t.Errorf("choices: %v %v %v %v", demo.GPC, demo.DNT, clinic.GPC, clinic.DNT)
	}
	if demo.Location().String() != "Asia/Almaty" || clinic.Location().String() != "UTC" {
		t.Errorf("time zones: %v, %v", demo.Location(), clinic.Location())
	}
	if !demo.AllowsQuery("tab") || demo.AllowsQuery("token") {
		t.Error("allowed_query is not what the file says")
	}
	if len(s.All()) != 2 || s.All()[0] != demo {
		t.Error("All is not in the order of the file")
	}
}

func TestAdoptChangesTheCopyOnly(t *testing.T) {
	s := parse(t)
	adopted := s.Adopt("other.example")
	if !adopted.Find("demo").Owns("other.example") || s.Find("demo").Owns("other.example") {
		t.Error("Adopt must change the copy and nothing else")
	}
}

func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	_, err := sites.Parse([]byte(`
sites:
  - id: "Bad Id"
    hostnames: [HTTPS://x, "*"]
    time_zone: Mars/Olympus
    allowed_query: ["a=b"]
    gpc: maybe
  - id: empty
    hostnames: []
  - id: empty
    hostnames: [a.example]
`))
	if err == nil {
		t.Fatal("a file full of mistakes was accepted")
	}
	for _, want := range []string{"Bad Id", "HTTPS://x", "Mars/Olympus", "a=b", "maybe", "no page could be counted", "stands twice"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %q:\n%v", want, err)
		}
	}
}

func TestStrangeFilesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":     "",
		"no sites":    "sites: []",
		"empty site":  "sites: [~]",
		"unknown key": "sites: [{id: a, hostnames: [a.example], colour: red}]",
		"no yaml":     "sites: [",
		"other type":  "sites: 7",
	} {
		if _, err := sites.Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := sites.Load("/nowhere/sites.yaml"); err == nil {
		t.Error("a file that is not there was accepted")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(file))
	f.Add([]byte(goalsFile))
	f.Add([]byte("sites: [{id: a, hostnames: ['*.a']}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := sites.Parse(text)
		if err == nil && len(s.All()) == 0 {
			t.Error("a file without sites was accepted")
		}
	})
}
