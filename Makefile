# HALO: every target does its own set-up. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup run call test hunt mutants million coverage load lint lock audit sbom docs clean

help:  ## list these targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.run  ## make .venv with the `halo` command in it

run: $(VENV)/.run  ## start on embedded defaults, play a sample call, keep serving
	@$(BIN)/halo serve --sample-call

call: $(VENV)/.run  ## call the running server: type what the caller says
	@$(BIN)/halo call

test: $(VENV)/.test $(VENV)/.node  ## set up and run all tests
	@$(BIN)/python -m pytest -n auto

hunt: $(VENV)/.run  ## 20,000 drawn calls against the scenario, 2,000 more with the backend
	@$(BIN)/halo simulate --calls 20000 --no-backend
	@$(BIN)/halo simulate --calls 2000

mutants: $(VENV)/.test  ## remove one guard after the other, and see who notices
	@$(BIN)/python -m tests.mutants

million: $(VENV)/.run  ## a million calls with a stand-in, in as many sittings as it takes: goes on where it was broken off
	@$(BIN)/halo simulate --calls 1000000 --seed 42000000 --no-backend --ledger tests/simulated/million.json

coverage: $(VENV)/.coverage  ## which branches tests take: of core and calls, and of the scenario
	@$(BIN)/python -m coverage run -m pytest -q -k "not linear_time" tests/unit/core tests/unit/calls tests/unit/api tests/unit/tools \
	    $(addprefix tests/contract/test_,stream.py stream_marks.py deliveries.py sms.py personal_data.py editions_in_force.py) \
	    $(addprefix tests/simulated/test_,turn_faults.py stream_faults.py led_nowhere.py calling_out.py campaign.py) \
	    $(addprefix tests/simulated/test_,transfers.py transfers_queued.py first_words.py)
	@$(BIN)/python -m coverage report
	@$(BIN)/python -m tests.branches --calls 300

load: $(VENV)/.run  ## a thousand calls at once for a minute: no error, nothing grows (Linux)
	@$(BIN)/halo bench --calls 1000 --think 8 --seconds 60 --way stream --settle 60 --steady

lint: $(VENV)/.test $(VENV)/.node  ## ruff on the Python, tsc, eslint and the loader on the scenario
	@$(BIN)/ruff check src tests supply
	@$(BIN)/ruff format --check src tests supply
	@$(BIN)/halo lint scenario/voximplant_scenario_ASR.js
	@if [ -d node_modules ]; then npx eslint scenario; fi

lock: $(VENV)/.test  ## pin every dependency anew, with hashes
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 pyproject.toml --group build -o requirements/run.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 -c requirements/run.txt pyproject.toml --group build --group test -o requirements/test.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 -c requirements/run.txt pyproject.toml --extra mcp -o requirements/mcp.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 --group audit -o requirements/audit.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 --group coverage -o requirements/coverage.txt
	@npm install --package-lock-only

audit: $(VENV)/.audit  ## ask about known vulnerabilities; look for secrets
	@$(VENV)/audit/bin/python supply/audit.py
	@$(VENV)/audit/bin/python supply/leaks.py

sbom: $(VENV)/bin/python  ## write the bill of materials (CycloneDX) to var/sbom.cdx.json
	@$(BIN)/python supply/bill.py

docs: $(VENV)/.run  ## write the generated pages of docs/ anew
	@$(BIN)/halo docs

clean:  ## remove .venv, node_modules and the embedded store
	rm -rf $(VENV) node_modules var

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "HALO needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	@echo "setting up the test tools ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.coverage: requirements/coverage.txt $(VENV)/.test
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/coverage.txt
	@touch $@

$(VENV)/.audit: requirements/audit.txt | $(VENV)/bin/python
	@echo "setting up the audit's tools ..."
	@$(BIN)/python -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

$(VENV)/.node: package.json package-lock.json | $(VENV)/bin/python
	@if command -v npm >/dev/null; then npm ci --silent; else echo "no Node.js: the scenario's type check is skipped"; fi
	@touch $@
