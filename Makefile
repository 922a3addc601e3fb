# Every task of this project. `make` alone lists them; each sets up its own virtual environment, .venv, once.
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
PYTEST := $(PY) -m pytest
INSTALLED := .venv/.installed
REPORTS := build/reports
CHARTS := charts/leader-sidecar charts/housekeeping-demo charts/leader-sidecar-operator
# Process tests wait most of the time: several at once, each worker with an API server of its own.
SIDE_BY_SIDE := --numprocesses=3
# A worker for each processor; a file's tests share a worker, and so the servers that are started for them.
BY_FILE := --numprocesses=2 --dist=loadfile
# It is held to seconds and to a rate, and so is alone.
SCALE := tests/operators/test_scale.py
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Two parts at once would take the processor from tests that measure time, and mix what they print.
.NOTPARALLEL:

##@ Tests

.PHONY: check
check: format-check lint types layers verify-generated core-tests unit-tests ## what needs nothing from outside: format, types, layers, unit tests

.PHONY: test
test: check ## check, then contracts, processes, the lab, charts, guards on real databases, and the demo
	$(PYTEST) tests/contract tests/lab tests/guards tests/fencing tests/demo --server=devserver $(BY_FILE) --junitxml=$(REPORTS)/test/devserver.xml
	$(PYTEST) tests/chart --server=devserver --numprocesses=2 --junitxml=$(REPORTS)/test/charts.xml
	$(PYTEST) tests/process --server=devserver $(SIDE_BY_SIDE) --junitxml=$(REPORTS)/test/processes.xml

.PHONY: integration
integration: programs client-go ## the contract suite, processes and clients on a real kube-apiserver
	$(PYTEST) --server=apiserver --ignore=tests/process --ignore=$(SCALE) $(BY_FILE) --junitxml=$(REPORTS)/integration/apiserver.xml
	$(PYTEST) $(SCALE) --server=apiserver --junitxml=$(REPORTS)/integration/scale.xml
	$(PYTEST) tests/process --server=apiserver $(SIDE_BY_SIDE) --junitxml=$(REPORTS)/integration/processes.xml

.PHONY: prove
prove: spec ## TLC on the model, 25,000 elections in virtual time (FULL=1: 100,000, SEED=n), every known-bad variant caught afresh
	$(PY) -m leader_sidecar lab run --schedules $(if $(FULL),100000,25000) --jobs 2 --seed $(or $(SEED),10000000)
	PYTHONPATH=tests $(PY) -m lab.search

.PHONY: kind-test
kind-test: cluster-programs image ## charts, operator and a cluster's worst days on a real one, made and deleted (KEEP=1 keeps it, CLUSTER=name takes one)
	$(PYTEST) tests/kind --server=kind --timeout=900 -rP --junitxml=$(REPORTS)/kind-test/kind.xml

.PHONY: demo
demo: $(INSTALLED) ## watch a leader fall and another rise, and a frozen one wake and be refused, in a minute (SEED=n)
	@$(PY) -m demo $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: programs ## figures beside client-go on a real kube-apiserver, 40 min, and what guards cost (ARGS="--only crash,load")
	@PYTHONPATH=tests $(PY) -m bench $(ARGS)
	@PYTHONPATH=tests $(PY) -m bench.guards

.PHONY: soak
soak: programs ## sidecars under faults for half an hour (MINUTES=n): nothing may grow
	@PYTHONPATH=tests $(PY) -m process.soak $(if $(MINUTES),--minutes $(MINUTES))

##@ Parts of them

.PHONY: format-check
format-check: $(INSTALLED) ## every file is formatted; `make format` formats them
	$(PY) -m ruff format --check .

.PHONY: lint
lint: $(INSTALLED) ## ruff
	$(PY) -m ruff check .

.PHONY: types
types: $(INSTALLED) ## mypy
	$(PY) -m mypy

.PHONY: layers
layers: $(INSTALLED) ## import-linter
	$(BIN)/lint-imports --no-logo

.PHONY: core-tests
core-tests: export COVERAGE_FILE := build/coverage
core-tests: $(INSTALLED) ## tests/core, which take every branch of the core
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest tests/core --numprocesses=2 --dist=worksteal --junitxml=$(REPORTS)/check/core.xml
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report --include='sidecar/leader_sidecar/core/*' --fail-under=100

.PHONY: unit-tests
unit-tests: $(INSTALLED) ## the other tests that ask no API server
	$(PYTEST) --ignore=tests/core --ignore=tests/contract --ignore=tests/process --ignore=tests/lab --ignore=tests/chart --ignore=tests/guards --ignore=tests/fencing --ignore=tests/demo --ignore=tests/spec $(BY_FILE) --junitxml=$(REPORTS)/check/unit.xml

.PHONY: spec
spec: $(INSTALLED) ## TLC on the protocol's model in spec/, on wrong rules, and on runs of the laboratory (needs java)
	@PYTHONPATH=tests $(PY) -m spec.check
	$(PYTEST) tests/spec --junitxml=$(REPORTS)/prove/spec.xml

.PHONY: programs
programs: $(INSTALLED) ## find kube-apiserver and etcd, or build them (once, 6 minutes, needs Go)
	@PYTHONPATH=tests $(PY) -m cluster.programs

