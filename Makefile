.DEFAULT_GOAL := help
.PHONY: help build demo train train-public test check race mutants bench endurance chaos tables fuzz lint fmt new-rule engines clickhouse clean

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo devel)
LINT := .cache/bin/golangci-lint-v2.15.0/golangci-lint
FUZZ_SECONDS ?= 30
# What the report of the tests reads when go test itself went wrong.
FAILED := echo '{"Action":"fail","Package":"go test"}'
ifdef ANDON_DATA
export ANDON_DATA := $(abspath $(ANDON_DATA))
endif

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/andon, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/andon ./cmd/andon

demo: clickhouse build ## see it run: a simulated day through the whole line, on engines it brings itself
	bin/andon demo

test: engines build ## all tests, real Kafka and ClickHouse included: what CI runs; the shell's under the race detector
	@deploy/engines/need.sh cc gcc libc6-dev
	@echo "go test -race ./pipeline/..., but for its simulator, and go test of all others"
	@{ CGO_ENABLED=1 go test -count=1 -timeout 20m -race -json $$(go list ./pipeline/... | grep -v '/sim$$') || $(FAILED); \
	   go test -count=1 -timeout 20m -json $$(go list ./... | grep -v ^andon/pipeline) ./pipeline/sim || $(FAILED); } | go run ./internal/testreport

check: lint ## the fast loop: lint and all tests that need no engine
	{ go test -short -json ./... || $(FAILED); } | go run ./internal/testreport

race: ## the fast tests under the race detector
	@deploy/engines/need.sh cc gcc libc6-dev
	{ CGO_ENABLED=1 go test -count=1 -race -short -json ./... || $(FAILED); } | go run ./internal/testreport

mutants: engines ## plant faults one by one and see that a test catches each (a quarter of an hour)
	go run ./internal/mutants

bench: engines ## measure it: line, growth, load, latency, side by side in one run (a quarter of an hour, 16 GB)
	go run ./cmd/andon-bench all $(BENCH_FLAGS)

endurance: engines build ## measure it for 30 minutes at 70 % load, with outages of ClickHouse and Kafka, and check what came of it
	go run ./cmd/andon-bench endurance $(BENCH_FLAGS)

chaos: engines ## kill and pause processes at named moments of their talk with Kafka and ClickHouse, until there is enough (hours; it can be ended and begun again)
	CGO_ENABLED=0 go build -trimpath -tags chaos -o bin/andon-chaos ./cmd/andon
	go run ./cmd/andon-bench $(BENCH_FLAGS) chaos $(CHAOS_FLAGS)

train: build ## train the shipped models on simulated days (PYTHON: one with train/requirements.txt)
	PYTHON="$(PYTHON)" train/simulated.sh

train-public: build ## train on the public data sets and print the figures of docs/models.md (ANDON_DATA, PYTHON)
	PYTHON="$(PYTHON)" train/public.sh

tables: ## make the tables of the docs from docs/figures
	go run ./cmd/andon-bench tables

fuzz: ## each fuzz test for FUZZ_SECONDS (default 30)
	@go list -f '{{if .TestGoFiles}}{{.ImportPath}}{{end}}{{if .XTestGoFiles}} {{.ImportPath}}{{end}}' ./... | tr ' ' '\n' | sort -u | while read -r p; do \
		go test -list '^Fuzz' $$p | grep '^Fuzz' | while read -r f; do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZ_SECONDS)s -fuzzminimizetime 1s $$p || exit 1; done || exit 1; done

lint: $(LINT) ## golangci-lint, fetched once
	$(LINT) run ./...

$(LINT):
	GOBIN=$(CURDIR)/$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

fmt: ## format all Go files
	gofmt -w $$(git ls-files '*.go')

new-rule: ## scaffold a rule: make new-rule CODE=XX-NN
	@go run ./internal/newrule $(CODE)
	@go test ./detectors/rule -rewrite >/dev/null && echo "described it in docs/exceptions.md"
	@go test ./detectors -run Logic -rewrite >/dev/null && echo "named the logic anew in detectors/testdata/logic.txt"

engines: clickhouse ## fetch what the demo and the tests run on (once) and build the ClickHouse child program
	@./deploy/engines/fetch.sh kafka
	@./deploy/engines/fetch.sh clients || echo "engines: the tests go on without it"

clickhouse:
	@./deploy/engines/fetch.sh clickhouse
	CGO_ENABLED=0 go build -o bin/andon-clickhouse ./cmd/andon-clickhouse

clean: ## remove what was built; fetched engines stay in .cache
	rm -rf bin
