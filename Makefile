# An index of what can be done here; each target is one line to where it is done.
.DEFAULT_GOAL := help
node := node_modules/.bin/node
vitest := $(node) node_modules/vitest/vitest.mjs run

.PHONY: help up check install sample knative knative-remove status stop down test test-knative verify unit e2e lint format typecheck generate bench clean

help: ## what can be done
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: node_modules ## a real Kubernetes (or the one of KUBECONFIG), vibeD on it, and a sample app with its URL
	@$(node) cluster/src/vibed/main.ts up

check: node_modules ## name what the cluster (KUBECONFIG, or this checkout's) lacks for vibeD
	@$(node) cluster/src/vibed/main.ts check

install: node_modules ## bundle the operator and put it on the running cluster (or that of KUBECONFIG) again
	@$(node) cluster/src/vibed/main.ts install

sample: node_modules ## deploy samples/hello.yaml and print its URL
	@$(node) cluster/src/vibed/main.ts sample

knative: node_modules ## Knative Serving on this checkout's cluster (started where it is not up); once more repairs it
	@$(node) cluster/src/main.ts knative

knative-remove: node_modules ## take Knative off the cluster, with every app on it
	@$(node) cluster/src/main.ts knative-remove

status: node_modules ## the cluster, in one line
	@$(node) cluster/src/main.ts status

stop: node_modules ## stop the cluster; apps and data stay
	@$(node) cluster/src/main.ts stop

down: node_modules ## delete the cluster of this checkout and all it left
	@$(node) cluster/src/main.ts down

test: node_modules ## everything: verify, then the scenarios on the real cluster (started where it is not up), without and with Knative
	@$(node) e2e/run.ts verify cluster scenarios knative

test-knative: node_modules ## of these the scenarios with Knative, which they put on the cluster and leave there
	@$(node) e2e/run.ts cluster knative

verify: node_modules ## generated files, lint, types, unit tests; no cluster, about three minutes
	@$(node) e2e/run.ts verify

unit: node_modules ## unit, golden and contract tests
	@$(vitest)

e2e: node_modules ## the scenarios, on the running cluster: make e2e only="a name"
	@$(vitest) --config e2e/vitest.config.ts $(if $(only),-t "$(only)")

lint: node_modules ## lint and format, checked
	@node_modules/.bin/biome check .

format: node_modules ## lint and format, mended
	@node_modules/.bin/biome check --write .

typecheck: node_modules ## TypeScript
	@node_modules/.bin/tsc -p .

generate: node_modules ## CRD, install.yaml, reference pages and the page of languages
	@$(node) crds/src/generate.ts
	@$(node) operator/src/install/generate.ts
	@$(node) packages/recipe/generate.ts

bench: node_modules ## the figures of docs/benchmarks.md, on the running cluster
	@$(node) e2e/bench/main.ts

clean: ## what builds leave
	@rm -rf node_modules */node_modules packages/*/node_modules */dist

# npm on an older Node than ours warns about engines: what runs is the Node that it installs here.
node_modules: package.json package-lock.json $(wildcard */package.json packages/*/package.json)
	@npm ci --no-audit --no-fund --loglevel=error
	@test -x $(node) || { rm -rf node_modules; echo 'npm did not run the install script of the package node: is ignore-scripts set?'; exit 1; }
	@touch node_modules
