package archtest

import "slices"

// Package is one row of the table of packages.
type Package struct {
	Folder  string
	Imports []string // folders of ours that it may import; "x/..." is x and everything below it
	Doc     string   // the file with the package's comment, if not main.go or the one named after the folder
}

// Packages is every package that there is and every edge between them. What it does not list does not exist.
// Collector and aggregator never import each other, everything below schema may be imported by both, and nothing
// imports scripts.
func Packages() []Package {
	return slices.Concat(processes(), contract(), tools())
}

// processes are the two programs.
func processes() []Package {
	return []Package{
		// Process 1: a request becomes a hit, the gate clears it, the enricher adds to it, the spool keeps it.
		{Folder: "collector", Imports: []string{"collector/...", "schema/..."}},
		{Folder: "collector/tracker"},
		{Folder: "collector/tracker/build"},
		{Folder: "collector/hit"},
		{Folder: "collector/client"},
		{Folder: "collector/keys", Imports: []string{"schema/tokenfile"}},
		{Folder: "collector/accesslog", Imports: []string{"schema/proxies"}},
		{Folder: "collector/beacon", Imports: []string{"collector/hit", "schema/proxies"}},
		{Folder: "collector/privacy", Imports: []string{
			"collector/hit", "schema/consent", "schema/event", "schema/sites", "schema/policy", "schema/visitor",
		}, Doc: "gate.go"},
		{Folder: "collector/rights", Imports: []string{
			"schema/consent", "schema/event", "schema/policy", "schema/sites", "schema/visitor",
		}},
		{Folder: "collector/mail", Imports: []string{"collector/hit", "schema/event", "schema/sites", "schema/visitor"}},
		{Folder: "collector/enrich", Imports: []string{"collector/privacy", "collector/hit", "schema/event", "schema/geoip"}, Doc: "lookups.go"},
		{Folder: "collector/spool"},
		{Folder: "collector/deliver", Imports: []string{"collector/spool", "schema/event", "schema/clickhouse", "schema/visitor"}},

		// Process 2.
		{Folder: "aggregator", Imports: []string{"aggregator/...", "dashboards", "dashboards/viewer", "schema/..."}},
		{Folder: "aggregator/schedule"},
		{Folder: "aggregator/series"},
		{Folder: "aggregator/analyst", Imports: []string{"aggregator/report", "schema/clickhouse"}},
		{Folder: "aggregator/retention", Imports: []string{"schema/cluster", "schema/policy"}},
		{Folder: "aggregator/diagnose", Imports: []string{"schema/clickhouse", "schema/sites"}},
		{Folder: "aggregator/rollup", Imports: []string{"schema/clickhouse", "schema/cluster", "schema/sites"}},
		{Folder: "aggregator/session", Imports: []string{"schema", "schema/clickhouse", "schema/cluster", "schema/sites"}},
		{Folder: "aggregator/audit"},
		{Folder: "aggregator/backup", Imports: []string{"schema/clickhouse"}},
		{Folder: "aggregator/subject", Imports: []string{
			"aggregator/audit", "schema/clickhouse", "schema/cluster", "schema/consent", "schema/policy", "schema/visitor",
		}},
		{Folder: "aggregator/risk", Imports: []string{
			"schema/clickhouse", "schema/cluster", "schema/consent", "schema/geoip", "schema/visitor",
		}},
		{Folder: "aggregator/report", Imports: []string{
			"aggregator/report/period", "aggregator/rollup", "schema", "schema/clickhouse", "schema/sites", "schema/policy",
		}},
		{Folder: "aggregator/report/period"},
		{Folder: "aggregator/report/access", Imports: []string{"schema/policy", "schema/tokenfile"}},
		{Folder: "aggregator/report/api", Imports: []string{
			"aggregator/report", "aggregator/report/access", "aggregator/audit", "aggregator/diagnose", "aggregator/risk", "aggregator/series", "aggregator/subject", "dashboards", "schema/clickhouse", "schema/sites", "schema/policy", "schema/proxies",
		}},
		{Folder: "dashboards", Imports: []string{"schema/clickhouse"}},
		{Folder: "dashboards/grafanatest", Imports: []string{"dashboards"}},
		{Folder: "dashboards/viewer"},
		{Folder: "dashboards/viewer/build"},
		{Folder: "aggregator/report/terminal", Imports: []string{"aggregator/report", "aggregator/report/period"}},
	}
}

