package privacy

import (
	"testing"

	"mayak/collector/hit"
)

func BenchmarkClear(b *testing.B) {
	g := newGate(b, "")
	for name, h := range map[string]*hit.Hit{
		"page view": visit(),
		"engage": visit(func(h *hit.Hit) {
			h.Type, h.Page, h.EngagedMS, h.Scroll, h.Title, h.Referrer = "engage", h.ID, 15000, 80, "", ""
		}),
		"refused": visit(func(h *hit.Hit) { h.Consent = "refused" }),
	} {
		b.Run(name, func(b *testing.B) {
			var c Cleared
			b.ReportAllocs()
			for b.Loop() {
				if reason := g.Clear(h, &c, nil); reason != hit.Kept {
					b.Fatal(reason)
				}
			}
		})
	}
}

func BenchmarkScrub(b *testing.B) {
	for name, text := range map[string]string{
		"clean ascii":    "Cardiologist in Almaty, prices and reviews of patients",
		"clean cyrillic": "Кардиолог в Алматы — цены и отзывы пациентов, запись",
		"date":           "Расписание приёма на 22.11.2026, понедельник",
		"dirty":          "Запись: Иван, ivan.petrov@mail.ru, тел. +7 (701) 123-45-67",
	} {
		b.Run(name, func(b *testing.B) {
			var s scrubber
			b.ReportAllocs()
			for b.Loop() {
				s.text(text, kind{uuid: markToken})
			}
		})
	}
}
