package session

// Report is a report that is read from the sessions themselves, through a parameterized view with site, since, until, grain and zone.
type Report struct {
	Name, About          string
	Dimensions, Measures []Column
}

// Column is a dimension or a measure of a report.
type Column struct{ Name, Type, About string }

// Reports lists what the views answer beside `sessions`. What is counted by the day stands in the catalogue of the rollups.
func Reports() []Report {
	text := func(name, about string) Column { return Column{name, "String", about} }
	number := func(name, about string) Column { return Column{name, "UInt64", about} }
	return []Report{
		{
			"funnels", "Ways through the site, step by step: how many got how far, within a visit or a day of the site, as the sites file says.",
			[]Column{text("funnel", "name of the funnel"), number("step", "number of the step, from 1"), text("name", "what the step is called")},
			[]Column{
				number("visitors", "distinct visitors of those who reached it, of whom those without consent count once a day"), number("entered", "visits (or days of a visitor) that reached the step before; for the first step those that reached it"), number("reached", "of these, those that reached the step"),
				{"drop_off", "Nullable(Float64)", "share of those who entered and did not reach it"},
				{"median_seconds", "Nullable(Float64)", "seconds from the step before that half of them exceeded"},
			},
		},
		{
			"cohorts", "Visitors who consented, by the week in which they first came, and how many of them came again in each week after.",
			[]Column{{"cohort", "Date", "first day of the week of the first visit"}, number("age", "weeks since then")},
			[]Column{
				number("visitors", "visitors of the cohort who came in that week"), number("size", "visitors of the cohort"),
				{"retention", "Float64", "share of the cohort that came"},
			},
		},
		{
			"loyalty", "New and returning visitors, as far as it may be known: without consent nobody is known on another day.",
			[]Column{text("kind", "new, returning or unknown")},
			[]Column{number("visits", "visits"), number("visitors", "distinct visitors, of whom those without consent count once a day"), number("bounces", "bounces")},
		},
		{
			"attribution", "Visits that reached a goal, by the first and by the last source that may be known of: all visits of 30 days with consent to advertising, those of the same day of the site without.",
			[]Column{text("goal", "name of the goal"), text("touch", "first or last"), text("channel", "kind of source"), text("source", "campaign source"), text("campaign", "campaign name"), text("currency", "of the worth")},
			[]Column{number("conversions", "visits that reached the goal"), number("visitors", "distinct visitors of these"), {"worth", "Decimal(38, 4)", "what it was worth"}},
		},
	}
}
