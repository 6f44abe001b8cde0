.DEFAULT_GOAL := help
.PHONY: help engines

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

engines: ## fetch what the demo and the tests run on (once) and build the ClickHouse child program
	@./deploy/engines/fetch.sh
	CGO_ENABLED=0 go build -o bin/andon-clickhouse ./cmd/andon-clickhouse
