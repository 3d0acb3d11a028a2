package load

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"mayak/schema/event"
)

// body is one hit as the browser script sends it.
type body struct {
	Site      string             `json:"site"`
	ID        string             `json:"id"`
	Type      string             `json:"type,omitempty"`
	Page      string             `json:"page,omitempty"`
	URL       string             `json:"url"`
	Referrer  string             `json:"referrer,omitempty"`
	Title     string             `json:"title,omitempty"`
	Screen    string             `json:"screen,omitempty"`
	Viewport  string             `json:"viewport,omitempty"`
	Ratio     float64            `json:"dpr,omitempty"`
	Language  string             `json:"lang,omitempty"`
	Zone      string             `json:"tz,omitempty"`
	Name      string             `json:"name,omitempty"`
	Props     map[string]string  `json:"props,omitempty"`
	Value     float64            `json:"value,omitempty"`
	Currency  string             `json:"currency,omitempty"`
	EngagedMS int                `json:"engaged_ms,omitempty"`
	Scroll    int                `json:"scroll,omitempty"`
	Vitals    map[string]float32 `json:"vitals,omitempty"`
	Error     *scriptError       `json:"error,omitempty"`
	Hints     *hints             `json:"hints,omitempty"`
}

type scriptError struct {
	Message string `json:"message"`
	Source  string `json:"source"`
	Line    uint32 `json:"line"`
	Column  uint32 `json:"column"`
	Stack   string `json:"stack"`
	Kind    string `json:"kind"`
}

type hints struct {
	PlatformVersion string `json:"platformVersion,omitempty"`
	Model           string `json:"model,omitempty"`
	Architecture    string `json:"architecture,omitempty"`
	Bitness         string `json:"bitness,omitempty"`
	Touch           int    `json:"touch,omitempty"`
}

// request is these steps of a visit, which leave together.
func (t *Traffic) request(v *Visit, steps []Step) Request {
	if steps[0].Pixel {
		return t.pixel(v, &steps[0])
	}
	hits, ids := make([]body, len(steps)), make([]string, len(steps))
	for i := range steps {
		ids[i] = steps[i].ID
		t.fill(&hits[i], v, &steps[i])
	}
	var content any = hits
	if len(hits) == 1 {
		content = &hits[0]
	}
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // strings and finite numbers are always JSON
	}
	header := t.header(v.Visitor)
	header["Content-Type"], header["Origin"] = []string{"text/plain;charset=UTF-8"}, []string{t.page}
	return Request{Method: http.MethodPost, Path: "/e", Header: header, Body: text, IDs: ids}
}

// pixel is a page view of a browser without scripts.
func (t *Traffic) pixel(v *Visit, s *Step) Request {
	query := url.Values{"site": {t.site}, "url": {t.address(v, s)}, "id": {s.ID}}
	return Request{Method: http.MethodGet, Path: "/p.gif?" + query.Encode(), Header: t.header(v.Visitor), IDs: []string{s.ID}}
}

func (t *Traffic) header(v *Visitor) http.Header {
	header := http.Header{
		"User-Agent":      {v.Agent.Text},
		"Accept-Language": {v.Accept},
		"X-Forwarded-For": {v.Address.String()},
		"Referer":         {t.page + "/"},
	}
	if v.Agent.Brands != "" {
		header["Sec-Ch-Ua"] = []string{v.Agent.Brands}
		header["Sec-Ch-Ua-Mobile"] = []string{"?" + strconv.Itoa(min(v.Agent.Touch, 1))}
		header["Sec-Ch-Ua-Platform"] = []string{v.Agent.Platform}
	}
	if v.Agent.Package != "" {
		header["X-Requested-With"] = []string{v.Agent.Package}
	}
	if v.GPC {
		header["Sec-Gpc"] = []string{"1"}
	}
	if v.DNT {
		header["Dnt"] = []string{"1"}
	}
	return header
}

// address is the page's, with what a campaign adds to it, and what some pages should not have in it.
func (t *Traffic) address(v *Visit, s *Step) string {
	address := t.page + s.Page.Path
	if s.First {
		address += v.Source.Query(s.ID)
	}
	return address
}

