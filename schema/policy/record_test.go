package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/schema"
	"mayak/schema/policy"
)

func TestTheRecordSaysAllInEachLanguage(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string][]string{
		"kk": {"# Деректерді өңдеу тізілімі: One Health", "**Cookie файлынсыз** (`essential`)", "| `city` | ел, өңір, қала | 4.1.5, ", "Сақталу мерзімі: 30 күн", "аналитик"},
		"ru": {"# Реестр обработки данных: One Health", "**Без cookie** (`essential`)", "| `city` | страна, регион, город | 4.1.5, ", "Срок хранения: 30 дн.", "согласие"},
		"en": {"# Record of processing: One Health", "**Without cookies** (`essential`)", "| `city` | country, region, city | 4.1.5, ", "Kept for: 30 days", "| `salt` |", "nobody"},
	} {
		var text strings.Builder
		if err := p.Record(language).Markdown(&text); err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(text.String(), part) {
				t.Errorf("%s: the record does not say %q", language, part)
			}
		}
		for name, table := range p.Tables {
			_, section, _ := strings.Cut(text.String(), "\n## `"+name+"`")
			section, _, _ = strings.Cut(section, "\n\n## ")
			if rows := strings.Count(section, "\n| `"); rows < len(table.Columns) {
				t.Errorf("%s: %s has %d rows for %d columns", language, name, rows, len(table.Columns))
			}
		}
	}
}

func TestTheRecordIsForProgramsToo(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p.Record("en"))
	if err != nil {
		t.Fatal(err)
	}
	var back policy.Record
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	for _, table := range back.Tables {
		for _, column := range table.Columns {
			if table.Name+"."+column.Name != "events.click_id" {
				continue
			}
			want := policy.RecordColumn{
				Name: "click_id", Data: "mark of a click on an advertisement", Clause: "3.4", Allows: "how well advertising works, only with consent",
				Purposes: []string{"Advertising"}, Basis: "consent", Level: "Statistics and advertising", Below: policy.Empty, Days: 180, Roles: []string{"analyst"},
			}
			if diff := cmp.Diff(want, column); diff != "" {
				t.Error(diff)
			}
			return
		}
	}
	t.Error("the record has no click_id")
}

func TestTheRecordSaysWhereToWriteTo(t *testing.T) {
	for name, tt := range map[string]struct {
		contact string
		want    map[string]string
	}{
		"one line":             {"privacy@clinic.example", map[string]string{"kk": "\nӨтініштер мен сұрақтар үшін: privacy@clinic.example\n", "ru": "\nДля обращений и вопросов: privacy@clinic.example\n", "en": "\nRequests and questions: privacy@clinic.example\n"}},
		"one in each language": {"{kk: Алматы, ru: 'Алматы, а/я 1', en: Almaty}", map[string]string{"ru": "\nДля обращений и вопросов: Алматы, а/я 1\n", "en": "\nRequests and questions: Almaty\n"}},
		"none":                 {"", map[string]string{"en": "\n\n## Purposes"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := policy.Parse([]byte("contact: " + tt.contact + "\n" + string(schema.Policy)))
			if err != nil {
				t.Fatal(err)
			}
			for language, want := range tt.want {
				var text strings.Builder
				if err := p.Record(language).Markdown(&text); err != nil || !strings.Contains(text.String(), want) {
					t.Errorf("%s: %v: %.400s", language, err, text.String())
				}
				if has := strings.Contains(text.String(), "Requests and questions"); has != (tt.contact != "") && language == "en" {
					t.Errorf("a contact is told: %v", has)
				}
			}
		})
	}
}

func TestComparingTellsBothWays(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string][]string{}
	for name, table := range p.Tables {
		for column := range table.Columns {
			if name != "salts" || column != "made" {
				stored[name] = append(stored[name], column)
			}
		}
	}
	stored["events"] = append(stored["events"], "shoe_size")
	stored["wallets"] = []string{"iban"}
	unnamed, absent := p.Compare(stored)
	if diff := cmp.Diff([]string{"events.shoe_size", "wallets.iban"}, unnamed); diff != "" {
		t.Errorf("unnamed: %s", diff)
	}
	if diff := cmp.Diff([]string{"salts.made"}, absent); diff != "" {
		t.Errorf("absent: %s", diff)
	}
}
