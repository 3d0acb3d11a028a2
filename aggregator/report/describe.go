package report

// Description is how the catalogue tells of one report.
type Description struct {
	Name       string            `json:"name"`
	Help       string            `json:"help"`
	Dimensions []DimensionDetail `json:"dimensions"`
	Measures   []MeasureDetail   `json:"measures"`
	Sort       string            `json:"sort"`
}

// DimensionDetail describes a dimension.
type DimensionDetail struct {
	Name string `json:"name"`
	Help string `json:"help"`
}

// MeasureDetail describes a measure.
type MeasureDetail struct {
	Name string `json:"name"`
	Help string `json:"help"`
	Unit Unit   `json:"unit"`
}

// Describe describes the reports that the reader may see.
func (r *Reports) Describe(reader Reader) []Description {
	all := []Description{}
	for _, d := range r.Catalogue(reader) {
		about := Description{
			Name: d.Name, Help: d.Help, Sort: d.Sort,
			Dimensions: []DimensionDetail{}, Measures: []MeasureDetail{},
		}
		for _, dimension := range d.Dimensions {
			about.Dimensions = append(about.Dimensions, DimensionDetail{dimension.Name, dimension.Help})
		}
		for _, m := range d.Measures {
			about.Measures = append(about.Measures, MeasureDetail{m.Name, m.Help, m.Unit})
		}
		all = append(all, about)
	}
	return all
}
