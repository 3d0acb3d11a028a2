package policy

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"mayak/schema/event"
)

// Record is the record of processing, the data map, in one language: what is stored, on what ground, for how long and for whose eyes.
type Record struct {
	Operator string        `json:"operator"`
	Contact  string        `json:"contact,omitempty"`
	Version  string        `json:"version"`
	Language string        `json:"language"`
	Smallest int           `json:"smallest_group"`
	Purposes []Explained   `json:"purposes"`
	Levels   []Explained   `json:"levels"`
	Tables   []RecordTable `json:"tables"`
}

// Explained is a word of the policy and what it means.
type Explained struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// RecordTable is one table of the record.
type RecordTable struct {
	Name    string         `json:"name"`
	Subject Subject        `json:"subject"`
	Days    int            `json:"retention_days"`
	Tiers   map[string]int `json:"tier_days,omitempty"`
	Columns []RecordColumn `json:"columns"`
}

// RecordColumn is one stored column of the record.
type RecordColumn struct {
	Name     string   `json:"name"`
	Data     string   `json:"data"`
	Clause   string   `json:"clause"`
	Allows   string   `json:"clause_text"`
	Purposes []string `json:"purposes"`
	Basis    string   `json:"basis"`
	Level    string   `json:"level"`
	Below    Shrink   `json:"below"`
	Days     int      `json:"retention_days"`
	Roles    []string `json:"roles"`
}

// Record is the policy in the language; in the policy's first where it has not that one.
func (p *Policy) Record(language string) *Record {
	language = p.Language(language)
	r := &Record{Operator: p.Operator, Contact: p.Contact.In(language), Version: p.Version, Language: language, Smallest: p.SmallestGroup}
	for _, key := range purposes() {
		r.Purposes = append(r.Purposes, Explained{key, p.Purposes[key].Name[language], p.Purposes[key].Text[language]})
	}
	for _, key := range event.Levels() {
		r.Levels = append(r.Levels, Explained{key, p.Levels[key].Name[language], p.Levels[key].Text[language]})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		t := p.Tables[name]
		one := RecordTable{Name: name, Subject: t.Subject, Days: t.Retention.Days()}
		for tier, kept := range t.Tiers {
			if one.Tiers == nil {
				one.Tiers = map[string]int{}
			}
			one.Tiers[tier] = kept.Days()
		}
		for _, column := range slices.Sorted(maps.Keys(t.Columns)) {
			one.Columns = append(one.Columns, p.recorded(&t, column, language))
		}
		r.Tables = append(r.Tables, one)
	}
	return r
}

func (p *Policy) recorded(t *Table, name, language string) RecordColumn {
	c := t.Columns[name]
	r := RecordColumn{
		Name: name, Data: p.Data[c.Data][language], Clause: c.Clause, Allows: p.Clauses[c.Clause][language], Basis: p.Bases[c.Basis][language],
		Level: p.Levels[c.Level.String()].Name[language], Below: c.Below, Days: t.Retention.Days(), Purposes: []string{}, Roles: []string{},
	}
	if c.Retention > 0 {
		r.Days = c.Retention.Days()
	}
	for _, purpose := range c.Purpose {
		r.Purposes = append(r.Purposes, p.Purposes[purpose].Name[language])
	}
	for _, role := range c.Roles {
		r.Roles = append(r.Roles, p.Roles[role][language])
	}
	return r
}

// headings are what stands around the policy's own words. Another language has the English ones.
type headings struct {
	title, contact, version, purposes, levels, smallest, kept, days, tier, nobody string
	found                                                                         map[Subject]string
	columns                                                                       []string
}

