package report

// diagnosticShapes are the reports for those who look after servers.
func diagnosticShapes() []shape {
	ops := []string{"ops"}
	return []shape{
		{view: "vitals", apart: "dimension", sort: "metric,dimension,-samples", roles: ops},
		{view: "errors", sort: "-errors", roles: ops},
		{view: "error_rates", sort: "-errors", roles: ops, ratios: []Measure{
			{Name: "error_rate", Help: "script errors in a hundred page views", Unit: Number, Ratio: &Ratio{Of: "errors", By: "views", Times: 100}},
		}},
		{view: "statuses", apart: "told_by", sort: "told_by,-answers", roles: ops},
		{view: "network_errors", sort: "-occurrences", roles: ops},
		{view: "reports", sort: "-occurrences", roles: ops},
		{view: "clients", apart: "told_by", sort: "told_by,-requests", roles: []string{"ops", "security"}, ratios: []Measure{
			{Name: "bot_share", Help: "requests of bots, in a hundred", Unit: Percent, Ratio: &Ratio{Of: "bot_requests", By: "requests", Times: 100}},
		}},
		{view: "server_side", sort: "-browser", roles: ops},
	}
}

// diagnosticNatures are the natures of their measures.
func diagnosticNatures() map[string]nature {
	return map[string]nature{
		"samples":      {Count, false, "vitals"}, // one measurement has a row of each dimension
		"p50":          {Number, false, "vitals"},
		"p75":          {Number, false, "vitals"},
		"p95":          {Number, false, "vitals"},
		"errors":       {Count, true, "error_kind"},
		"first_seen":   {Number, false, "error_kind"},
		"last_seen":    {Number, false, "error_kind"},
		"answers":      {Count, true, "status"},
		"bot_answers":  {Count, true, "status"},
		"occurrences":  {Count, true, "error_kind"},
		"requests":     {Count, true, ""},
		"bot_requests": {Count, true, "bot"},
		"refused":      {Count, true, ""}, // of networks: who may read the report may read them
		"failures":     {Count, true, ""},

		"browser_failures": {Count, true, "status"},
		"server_failures":  {Count, true, "status"},

		"faults":      {Count, true, ""},
		"browser":     {Count, true, "vitals"},
		"browser_p50": {Number, false, "vitals"},
		"browser_p75": {Number, false, "vitals"},
		"server":      {Count, true, "server_ms"},
		"server_p50":  {Number, false, "server_ms"},
		"server_p75":  {Number, false, "server_ms"},
	}
}