// contract is what both processes share.
func contract() []Package {
	return []Package{
		{Folder: "schema"},
		{Folder: "schema/keyfile"},
		{Folder: "schema/proxies"},
		{Folder: "schema/tokenfile"},
		{Folder: "schema/event", Imports: []string{"schema/keyfile"}},
		{Folder: "schema/geoip", Imports: []string{"schema/event"}},
		{Folder: "schema/consent", Imports: []string{"schema/event"}},
		{Folder: "schema/sites", Imports: []string{"schema/event"}},
		{Folder: "schema/policy", Imports: []string{"schema", "schema/event"}},
		{Folder: "schema/roles", Imports: []string{"schema/clickhouse", "schema/cluster", "schema/policy"}},
		{Folder: "schema/visitor", Imports: []string{"schema/keyfile"}},
		{Folder: "schema/clickhouse"},
		{Folder: "schema/clickhouse/clickhousetest", Imports: []string{"schema/embedded", "schema/clickhouse", "schema/migrate"}},
		{Folder: "schema/clickhouse/nativetest"},
		{Folder: "schema/cluster"},
		{Folder: "schema/migrate", Imports: []string{"schema", "schema/clickhouse", "schema/cluster"}},
		{Folder: "schema/embedded", Imports: []string{"schema/settings"}},
		{Folder: "schema/embedded/engine", Imports: []string{"schema/embedded", "schema/settings", "schema/telemetry"}},
		{Folder: "schema/settings"},
		{Folder: "schema/settings/settingstest", Imports: []string{"schema/settings"}, Doc: "readme.go"},
		{Folder: "schema/telemetry"},
	}
}

// tools are what a person types or CI runs.
func tools() []Package {
	return []Package{
		{Folder: "scripts/archtest"},
		{Folder: "scripts/bench"},
		{Folder: "scripts/bots"},
		{Folder: "scripts/browser"},
		{Folder: "scripts/capacity"},
		{Folder: "scripts/compose"},
		{Folder: "scripts/systemd"},
		{Folder: "scripts/crash"},
		{Folder: "scripts/demo"},
		{Folder: "scripts/faults"},
		{Folder: "scripts/fetch"},
		{Folder: "scripts/fetch/npm"},
		{Folder: "scripts/geoip"},
		{Folder: "scripts/incidents"},
		{Folder: "scripts/load"},
		{Folder: "scripts/load/history"},
		{Folder: "scripts/load/send"},
		{Folder: "scripts/probe"},
		{Folder: "scripts/processes"},
		{Folder: "scripts/risk"},
		{Folder: "scripts/run"},
		{Folder: "scripts/scale"},
		{Folder: "scripts/soak"},
	}
}

// TestImports is what any test may import beside its package's own edges: the contract, a database to try it on, and what Grafana asks.
func TestImports() []string { return []string{"schema/...", "dashboards/grafanatest"} }

// Library is one row of the table of libraries.
type Library struct {
	Path  string   // a module's path, or a package of the standard library
	Users []string // folders that may import it; "x/..." is x and everything below it
}

