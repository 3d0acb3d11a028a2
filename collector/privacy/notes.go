package privacy

import "strings"

// Action is what the gate did with something that came.
type Action string

// The actions.
const (
	Kept      Action = "kept"
	Dropped   Action = "dropped"
	Shortened Action = "shortened"
	Replaced  Action = "replaced"
)

// Note is one thing that the gate did: what came, what is stored of it, and why.
type Note struct {
	Field  string `json:"field"` // column of the table events or network_log, or the parameter that came
	Action Action `json:"action"`
	Raw    string `json:"raw,omitempty"`
	Stored string `json:"stored,omitempty"`
	Why    string `json:"why"`
}

// Notes collects what the gate did with one hit. It holds raw values: it is for the operator who asked to have a hit explained,
// never for a log. A nil Notes collects nothing, at no cost.
type Notes struct{ List []Note }

func (n *Notes) add(field string, action Action, raw, stored, why string) {
	if n == nil {
		return
	}
	n.List = append(n.List, Note{
		Field: field, Action: action, Raw: strings.Clone(raw), Stored: strings.Clone(stored), Why: why,
	})
}
