package main

import (
	"encoding/json"

	"mayak/collector/hit"
	"mayak/collector/privacy"
	"mayak/schema/event"
)

// everyLevel asks what would be kept at each level of consent.
const everyLevel = "each"

// each answers for each level: what an operator decides on is the difference.
func (e *explainer) each(h *hit.Hit, gate *privacy.Gate) ([]byte, error) {
	answers := map[string]json.RawMessage{}
	for _, level := range event.Levels() {
		h.Consent = level
		kept, err := e.kept(h, gate)
		if err != nil {
			return nil, err
		}
		answers[level] = kept
	}
	return json.Marshal(answers)
}
