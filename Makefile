# The checks that a change has to pass, and the builds. `make` lists them.

# Tools have a module file of their own, so that they never enter ours.
TOOL = go tool -modfile=go.tool.mod

# Those that make a release need more modules than all else together, so they have
# one that only `make release` reads.
RELEASE = go tool -modfile=go.release.mod
GOFILES = $(shell git ls-files --cached --others --exclude-standard '*.go')

# Modules of their own: what a handler in Go imports, and what it is an example of.
NESTED = guest/go examples/geo integration/bench/handlers/gohost

FUZZTIME ?= 10s
BENCHTIME ?= 1s

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

.PHONY: build
build: ## build ./edgedeploy as it is released
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o edgedeploy ./cmd/edgedeploy

# Suites build and start the program, and time is short for some of what they start.
# On a cold machine they would all compile the same at once, for minutes.
.PHONY: compile
compile: ## compile what the tests run, and the tests
	go list -export -test -deps -f '{{.ImportPath}}' ./... >/dev/null
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /dev/null ./cmd/edgedeploy
	@$(TOOL) -n gotestsum >/dev/null

.PHONY: test
test: compile ## run all tests
	$(TOOL) gotestsum --format pkgname -- -timeout 60m ./...
	@for dir in $(NESTED); do echo "$$dir"; (cd $$dir && go test ./...) || exit 1; done

.PHONY: race
race: ## run all tests with the race detector (needs a C compiler)
	$(TOOL) gotestsum --format pkgname -- -race -timeout 60m ./...

.PHONY: load
load: ## put load on the local AWS, with the race detector (needs a C compiler)
	CGO_ENABLED=1 EDGEDEPLOY_LOAD=$${EDGEDEPLOY_LOAD:-60s} $(TOOL) gotestsum --format standard-verbose -- -race -count=1 ./integration/load

.PHONY: check
check: fmt vet staticcheck actionlint links cross vuln ## everything but the tests

.PHONY: fmt
fmt: ## fail if a Go file is not formatted
	@files=$$(gofmt -l $(GOFILES)); if [ -n "$$files" ]; then echo "gofmt these:"; echo "$$files"; exit 1; fi

.PHONY: vet
vet: ## go vet
	go vet ./...
	go vet -tags awsfacts ./integration/awsfacts
	@for dir in $(NESTED); do echo "$$dir"; (cd $$dir && go vet ./... && GOOS=wasip1 GOARCH=wasm go vet ./...) || exit 1; done

.PHONY: staticcheck
staticcheck: ## staticcheck
	$(TOOL) staticcheck ./...
	@check=$$($(TOOL) -n staticcheck); for dir in $(NESTED); do echo "$$dir"; (cd $$dir && $$check ./...) || exit 1; done

.PHONY: actionlint
actionlint: ## actionlint over our workflow and the one that we offer, without helpers that may be missing
	$(TOOL) actionlint -shellcheck= -pyflakes= .github/workflows/*.yml examples/pipelines/github-actions.yml

.PHONY: links
links: ## fail if a link in the docs leads nowhere
	node .ci/links.mjs

.PHONY: cross
cross: ## build and vet for macOS, and build what Windows is told with
	@for arch in amd64 arm64; do echo "darwin/$$arch"; \
		export GOOS=darwin GOARCH=$$arch CGO_ENABLED=0; \
		go build -trimpath -o /dev/null ./cmd/edgedeploy && go vet -trimpath ./... || exit 1; \
	done
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go build -trimpath -o /dev/null ./cmd/edgedeploy

# SBOMs are made side by side: their tool is compiled once, before.
.PHONY: release
release: ## make the files of a release in dist, but for the image
	$(RELEASE) goreleaser check
	$(RELEASE) cyclonedx-gomod version
	$(RELEASE) goreleaser release --snapshot --clean --skip=ko
	cd dist && sha256sum --check --quiet SHA256SUMS
	@echo "image: NOT MADE: its base comes from a registry of images, which is not asked here"

.PHONY: vuln
vuln: ## look for known vulnerabilities (needs the network)
	@.ci/vuln

.PHONY: bench
bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

.PHONY: bench-account
bench-account: ## count and measure a look at 500 functions and 1,000 distributions (ten minutes)
	EDGEDEPLOY_BENCH_ACCOUNT=1 go test -count=1 -timeout 40m -v ./integration/account

.PHONY: bench-handlers
bench-handlers: ## measure a handler in every interface (needs npm and, for wasm-bindgen, cargo)
	@[ -d integration/bench/handlers/bindgen/pkg ] || ! [ -x "$${CARGO:-/usr/bin/cargo}" ] || integration/bench/handlers/bindgen/build.sh
	EDGEDEPLOY_TEST_NODES=$${EDGEDEPLOY_TEST_NODES:-$$(integration/nodes.sh .tools/nodes)} go run ./integration/bench $(if $(AGAINST),-against $(AGAINST) -loads 101)

.PHONY: packages
packages: ## run handlers with every npm package of the list (needs npm; half a gigabyte)
	@EDGEDEPLOY_TEST_PACKAGES=$$(integration/packages.sh .tools/all-packages all) && export EDGEDEPLOY_TEST_PACKAGES && \
	EDGEDEPLOY_TEST_NODES=$${EDGEDEPLOY_TEST_NODES:-$$(integration/nodes.sh .tools/nodes)} && export EDGEDEPLOY_TEST_NODES && \
	EDGEDEPLOY_REQUIRE_PACKAGES=all go test -count=1 -timeout 30m -v -run TestPackagesByOthersRun ./integration/handlers

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do \
		for name in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' "$$file"); do \
			echo "$$(dirname "$$file") $$name"; \
			(cd "$$(dirname "$$file")" && go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
		done; \
	done
