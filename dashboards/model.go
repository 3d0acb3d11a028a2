package dashboards

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Dashboard is one file.
type Dashboard struct {
	Name string // of the file, without its ending
	Model

	tree map[string]any // the same as it was written
}

// Model is the part of Grafana's classic JSON that the files use.
type Model struct {
	UID           string          `json:"uid"`
	Title         string          `json:"title"`
	Description   string          `json:"description"`
	Tags          []string        `json:"tags"`
	SchemaVersion int             `json:"schemaVersion"`
	Version       int             `json:"version"`
	Editable      bool            `json:"editable"`
	GraphTooltip  int             `json:"graphTooltip"`
	Time          Span            `json:"time"`
	Timepicker    json.RawMessage `json:"timepicker"`
	Timezone      string          `json:"timezone"`
	Refresh       string          `json:"refresh"`
	Links         []Link          `json:"links"`
	Templating    struct {
		List []Variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []Annotation `json:"list"`
	} `json:"annotations"`
	Panels []Panel `json:"panels"`
}

// Span is the range that is shown to begin with.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Source names a data source.
type Source struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Link leads to another dashboard, or of a dashboard to all with a tag.
type Link struct {
	Title       string   `json:"title"`
	URL         string   `json:"url"`
	Type        string   `json:"type,omitempty"`
	Icon        string   `json:"icon,omitempty"`
	Tooltip     string   `json:"tooltip,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	AsDropdown  bool     `json:"asDropdown,omitempty"`
	KeepTime    bool     `json:"keepTime,omitempty"`
	IncludeVars bool     `json:"includeVars,omitempty"`
	TargetBlank bool     `json:"targetBlank,omitempty"`
}

// Variable is what a reader chooses.
type Variable struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Label       string          `json:"label"`
	Description string          `json:"description"`
	Source      *Source         `json:"datasource"`
	Query       string          `json:"query"`
	Definition  string          `json:"definition"`
	Hide        int             `json:"hide"`
	Multi       bool            `json:"multi"`
	IncludeAll  bool            `json:"includeAll"`
	AllValue    string          `json:"allValue"`
	Refresh     int             `json:"refresh"`
	Sort        int             `json:"sort"`
	SkipURLSync bool            `json:"skipUrlSync"`
	Current     json.RawMessage `json:"current"`
	Options     []Option        `json:"options"`
}

// Option is one value that can be chosen.
type Option struct {
	Text     string `json:"text"`
	Value    string `json:"value"`
	Selected bool   `json:"selected"`
}

// Annotation is what happened at some time, drawn over the panels.
type Annotation struct {
	Name      string  `json:"name"`
	Source    Source  `json:"datasource"`
	Enable    bool    `json:"enable"`
	Hide      bool    `json:"hide"`
	IconColor string  `json:"iconColor"`
	BuiltIn   int     `json:"builtIn"`
	Type      string  `json:"type"`
	Target    *Target `json:"target"`
}

// Panel is one picture.
type Panel struct {
	ID              int             `json:"id"`
	Type            string          `json:"type"`
	Title           string          `json:"title"`
	Description     string          `json:"description"`
	Place           Place           `json:"gridPos"`
	Source          *Source         `json:"datasource"`
	Targets         []Target        `json:"targets"`
	Field           json.RawMessage `json:"fieldConfig"`
	Options         json.RawMessage `json:"options"`
	Transformations []struct {
		ID      string          `json:"id"`
		Options json.RawMessage `json:"options"`
	} `json:"transformations"`
	Links       []Link `json:"links"`
	Interval    string `json:"interval"`
	TimeFrom    string `json:"timeFrom"`
	Collapsed   bool   `json:"collapsed"`
	Panels      []any  `json:"panels"` // of a row, where there are none: what a row holds stands after it
	Transparent bool   `json:"transparent"`
}

// Place is where on a page of 24 columns a panel stands.
type Place struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Target is one query of a panel: of the database, or of a Prometheus.
type Target struct {
	RefID      string  `json:"refId"`
	Source     *Source `json:"datasource"`
	EditorType string  `json:"editorType"`
	QueryType  string  `json:"queryType"`
	Format     any     `json:"format"`
	RawSQL     string  `json:"rawSql"`
	Expr       string  `json:"expr"`
	Legend     string  `json:"legendFormat"`
	Instant    bool    `json:"instant"`
	Range      bool    `json:"range"`
}

// fieldConfig is how values are shown.
type fieldConfig struct {
	Defaults  field `json:"defaults"`
	Overrides []struct {
		Matcher struct {
			ID      string `json:"id"`
			Options string `json:"options"`
		} `json:"matcher"`
		Properties []struct {
			ID    string          `json:"id"`
			Value json.RawMessage `json:"value"`
		} `json:"properties"`
	} `json:"overrides"`
}

type field struct {
	Unit        string          `json:"unit"`
	Decimals    *int            `json:"decimals"`
	Min         *float64        `json:"min"`
	Max         *float64        `json:"max"`
	DisplayName string          `json:"displayName"`
	NoValue     string          `json:"noValue"`
	Color       json.RawMessage `json:"color"`
	Thresholds  json.RawMessage `json:"thresholds"`
	Mappings    json.RawMessage `json:"mappings"`
	Links       []Link          `json:"links"`
	Custom      json.RawMessage `json:"custom"`
}

// strict reads JSON with nothing in it that the target does not know.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Panel is the panel with this id, or nil.
func (d *Dashboard) Panel(id int) *Panel {
	if i := slices.IndexFunc(d.Panels, func(p Panel) bool { return p.ID == id }); i >= 0 {
		return &d.Panels[i]
	}
	return nil
}

// Variable is the variable of this name, or nil.
func (d *Dashboard) Variable(name string) *Variable {
	if i := slices.IndexFunc(d.Templating.List, func(v Variable) bool { return v.Name == name }); i >= 0 {
		return &d.Templating.List[i]
	}
	return nil
}

// Text is whether the panel only tells something.
func (p *Panel) Text() bool { return p.Type == "text" || p.Type == "row" }
