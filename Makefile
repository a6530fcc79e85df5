# The work is in scripts/, which also run on their own. Targets that take long
# say what they wait for. JSON=1 makes demo end with one JSON document, SVG=FILE
# draws its run: make demo SVG=docs/demo.svg is the README's picture. Flags go to
# sim by ARGS: make sim ARGS='-scenarios S1,S7 -balancers adaptive'.
.DEFAULT_GOAL := help
.PHONY: help demo test faults lint bench check generate pictures sim incidents newcomer

help:
	@echo "make demo      generate a service, run five replicas on an embedded etcd, break them, count failed calls"
	@echo "make test      every test with the race detector, against real etcd and Consul processes"
	@echo "make faults    every fault of the matrix against real servers: bound, measured, failed calls"
	@echo "make sim       every balancer, ours and the peers', in simulated fleets and faults: latency, errors, recovery"
	@echo "make check     what must hold before a change lands: format, vet, lint, tidy modules, generated files"
	@echo "make lint      golangci-lint alone, and go vet"
	@echo "make bench     picks, policies, calls end to end and changes beside the peers', five and a half minutes; QUICK=1: one; PACKAGES=1: each package's own"
	@echo "make generate  bring generated files up to date"
	@echo "make pictures  play a start and a stop, joining, leaving and an outage of etcd, and draw what happened: docs/*.svg; kitgen dev, and the pages: docs/*.png"
	@echo "make newcomer  what a newcomer types with kitgen, goctl, kitex and kratos until a service runs: five minutes"
	@echo "make incidents play six incidents without and with the policies, and draw them: docs/incident-*.svg, three minutes"
	@echo
	@echo "Needs Go alone. A first run compiles: demo about two minutes, test about fifteen (it builds etcd, Consul and the peers)."

demo:
	@echo "demo: building bin/kitgen (with an etcd inside: about two minutes from a cold cache)"
	@go build -o bin/kitgen ./cmd/kitgen
	@bin/kitgen demo $(if $(JSON),--json) $(if $(SVG),--svg $(SVG))

test:
	@scripts/test.sh

faults:
	@scripts/faults.sh

lint:
	@echo "lint: go vet"
	@go vet work
	@scripts/lint.sh

bench:
	@scripts/bench.sh

check:
	@scripts/check.sh

generate:
	@echo "generate: go generate in every module"
	@scripts/generate.sh

pictures:
	@echo "pictures: a minute (a first run builds an etcd: about a minute more)"
	@go run ./internal/lifecycle -svg docs/lifecycle.svg -scenes docs
	@cd examples && go run ./observability -debug-addr 127.0.0.1:0 -screenshot ../docs/debug-page.png
	@go run ./cmd/kitgen/internal/apipicture -out docs/openapi-page.png
	@go run ./cmd/kitgen/internal/devpicture -out docs/dev.svg

sim:
	@scripts/sim.sh $(ARGS)

incidents:
	@echo "incidents: three minutes"
	@go run ./internal/incidents -out docs $(if $(JSON),-json) $(ARGS)

newcomer:
	@scripts/newcomer.sh $(ARGS)
