package rights

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"mayak/schema/policy"
)

// bannerTexts are what the banner says.
type bannerTexts struct {
	Language string `json:"lang"`
	Question string `json:"question"`
	Accept   string `json:"accept"`
	Refuse   string `json:"refuse"`
	More     string `json:"more"`
}

// bannerIn is the banner's script with its texts in one language.
func bannerIn(script string, p *policy.Policy, language string) (asset, error) {
	said, err := json.Marshal(bannerTexts{
		Language: language, Question: p.Texts["question"][language], Accept: p.Texts["accept"][language],
		Refuse: p.Texts["refuse"][language], More: p.Texts["more"][language],
	})
	if err != nil {
		return asset{}, fmt.Errorf("the banner's texts: %w", err)
	}
	return compressed([]byte("(function(texts){" + script + "})(" + string(said) + ");\n"))
}

// banner answers with the banner, or with an empty script for who need not be asked. The cookie comes with the request, so the page
// needs no second one to know.
func (s *Service) banner(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	v := s.look(r, query.Get("site"), primary(query.Get("lang")))
	if v.site == nil {
		refuse(w, http.StatusNotFound, "site: not a site of this collector")
		return
	}
	header := w.Header()
	header.Set("Cross-Origin-Resource-Policy", "cross-origin") // the page that loads it is another host's
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	if !s.asks(v) {
		w.WriteHeader(http.StatusOK)
		return
	}
	script := s.banners[v.tongue]
	body := script.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = script.gzipped
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // who asked has gone
}

// primary is the language of a tag: kk of kk-KZ.
func primary(tag string) string {
	language, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return language
}