// Libraries is every module that we use and who may. A standard package stands here only if not everybody may use it.
// Tests may use any listed one, and those without users are for tests and scripts alone.
func Libraries() []Library {
	everybody := []string{"collector/...", "aggregator/...", "schema/..."}
	return []Library{
		// The hot path speaks fasthttp, and only the edge does; everything else that serves is small.
		{"github.com/valyala/fasthttp", []string{"collector/beacon"}},
		{"github.com/valyala/fastjson", []string{"collector/accesslog"}},                                                                                     // elsewhere a yardstick
		{"net/http", []string{"collector", "collector/beacon", "collector/client", "collector/rights", "aggregator/...", "dashboards/viewer", "schema/..."}}, // for the admin listener

		// One storage client, kept away from the gate and the spool.
		{"github.com/ClickHouse/clickhouse-go/v2", []string{"schema/...", "collector/deliver", "collector/rights", "collector", "aggregator/..."}},
		{"github.com/ClickHouse/ch-go", []string{"schema/embedded", "collector/deliver", "schema/clickhouse/nativetest"}},
		{"github.com/pressly/goose/v3", []string{"schema/migrate"}},
		{"github.com/ebitengine/purego", []string{"schema/embedded"}},
		{"github.com/klauspost/compress", []string{"schema/embedded", "collector/accesslog", "collector/beacon"}},
		{"github.com/pierrec/lz4/v4", []string{"schema/embedded"}},
		{"github.com/andybalholm/brotli", []string{"schema/embedded", "collector/tracker", "collector/tracker/build", "dashboards/viewer/build"}},

		// What is known about a visitor is looked up by the enricher and keyed by visitor, nowhere else.
		{"github.com/mssola/useragent", []string{"collector/enrich"}},
		{"github.com/oschwald/geoip2-golang/v2", []string{"schema/geoip"}},
		{"github.com/oschwald/maxminddb-golang/v2", []string{"schema/geoip"}},
		{"github.com/maypok86/otter/v2", []string{"collector/enrich", "collector/beacon", "schema/geoip"}},
		{"github.com/dchest/siphash", []string{"schema/visitor"}},

		// Settings and files.
		{"github.com/alecthomas/kong", []string{"collector", "aggregator", "schema/settings", "schema/settings/settingstest"}},
		{"github.com/goccy/go-yaml", []string{"dashboards", "schema/sites", "schema/policy", "schema/tokenfile"}},
		{"github.com/gofrs/flock", []string{"collector/spool", "schema/embedded", "schema/clickhouse/clickhousetest", "schema/tokenfile", "aggregator/audit", "aggregator/subject"}},
		{"google.golang.org/protobuf", []string{"schema/event"}},

		// Running and being watched.
		{"github.com/prometheus/client_golang", everybody},
		{"github.com/cenkalti/backoff/v5", everybody},
		{"golang.org/x/sync", everybody},
		{"golang.org/x/sys", everybody},
		{"golang.org/x/crypto/argon2", []string{"aggregator/report/access"}},
		{"golang.org/x/net/idna", []string{"collector/privacy"}},
		{"golang.org/x/time", []string{"collector/beacon"}},

		// The builds of the tracker and the viewer.
		{"github.com/evanw/esbuild", []string{"collector/tracker/build", "dashboards/viewer/build"}},
		{"os/exec", []string{"collector/tracker/build", "schema/clickhouse/clickhousetest"}},

		// Tests and scripts.
		{"github.com/google/go-cmp", nil},
		{"github.com/santhosh-tekuri/jsonschema/v6", nil},
		{"go.uber.org/goleak", nil},
		{"pgregory.net/rapid", nil},
		{"github.com/rogpeppe/go-internal", nil},
		{"github.com/Shopify/toxiproxy/v2", nil},
		{"github.com/chromedp", nil},
		{"github.com/schollz/progressbar/v3", nil},
		{"github.com/maxmind/mmdbwriter", nil},
		{"github.com/prometheus/common", []string{"aggregator/series"}},
		{"github.com/prometheus/prometheus", []string{"aggregator/series"}},
		{"github.com/prometheus/client_model", []string{"schema/telemetry", "aggregator/series"}},
		{"github.com/rs/zerolog", nil},
		{"github.com/google/uuid", nil},
		{"github.com/shopspring/decimal", nil},
		{"go4.org/netipx", nil},
		{"golang.org/x/term", nil},
		{"testing", []string{"schema/clickhouse/clickhousetest", "schema/clickhouse/nativetest", "schema/settings/settingstest"}},

		// Nobody: slog is passed in, math/rand/v2 needs no seeding, and gob writes what no other program reads.
		{"log", []string{}},
		{"math/rand", []string{}},
		{"encoding/gob", []string{}},
	}
}

// TopLevel is what stands at the root. Everything else has its place below.
func TopLevel() []string {
	return []string{
		"collector", "aggregator", "schema", "dashboards", "scripts", "docs",
		"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "Makefile",
		"Dockerfile", "docker-compose.yml", "go.mod", "go.sum",
		".ci", ".dockerignore", ".editorconfig", ".gitignore", ".golangci.yml",
	}
}

// ForbiddenNames are packages that would hold anything, and therefore everything.
func ForbiddenNames() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "type", "types", "model", "models", "misc", "shared", "base", "core"}
}

// MaxLines is the longest that a file written by hand may be.
const MaxLines = 400
