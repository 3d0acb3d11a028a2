package rights

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mayak/schema"
	"mayak/schema/consent"
	"mayak/schema/event"
	"mayak/schema/policy"
)

func row(t *testing.T, text string) Row {
	t.Helper()
	r, err := readRow(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// known gives the archive a visitor, and returns the visitor's cookie.
func (o *office) known(site string) string {
	o.Helper()
	choice := consent.Choice{}.To(event.Analytics, o.rules.Version, noon)
	*o.archive = archive{site: site, visitor: o.key.Consented(site, choice.ID), kept: &Kept{
		Events: []Row{
			row(o.T, `{"site":"clinic","ts":"2026-11-22 06:30:00.000","type":"engage","page":"p1","path":"/vrachi","title":"<b>Врачи</b>","engaged_ms":35400,"scroll":80,"browser":"Chrome","browser_version":"142","country":"KZ","city":"Almaty"}`),
			row(o.T, `{"site":"clinic","ts":"2026-11-22 06:29:00.000","type":"pageview","id":"p1","visitor":11521419178272633715,"path":"/vrachi","title":"<b>Врачи</b>","props":{},"value":0,"browser":"Chrome","browser_version":"142","country":"KZ","city":"Almaty"}`),
			row(o.T, `{"site":"clinic","ts":"2026-11-21 20:00:00.000","type":"event","name":"signup","props":{"plan":"basic"},"path":"/","browser":"Firefox"}`),
		},
		Network:  []Row{row(o.T, `{"ts":"2026-11-22 06:29:00.000","address":"::ffff:2.132.0.77","user_agent":"Mozilla/5.0"}`)},
		Consents: []Row{row(o.T, `{"ts":"2026-11-21 19:59:00.000","receipt":"K7QF-9D2M-0000-0000","action":"given","level":"analytics"}`)},
		Total:    3, Oldest: noon.AddDate(0, 0, -1), Newest: noon,
	}}
	return "Cookie: " + consent.Name(site) + "=" + choice.Value()
}

func TestThePageTellsInEachLanguageWhatIsKept(t *testing.T) {
	for language, want := range map[string][]string{
		"kk": {"clinic.example сайтындағы деректеріңіз", "35 секунд қаралды, беттің 80 %", "бет ашылды", "әрекет: signup (plan basic)", "22.11.2026 11:30", "27.12.2027", "22.12.2026", "3.1.1-тармақ", "таңдалды: Статистика", "Келісімді қайтарып алу"},
		"ru": {"Ваши данные на сайте clinic.example", "просмотр 35 с, 80 % страницы", "открыта страница", "действие: signup (plan basic)", "22.11.2026 11:30", "27.12.2027", "п. 3.1.1", "выбрано: Статистика", "Отозвать согласие"},
		"en": {"Your data on clinic.example", "looked at for 35 s, 80 % of the page", "page opened", "action: signup (plan basic)", "22 Nov 2026, 11:30", "27 Dec 2027", "clause 3.1.1", "chosen: Statistics", "Withdraw consent"},
	} {
		t.Run(language, func(t *testing.T) {
			o := newOffice(t)
			w := o.ask(http.MethodGet, "/privacy?site=clinic&lang="+language, "", o.known("clinic"))
			page := w.Body.String()
			for _, text := range append(want, `<html lang="`+language+`">`, "KZ, Almaty", "Chrome, 142", "<li>2.132.0.77, Mozilla/5.0", "<li>11521419178272633715<",
				"K7QF-9D2M-0000-0000", "&lt;b&gt;Врачи&lt;/b&gt; — /vrachi") {
				if !strings.Contains(page, text) {
					t.Errorf("the page lacks %q", text)
				}
			}
			if _, body, _ := strings.Cut(page, "<body>"); strings.Contains(body, "{") {
				t.Error("a value has not found its place")
			}
			if w.Header().Get("Content-Language") != language {
				t.Errorf("Content-Language: %s", w.Header().Get("Content-Language"))
			}
		})
	}
}

func TestThePageSaysWhereToWriteTo(t *testing.T) {
	for contact, want := range map[string]string{
		"privacy@clinic.example": `Questions and requests about your data: <a href="mailto:privacy@clinic.example">privacy@clinic.example</a>`,
		"PO box 1, <Almaty>":     `Questions and requests about your data: PO box 1, &lt;Almaty&gt;</p>`,
		"":                       `<footer><p class="small">`,
	} {
		o := newOffice(t)
		rules, err := policy.Parse([]byte("contact: \"" + contact + "\"\n" + string(schema.Policy)))
		if err != nil {
			t.Fatal(err)
		}
		o.service.o.Policy = rules
		for _, target := range []string{"/privacy?site=clinic&lang=en", "/privacy?site=gone&lang=en"} {
			if page := o.ask(http.MethodGet, target, "").Body.String(); !strings.Contains(page, want) {
				t.Errorf("%q: %s lacks %s", contact, target, want)
			}
		}
	}
}

func TestThePageSpeaksTheVisitorsLanguage(t *testing.T) {
	o := newOffice(t)
	for accepted, want := range map[string]string{
		"": "kk", "ru-RU,ru;q=0.9,en;q=0.8": "ru", "en-GB": "en", "de,en;q=0.5,ru;q=0.7": "ru", "fr": "kk", "*": "kk", "ru;q=0,en;q=0.1": "en", ";;=,": "kk",
	} {
		if got := o.ask(http.MethodGet, "/privacy?site=clinic", "", "Accept-Language: "+accepted).Header().Get("Content-Language"); got != want {
			t.Errorf("%q: %s, want %s", accepted, got, want)
		}
	}
}

func TestWhoHasNoNumberIsToldWhatCannotBeFound(t *testing.T) {
	o := newOffice(t)
	o.known("clinic")
	for name, held := range map[string]string{
		"no cookie": "a=b", "refused": "__Host-mayak-clinic=1.refused." + o.rules.Version + ".2026-11-22",
	} {
		page := o.ask(http.MethodGet, "/privacy?site=clinic&lang=en", "", "Cookie: "+held).Body.String()
		for _, want := range []string{"we cannot tell which entries come from it", "somebody else&#39;s", "400 days", "30 days", "write to the operator"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", name, want)
			}
		}
		for _, unwanted := range []string{"K7QF", "/vrachi", "privacy/erase", "privacy/data"} {
			if strings.Contains(page, unwanted) {
				t.Errorf("%s: the page shows %q", name, unwanted)
			}
		}
	}
}

func TestThePageLoadsNothingAndCannotBeFramed(t *testing.T) {
	o := newOffice(t)
	w := o.ask(http.MethodGet, "/privacy?site=clinic", "", o.known("clinic"))
	if got := w.Header().Get("Content-Security-Policy"); !regexp.MustCompile(`^default-src 'none'; style-src 'sha256-[0-9A-Za-z+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$`).MatchString(got) {
		t.Errorf("Content-Security-Policy: %s", got)
	}
	page := w.Body.String()
	if found := regexp.MustCompile(`<script|<img|<link|<iframe|src=|https?://|style="| on\w+=`).FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}
	for name, want := range map[string]string{
		"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("other pages may read this one")
	}
}