// Query is what the source adds to the address of the page that it leads to; the click id is made of an id.
func (s *Source) Query(id string) string {
	query := url.Values{}
	for _, parameter := range [...]struct{ name, value string }{
		{"utm_source", s.Campaign.Source},
		{"utm_medium", s.Campaign.Medium},
		{"utm_campaign", s.Campaign.Name},
		{"utm_term", s.Campaign.Term},
		{"utm_content", s.Campaign.Content},
	} {
		if parameter.value != "" {
			query.Set(parameter.name, parameter.value)
		}
	}
	if s.Click != "" {
		query.Set(s.Click, id)
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

func (t *Traffic) fill(b *body, v *Visit, s *Step) {
	*b = body{
		Site: t.site, ID: s.ID, URL: t.address(v, s), Name: s.Name, Value: s.Value, Currency: s.Currency,
		EngagedMS: s.EngagedMS, Scroll: s.Scroll, Props: asMap(s.Props, func(p event.Pair) (string, string) { return p.Key, p.Value }),
		Vitals: asMap(s.Vitals, func(m event.Measure) (string, float32) { return m.Name, m.Value }),
	}
	if s.Type != event.PageView {
		b.Type, b.Page = s.Type.String(), s.View
	}
	if s.Error != nil {
		b.Error = &scriptError{s.Error.Message, t.page + s.Error.Source, s.Error.Line, s.Error.Column, s.Error.Stack, s.Error.Kind}
	}
	if s.Type == event.PageView {
		t.describe(b, v, s)
	}
}

// describe adds what a page view tells of the browser.
func (t *Traffic) describe(b *body, v *Visit, s *Step) {
	a := v.Visitor.Agent
	b.Title, b.Referrer = s.Page.Title, v.Source.Referrer
	if s.Referrer != nil {
		b.Referrer = t.page + s.Referrer.Path
	}
	b.Screen, b.Viewport, b.Ratio = Size(a.Screen, 0), Size(a.Screen, a.toolbars()), a.Ratio
	b.Language, b.Zone = v.Visitor.Language, v.Visitor.Zone
	switch {
	case a.Brands != "" && a.Touch > 0:
		b.Hints = &hints{PlatformVersion: a.Version, Model: a.Model, Touch: a.Touch}
	case a.Brands != "":
		b.Hints = &hints{PlatformVersion: a.Version, Architecture: "x86", Bitness: "64"}
	case a.Touch > 0:
		b.Hints = &hints{Touch: a.Touch}
	}
}

// toolbars is how much of the screen's height the browser itself takes.
func (a *Agent) toolbars() int {
	if a.Touch > 0 {
		return 116
	}
	return 135
}

// Viewport is the part of the screen that the page gets.
func (a *Agent) Viewport() string { return Size(a.Screen, a.toolbars()) }

// Size is a screen without so much of its height, as the script writes it: 1920x1080.
func Size(screen [2]int, without int) string {
	return strconv.Itoa(screen[0]) + "x" + strconv.Itoa(screen[1]-without)
}

func asMap[E, V any](list []E, pick func(E) (string, V)) map[string]V {
	if len(list) == 0 {
		return nil
	}
	m := make(map[string]V, len(list))
	for _, e := range list {
		key, value := pick(e)
		m[key] = value
	}
	return m
}

// malformed is what no browser sends: text that ends too early, no text, keys of the wrong kind.
func (t *Traffic) malformed() Request {
	texts := [...]string{
		`{"site":"` + t.site + `","url":"` + t.page, ``, `[]`, `{"site":7}`, `{"site":"` + t.site + `"}`, "\x00\xff\xfe",
		`{"site":"` + t.site + `","url":"` + t.page + `/","type":"scan"}`, `{"site":"` + t.site + `","url":"javascript:alert(1)"}`,
	}
	visitor := t.open[t.crowd.chance.IntN(len(t.open))].Visitor
	return Request{Method: http.MethodPost, Path: "/e", Header: t.header(visitor), Body: []byte(texts[t.crowd.chance.IntN(len(texts))])}
}
