# make demo   sets everything up and shows the product at work
# make test   sets everything up and runs every test there is
# make check  the fast part: linters, types, quick tests
# make bench  Patron's builds beside peers that make the same table; takes many minutes and several GB of disk
PYTHON ?= python3
UV     := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
export UV_PYTHON_DOWNLOADS = never
export NO_MKDOCS_2_WARNING = 1
export PYTHONDONTWRITEBYTECODE = 1
RUN    := .venv/bin
QUICK  := tests/test_settings.py tests/engines/test_address.py tests/contract/test_ddl.py tests/contract/test_compare.py tests/model/test_model_files.py \
          tests/model/test_rules.py tests/model/test_derived_rules.py

.DEFAULT_GOAL := help
.PHONY: help demo test check bench lint docs lock clean

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
	@VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes requirements/dev.txt
	@VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --editable .
	@touch $@

demo: .venv/.ready
	@$(RUN)/patron demo

lint: .venv/.ready
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports --no-logo
	$(RUN)/mypy

check: lint
	PATRON_TEST_ENGINES=duckdb $(RUN)/pytest -q -n 2 -m "not slow" $(QUICK)

test: lint docs
	$(RUN)/pytest -n 2 --durations=15

bench: .venv/.ready
	$(RUN)/python -m benchmarks $(BENCH)

docs: .venv/.ready
	$(RUN)/mkdocs build --quiet --strict

lock:
	$(UV) pip compile pyproject.toml --quiet --extra sample --extra examples --group test --group lint --group docs --group bench \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --upgrade --output-file requirements/dev.txt

clean:
	rm -rf .venv .tools site .mypy_cache .ruff_cache .pytest_cache .hypothesis