func TestAFormOnThePageChooses(t *testing.T) {
	o := newOffice(t)
	w := o.post("/privacy/consent", url.Values{"site": {"clinic"}, "level": {"analytics"}, "lang": {"ru"}})
	if page := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(page, "Ваш выбор сохранён") || !strings.Contains(page, "Номер квитанции: "+o.journal.decided[0].Consent.Receipt) {
		t.Errorf("answer %d %s", w.Code, page)
	}
	if got := o.journal.decided[0]; got.Consent.How != "page" || got.Event.Language != "ru" || got.Event.Visitor == 0 {
		t.Errorf("decided %+v", got)
	}
	w = o.post("/privacy/consent", url.Values{"site": {"clinic"}, "level": {"essential"}, "lang": {"kk"}}, "Cookie: "+cookie(t, w))
	if !strings.Contains(w.Body.String(), "Келісіміңіз қайтарып алынды") || o.journal.decided[1].Consent.Action != event.Withdrawn {
		t.Errorf("withdrawn: %+v", o.journal.decided[1])
	}
	if value := cookie(t, w); strings.Count(value, ".") != 3 || !strings.Contains(value, "essential") {
		t.Errorf("the cookie %q holds more than the word", value)
	}
}

func TestErasingAsksTwiceAndTakesTheNumberAway(t *testing.T) {
	o := newOffice(t)
	held := o.known("clinic")
	if w := o.post("/privacy/erase", url.Values{"site": {"clinic"}, "lang": {"en"}}, held); w.Code != http.StatusBadRequest || len(o.journal.decided) != 0 ||
		!strings.Contains(w.Body.String(), "Nothing was erased") {
		t.Errorf("unconfirmed: %d %s", w.Code, w.Body)
	}
	if w := o.post("/privacy/erase", url.Values{"site": {"clinic"}, "lang": {"en"}, "confirm": {"yes"}}); w.Code != http.StatusConflict {
		t.Errorf("without a number: %d", w.Code)
	}
	w := o.post("/privacy/erase", url.Values{"site": {"clinic"}, "lang": {"en"}, "confirm": {"yes"}}, held)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Your request to erase is accepted") {
		t.Fatalf("answer %d %s", w.Code, w.Body)
	}
	got := o.journal.decided[0]
	if got.Consent.Action != event.Erase || got.Event.Visitor != o.archive.visitor || got.Event.Consent != event.Essential {
		t.Errorf("decided %+v", got)
	}
	if left := consent.Read(cookie(t, w), "clinic"); left.ID != (consent.ID{}) || left.Level != event.Essential {
		t.Errorf("the browser keeps %+v", left)
	}
}