func headingsIn(language string) headings {
	switch language {
	case "kk":
		return headings{
			"Деректерді өңдеу тізілімі", "Өтініштер мен сұрақтар үшін", "Саясат нұсқасы", "Мақсаттар", "Келісім деңгейлері",
			"Аналитиктер %d келушіден кіші топтарды көрмейді.", "Сақталу мерзімі", "%d күн", "%s бөлігі: %d күн", "ешкім",
			map[Subject]string{ByVisitor: "Адамның жолдары келуші нөмірі бойынша табылады.", ByEvent: "Адамның жолдары оның оқиғаларының нөмірлері бойынша табылады.", ByReceipt: "Адамның жолдары келісім түбіртегі бойынша табылады.", Nobody: "Мұнда тек жиынтық сандар мен қызметтік белгілер бар."},
			[]string{"Баған", "Не екені", "Тармақ", "Мақсат", "Негіз", "Қай деңгейден бастап толық", "Күн", "Кім оқи алады"},
		}
	case "ru":
		return headings{
			"Реестр обработки данных", "Для обращений и вопросов", "Версия политики", "Цели", "Уровни согласия",
			"Аналитики не видят групп меньше чем из %d посетителей.", "Срок хранения", "%d дн.", "часть %s: %d дн.", "никто",
			map[Subject]string{ByVisitor: "Строки человека находятся по номеру посетителя.", ByEvent: "Строки человека находятся по номерам его событий.", ByReceipt: "Строки человека находятся по квитанции о согласии.", Nobody: "Здесь только сводные числа и служебные отметки."},
			[]string{"Столбец", "Что это", "Пункт", "Цель", "Основание", "Полностью с уровня", "Дней", "Кто читает"},
		}
	default:
		return headings{
			"Record of processing", "Requests and questions", "Version of the policy", "Purposes", "Levels of consent",
			"Analysts see no group of fewer than %d visitors.", "Kept for", "%d days", "part %s: %d days", "nobody",
			map[Subject]string{ByVisitor: "A person's rows are found by the visitor's number.", ByEvent: "A person's rows are found by the numbers of their events.", ByReceipt: "A person's rows are found by the receipt of consent.", Nobody: "Only sums and bookkeeping."},
			[]string{"Column", "What it is", "Clause", "Purpose", "Basis", "Whole from level", "Days", "Who may read it"},
		}
	}
}

// Markdown writes the record for people.
func (r *Record) Markdown(to io.Writer) error {
	h := headingsIn(r.Language)
	var text strings.Builder
	fmt.Fprintf(&text, "# %s: %s\n\n%s: %s. "+h.smallest+"\n", h.title, r.Operator, h.version, r.Version, r.Smallest)
	if r.Contact != "" {
		fmt.Fprintf(&text, "\n%s: %s\n", h.contact, r.Contact)
	}
	for _, section := range []struct {
		title string
		list  []Explained
	}{{h.purposes, r.Purposes}, {h.levels, r.Levels}} {
		fmt.Fprintf(&text, "\n## %s\n\n", section.title)
		for _, e := range section.list {
			fmt.Fprintf(&text, "- **%s** (`%s`): %s\n", e.Name, e.Key, e.Text)
		}
	}
	for _, t := range r.Tables {
		fmt.Fprintf(&text, "\n## `%s`\n\n%s %s: "+h.days, t.Name, h.found[t.Subject], h.kept, t.Days)
		for _, tier := range slices.Sorted(maps.Keys(t.Tiers)) {
			fmt.Fprintf(&text, ", "+h.tier, tier, t.Tiers[tier])
		}
		if !strings.HasSuffix(text.String(), ".") { // of an abbreviation
			text.WriteString(".")
		}
		fmt.Fprintf(&text, "\n\n| %s |\n|%s\n", strings.Join(h.columns, " | "), strings.Repeat("---|", len(h.columns)))
		for _, c := range t.Columns {
			roles := strings.Join(c.Roles, ", ")
			if roles == "" {
				roles = h.nobody
			}
			fmt.Fprintf(&text, "| `%s` | %s | %s, %s | %s | %s | %s | %d | %s |\n",
				c.Name, c.Data, c.Clause, c.Allows, strings.Join(c.Purposes, ", "), c.Basis, c.Level, c.Days, roles)
		}
	}
	_, err := io.WriteString(to, text.String())
	return err
}
