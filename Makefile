# What a person types. `make run` and `make test` are enough to begin with.

.DEFAULT_GOAL := help
SHELL := /bin/bash

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOBUILD  = CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags '-s -w'
FUZZTIME ?= 30s
ROUNDS   ?= 50
COUNT    ?= 6
SIZES    ?= 1000000,10000000
EVENTS   ?= 100
DAYS     ?= 400
REPLICAS ?= 1

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build engine geoip ## a demo site, counted: engine, collector and a page to click on; Ctrl-C stops it
	@$(GOBUILD) -o build/run ./scripts/run
	@exec build/run

.PHONY: demo
demo: build engine geoip ## make run with a quarter of a clinic's visitors, kept apart: a season, a campaign, robots, fraud, an outage
	@$(GOBUILD) -o build/run ./scripts/run
	@$(GOBUILD) -o build/history ./scripts/load/history
	@$(GOBUILD) -o build/send ./scripts/load/send
	@MAYAK_RUN_HISTORY=$${MAYAK_RUN_HISTORY:-92} exec build/run

.PHONY: test
test: ## every check; each prints one line that says what ran and how long
	@scripts/check.sh

.PHONY: build
build: ## build/collector, build/aggregator, build/engine: static, without cgo
	@mkdir -p build
	$(GOBUILD) -o build/collector ./collector
	$(GOBUILD) -o build/aggregator ./aggregator
	$(GOBUILD) -o build/engine ./schema/embedded/engine

.PHONY: engine
engine: ## fetch the embedded ClickHouse engine into the user's cache, once
	@go run ./scripts/fetch engine

.PHONY: geoip
geoip: ## fetch country and network data that may be distributed (DB-IP, CC BY 4.0), once
	@go run ./scripts/geoip

.PHONY: geoip-city
geoip-city: ## fetch GeoLite2 City too; by asking for it you accept MaxMind's licence
	@go run ./scripts/geoip city

.PHONY: corpora
corpora: ## fetch lists of agents of robots and people that tests read, once
	@go run ./scripts/bots corpora

.PHONY: generate
generate: ## rebuild what is generated: the bundles of tracker and viewer, the table of robots
	go generate ./...

.PHONY: fmt
fmt: ## format every Go file
	@"$$(scripts/tool gofumpt)" -w $$(go list -f '{{.Dir}}' ./...)

.PHONY: lint
lint: ## format, vet, golangci-lint and the architecture's rules
	@scripts/check.sh format vet lint architecture tracker viewer

.PHONY: unit
unit: ## tests that need nothing but Go
	@scripts/check.sh unit

.PHONY: integration
integration: engine ## tests on the real embedded engine
	@scripts/check.sh integration

.PHONY: browser
browser: engine ## tests in a real Chromium on the demo site
	@scripts/check.sh browser

.PHONY: pictures
pictures: engine geoip ## the README's pictures anew, of a make demo of their own, and build/screenshots to look at
	@go test -count=1 -v -timeout 30m -run '^(TestThePicturesOfTheReadme|TestWhatABrowserDoesStandsInTheDatabase|TestTheViewer)$$/^(the_pages_fit_onto_every_screen$$|it_fits_onto_every_screen|every_dashboard|who_is_on_the_site_now)' ./scripts/browser -pictures

.PHONY: faults
faults: engine ## an engine that is down, slow, refusing; a full disk; counters that must add up
	@scripts/check.sh faults

.PHONY: crash
crash: build engine ## kill -9 under load, ROUNDS=50 times: nothing answered may be lost or counted twice
	@go run ./scripts/crash -rounds $(ROUNDS)

.PHONY: soak
soak: engine ## FOR=30m at RATE=5000 hits a second, the engine restarted twice: memory flat, nothing lost
	@go run ./scripts/soak -for $(or $(FOR),30m) -rate $(or $(RATE),5000)

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME=30s
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' aggregator collector schema | xargs -n 1 dirname | sort -u); do \
	  for target in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$package/*_test.go | cut -c 6-); do \
	    echo "$$package $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./$$package || exit 1; \
	  done; \
	done

.PHONY: bench
bench: build engine ## hits a second beside a bare server, deliveries a second; needs wrk
	@go run ./scripts/bench

.PHONY: bench-stages
bench-stages: ## what each stage from the socket to the spool takes, COUNT=6 times, for benchstat to compare
	@go test -run '^$$' -bench '^Benchmark(Handle|Decode|Clear|Agent(Cached|Mix)|Place|Channel|Append|Take|Accept)$$' -benchtime 200ms -count $(COUNT) \
	  ./collector ./collector/beacon ./collector/privacy ./collector/enrich ./collector/spool ./schema/event ./schema/geoip

.PHONY: load
load: ## lifelike traffic on the collector of make run: RATE=200 a second FOR=10s
	@go run ./scripts/load/send -rate $(or $(RATE),200) -for $(or $(FOR),10s)

.PHONY: scale
scale: engine ## what reports and rollups cost as a history grows: SIZES=1000000,10000000 events over a year
	@go run ./scripts/scale -events $(SIZES)

.PHONY: risk
risk: ## the risk signals on a simulated hour in which it is known who is honest: AUC, false positives, each signal; SEED=2
	@go run ./scripts/risk -seed $(or $(SEED),2)

.PHONY: incidents
incidents: ## precision, recall and time to detect of incidents on a synthetic year: SEED=1 DAYS=365
	@go run ./scripts/incidents -seed $(or $(SEED),1) -days $(if $(filter command environment,$(firstword $(origin DAYS))),$(DAYS),365)

.PHONY: capacity
capacity: ## machines, cores, disk and memory for EVENTS=100 a second, kept DAYS=400, REPLICAS=1
	@go run ./scripts/capacity -rate $(EVENTS) -days $(DAYS) -replicas $(REPLICAS)

.PHONY: install
install: build engine geoip ## programs, engine, GeoIP data and systemd units onto this machine, as root; DESTDIR= is put before every path
	@scripts/systemd/install.sh

.PHONY: docker
docker: ## container images of collector and aggregator
	docker build --target collector --tag mayak-collector:$(VERSION) .
	docker build --target aggregator --tag mayak-aggregator:$(VERSION) .

.PHONY: clean
clean: ## remove what was built here; what was fetched and stored stays in the user's folders
	rm -rf build collector/tracker/node_modules dashboards/viewer/node_modules