.PHONY: client-go
client-go: $(INSTALLED) ## find the elector of client-go that stands beside the sidecar, or build it (once, a minute, needs Go)
	@PYTHONPATH=tests $(PY) -m bench.elector

.PHONY: cluster-programs
cluster-programs: $(INSTALLED) ## find kind, helm and kubectl, or build them and what a node is made of (once, 9 minutes, needs Go)
	@PYTHONPATH=tests $(PY) -m cluster.kind

.PHONY: image
image: $(INSTALLED) ## the images of the sidecar, the operator and the demo's app (BASE=public or debian)
	@PYTHON=$(PY) sidecar/build-images

.PHONY: dist
dist: $(INSTALLED) ## wheel, source distribution and charts of this version, in dist/ (needs helm)
	@rm -rf dist && mkdir -p dist/python
	@$(PY) -m hatchling build --directory dist/python
	@helm=$$(PYTHONPATH=tests $(PY) -m cluster.kind helm) && for chart in charts/*/; do "$$helm" package --destination dist $$chart; done

.PHONY: version-check
version-check: $(INSTALLED) ## the version that a release's TAG=v1.2.3 says is that of the code
	@test "$(TAG)" = "v$$($(PY) -c 'import leader_sidecar; print(leader_sidecar.__version__)')" \
	  || { echo "TAG=$(TAG) is not the version in sidecar/leader_sidecar/__init__.py" >&2; exit 1; }

##@ Generated files

# Each has two targets, a file, and the command that prints what should be in it.
.PHONY: update-generated verify-generated
update-generated: update-reference update-states update-charts update-manifests ## write them all anew
verify-generated: verify-reference verify-states verify-charts ## say which is not what it would be anew

.PHONY: update-reference verify-reference
update-reference verify-reference: generated = docs/reference.md
update-reference verify-reference: generator = $(PY) -m leader_sidecar config --reference
update-reference: $(INSTALLED) ## docs/reference.md, from the table of settings
	$(update)
verify-reference: $(INSTALLED)
	$(verify)

.PHONY: update-states verify-states
update-states: $(INSTALLED) ## the state diagram in docs/PROTOCOL.md, from the core's table of transitions
	@$(PY) tests/core/diagram.py
verify-states: $(INSTALLED)
	@$(PY) tests/core/diagram.py --verify

.PHONY: update-charts verify-charts update-manifests verify-manifests
update-charts: $(INSTALLED) ## schema, README and defaults of the charts, from their commented values
	@PYTHONPATH=sidecar $(PY) tools/chart_docs.py $(CHARTS)
verify-charts: $(INSTALLED)
	@PYTHONPATH=sidecar $(PY) tools/chart_docs.py --verify $(CHARTS)
update-manifests: $(INSTALLED) ## manifests/, from the charts (needs helm)
	@PYTHONPATH=sidecar $(PY) tools/manifests.py
verify-manifests: $(INSTALLED)
	@PYTHONPATH=sidecar $(PY) tools/manifests.py --verify

define update
@$(generator) > $(generated).new && mv $(generated).new $(generated) || { rm -f $(generated).new; exit 1; }
endef
define verify
@$(generator) | diff -u --label $(generated) --label 'made anew' $(generated) - \
  || { echo "$(generated) is out of date: run make $(@:verify-%=update-%)" >&2; exit 1; }
endef

##@ Housekeeping

.PHONY: format
format: $(INSTALLED) ## format every file and mend what ruff can mend
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

.PHONY: venv
venv: $(INSTALLED) ## set up .venv (PYTHON=python3.12 chooses another Python than python3)

.PHONY: clean
clean: ## remove what tests and tools leave; .venv and the built kube-apiserver stay
	rm -rf build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find sidecar tests demo -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: clean-all
clean-all: clean ## also remove .venv
	rm -rf .venv

.PHONY: help
help: ## this list
	@if [ -t 1 ]; then bold=$$(printf '\033[1m') blue=$$(printf '\033[36m') plain=$$(printf '\033[0m'); fi; \
	awk -v bold="$$bold" -v blue="$$blue" -v plain="$$plain" -F ':.*## ' ' \
	  /^##@ / { printf "%s%s%s%s\n", separator, bold, substr($$0, 5), plain; separator = "\n" } \
	  /^[a-z-]+:.*## / { printf "  %s%-17s%s %s\n", blue, $$1, plain, $$2 }' $(firstword $(MAKEFILE_LIST))

# Installed packages that already suffice are taken as they are, so that this works without a network too.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo 'make: $(PYTHON) is not Python 3.11 or newer: apt-get install python3 python3-venv, or name one with PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'make: $(PYTHON) cannot make a virtual environment: apt-get install python3-venv' >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(PY) -m pip install --quiet --no-index --no-build-isolation --editable '.[dev]' 2>/dev/null \
	  || { echo 'make: installing what the project needs into .venv'; $(PY) -m pip install --quiet --editable '.[dev]'; } \
	  || { echo 'make: .venv could not be set up: is a Python package index within reach?' >&2; exit 1; }
	@touch $@
