# Gangze 岗责. `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
export GANGZE_DEMO ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench simulate clean lock

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## install everything into .venv and build the front end

$(VENV)/.ready: requirements.txt setup.cfg
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; say PYTHON=… make run"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
	@command -v npm >/dev/null || $(BIN)/pip install -q --disable-pip-version-check -r requirements-node.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.ready-test: $(VENV)/.ready requirements-test.txt
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-test.txt
	touch $@

.PHONY: build
build: setup
	@$(BIN)/python -m app.web.build

run: build ## set up, migrate, load the demonstration bureau on first start, serve on 127.0.0.1:$PORT
	@$(BIN)/gangze db upgrade
	@if [ "$$GANGZE_DEMO" = 1 ]; then $(BIN)/gangze demo load --if-empty; fi
	@exec $(BIN)/gangze serve --port $(PORT)

test: build $(VENV)/.ready-test ## the whole suite; browser and database tests where this machine has them
	$(BIN)/pytest -n $${JOBS:-4} --dist loadfile

check: $(VENV)/.ready-test ## format, lint, import rules
	$(BIN)/ruff check .
	$(BIN)/lint-imports

bench: build $(VENV)/.ready-test ## measure against peers, interleaved, medians and ratios
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-bench.txt
	$(BIN)/gangze bench

simulate: $(VENV)/.ready-test ## 1,000,000 random cases: offices of 8 to 300 and the bureau; MINUTES= bounds it, it goes on where it stopped
	@mkdir -p var
	$(BIN)/python -m tests.simulation --cases $${CASES:-1000000} --state var/simulation.jsonl $${MINUTES:+--minutes $$MINUTES}

lock: $(VENV)/.ready-test ## write the lock files anew from setup.cfg
	$(BIN)/pip install -q pip-tools
	$(BIN)/pip-compile -q --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-annotate -o requirements.txt setup.cfg
	$(BIN)/pip-compile -q --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-annotate --extra test -o requirements-test.txt setup.cfg
	$(BIN)/pip-compile -q --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-annotate --extra test --extra bench -o requirements-bench.txt setup.cfg

clean: ## remove what was built; var/ with your data stays
	rm -rf $(VENV) app/web/static/built app/web/frontend/node_modules .pytest_cache .ruff_cache .hypothesis *.egg-info