// The page is honest where nothing is kept under a number. The wish is kept all the same: another collector may hold what came under it.
func TestErasingUnderANumberOfNobodySaysSo(t *testing.T) {
	for _, tt := range []struct {
		name    string
		waiting bool
		err     error
		said    string
	}{
		{"nothing is kept", false, nil, "there was nothing to erase"},
		{"it may wait for the database here", true, nil, "Your request to erase is accepted"},
		{"the database is away", false, errors.New("connection refused"), "Your request to erase is accepted"},
		{"too many ask", false, ErrBusy, "Your request to erase is accepted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.known("clinic")
			o.journal.waiting, o.archive.err = tt.waiting, tt.err
			made := "Cookie: " + consent.Name("clinic") + "=" + consent.Choice{}.To(event.Analytics, o.rules.Version, noon).Value()
			w := o.post("/privacy/erase", url.Values{"site": {"clinic"}, "lang": {"en"}, "confirm": {"yes"}}, made)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), tt.said) || len(o.journal.decided) != 1 {
				t.Errorf("answer %d, %d wishes: %s", w.Code, len(o.journal.decided), w.Body)
			}
			if left := consent.Read(cookie(t, w), "clinic"); left.ID != (consent.ID{}) || left.Level != event.Essential {
				t.Errorf("the browser keeps %+v", left)
			}
		})
	}
}

func TestTheFileHoldsEveryRowOfThisVisitorOnly(t *testing.T) {
	o := newOffice(t)
	held := o.known("clinic")
	w := o.ask(http.MethodGet, "/privacy/data?site=clinic", "", held)
	var file struct {
		Known    bool `json:"browser_has_a_number"`
		Complete bool
		Events   []map[string]any
		Network  []map[string]any `json:"network_log"`
		Consents []map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	if !file.Known || !file.Complete || len(file.Events) != 3 || len(file.Network) != 1 || len(file.Consents) != 1 {
		t.Errorf("file %+v", file)
	}
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="mayak-clinic-2026-11-22.json"` {
		t.Errorf("Content-Disposition: %s", got)
	}
	zipped := o.ask(http.MethodGet, "/privacy/data?site=clinic", "", held, "Accept-Encoding: gzip, br")
	unzipped, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(unzipped); err != nil || string(text) != w.Body.String() || zipped.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("gzip holds another file: %v %s", err, text)
	}
	stranger := "Cookie: " + consent.Name("clinic") + "=" + consent.Choice{}.To(event.Analytics, o.rules.Version, noon).Value()
	for name, header := range map[string]string{"a stranger": stranger, "nobody": "Cookie: a=b"} {
		if text := o.ask(http.MethodGet, "/privacy/data?site=clinic", "", header).Body.String(); strings.Contains(text, "vrachi") {
			t.Errorf("%s gets %s", name, text)
		}
	}
}

func TestWithoutADatabaseTheChoiceCanStillBeMade(t *testing.T) {
	for failure, said := range map[error]string{
		errors.New("connection refused"): "cannot be read right now", fmt.Errorf("read: %w", ErrBusy): "Too many people",
	} {
		o := newOffice(t)
		held := o.known("clinic")
		o.archive.err = failure
		page := o.ask(http.MethodGet, "/privacy?site=clinic&lang=en", "", held).Body.String()
		for _, want := range []string{said, "Withdraw consent", "privacy/erase"} {
			if !strings.Contains(page, want) {
				t.Errorf("%v: the page lacks %q", failure, want)
			}
		}
		if w := o.ask(http.MethodGet, "/privacy/data?site=clinic", "", held); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%v: file: %d", failure, w.Code)
		}
		if w := o.post("/privacy/erase", url.Values{"site": {"clinic"}, "confirm": {"yes"}}, held); w.Code != http.StatusOK {
			t.Errorf("%v: erase: %d", failure, w.Code)
		}
	}
}

func TestTheBannerIsAtMostTwoKilobytesInEachLanguage(t *testing.T) {
	o := newOffice(t)
	script, err := os.ReadFile(filepath.Join("..", "tracker", "dist", "consent.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range o.rules.Languages {
		made, err := bannerIn(string(script), o.rules, language)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("consent.js, %s: %d bytes, %d gzip", language, len(made.plain), len(made.gzipped))
		if len(made.gzipped) > 2048 {
			t.Errorf("%s: %d bytes gzip, the limit is 2048", language, len(made.gzipped))
		}
		unzipped, err := gzip.NewReader(bytes.NewReader(made.gzipped))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(unzipped); err != nil || !bytes.Equal(text, made.plain) {
			t.Errorf("%s: gzip holds another script: %v", language, err)
		}
		for _, said := range []string{"question", "accept", "refuse", "more"} {
			if !strings.Contains(string(made.plain), o.rules.Texts[said][language]) {
				t.Errorf("%s: the banner lacks the text %s", language, said)
			}
		}
	}
}
