package load

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Page is one page of the clinic's site.
type Page struct {
	Path     string
	Title    string
	Language string // ru, kk or en
}

// siteLanguages are the languages that every page is there in.
var siteLanguages = [...]string{"ru", "kk", "en"} //nolint:gochecknoglobals // a constant that the language cannot write down

// book is every page of the site in one language, the most visited first.
type book struct {
	pages    []Page
	rank     []float64 // share of views that fall to this page and those before it
	articles []int     // what search engines lead to
	services []int     // what campaigns lead to
	booking  [3]int    // the three steps of making an appointment
	results  int
}

// Pages lists every page of the site, in every language.
func Pages() []Page {
	var all []Page
	for _, b := range newBooks() {
		all = append(all, b.pages...)
	}
	return all
}

func newBooks() [len(siteLanguages)]*book {
	var books [len(siteLanguages)]*book
	for i, language := range siteLanguages {
		books[i] = newBook(language)
	}
	return books
}

// section is a part of the site: a name in the path, and how many pages lie below it.
type section struct {
	path  string
	title [len(siteLanguages)]string
	pages int
}

func sections() []section {
	return []section{
		{"/doctors", [...]string{"Врачи", "Дәрігерлер", "Doctors"}, 240},
		{"/services", [...]string{"Услуги и цены", "Қызметтер мен бағалар", "Services and prices"}, 210},
		{"/articles", [...]string{"Статьи", "Мақалалар", "Articles"}, 320},
		{"/departments", [...]string{"Отделения", "Бөлімдер", "Departments"}, 26},
		{"/branches", [...]string{"Филиалы", "Филиалдар", "Branches"}, 14},
		{"/promotions", [...]string{"Акции", "Акциялар", "Promotions"}, 24},
	}
}

// newBook lists the pages of a language by how much they are visited: the ones that everybody needs, then the sections'
// first pages, then the sections' pages in turn.
func newBook(language string) *book {
	at := slices.Index(siteLanguages[:], language)
	prefix := map[string]string{"ru": "", "kk": "/kk", "en": "/en"}[language]
	b := &book{}
	add := func(path, title string) int {
		b.pages = append(b.pages, Page{Path: prefix + path, Title: title + " — One Health", Language: language})
		return len(b.pages) - 1
	}
	add("/", [...]string{"Медицинский центр", "Медициналық орталық", "Medical centre"}[at])
	b.booking[0] = add("/booking", [...]string{"Запись на приём", "Қабылдауға жазылу", "Book a visit"}[at])
	b.results = add("/results", [...]string{"Результаты анализов", "Талдау нәтижелері", "Test results"}[at])
	for _, s := range sections() {
		add(s.path, s.title[at])
	}
	add("/contacts", [...]string{"Контакты", "Байланыс", "Contacts"}[at])
	add("/search", [...]string{"Поиск", "Іздеу", "Search"}[at])
	b.booking[1] = add("/booking/time", [...]string{"Выбор времени", "Уақытты таңдау", "Choose a time"}[at])
	b.booking[2] = add("/booking/done", [...]string{"Вы записаны", "Сіз жазылдыңыз", "Booked"}[at])
	add("/about", [...]string{"О центре", "Орталық туралы", "About us"}[at])
	for number := 1; number <= 400; number++ {
		for _, s := range sections() {
			if number > s.pages {
				continue
			}
			page := add(s.path+"/"+slug(s.path, number), s.title[at]+": "+slug(s.path, number))
			switch s.path {
			case "/articles":
				b.articles = append(b.articles, page)
			case "/services", "/promotions":
				b.services = append(b.services, page)
			}
		}
	}
	b.rank = zipf(len(b.pages))
	return b
}

// slug is the last part of a page's path: words that a clinic has, and a letter or two to keep them apart.
func slug(section string, number int) string {
	words := []string{
		"kardiolog", "terapevt", "nevrolog", "pediatr", "hirurg", "uzi", "mrt", "analiz-krovi", "okulist", "lor", "dermatolog",
		"ginekolog", "urolog", "stomatolog", "endokrinolog", "allergolog", "ortoped", "vakcinaciya", "massazh", "check-up",
	}
	name := words[number%len(words)]
	if group := number / len(words); group > 0 {
		name += "-" + strconv.FormatInt(int64(group+9), 36) // a, b, c, ...
	}
	if section == "/doctors" {
		name = "vrach-" + name
	}
	return name
}

// zipf are the cumulative shares of ranks 1 to n, when a page is visited about as often as its rank says.
func zipf(n int) []float64 {
	shares := make([]float64, n)
	sum := 0.0
	for i := range shares {
		sum += math.Pow(float64(i)+1.7, -1.05)
		shares[i] = sum
	}
	for i := range shares {
		shares[i] /= sum
	}
	return shares
}

// any is any page, the popular ones more often.
func (b *book) any(chance *rand.Rand) *Page {
	at, _ := slices.BinarySearch(b.rank, chance.Float64())
	return &b.pages[min(at, len(b.pages)-1)]
}

// one is one of these pages, the first ones more often.
func (b *book) one(chance *rand.Rand, of []int) *Page {
	at := int(float64(len(of)) * math.Pow(chance.Float64(), 3))
	return &b.pages[of[min(at, len(of)-1)]]
}
