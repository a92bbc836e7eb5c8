# `make` lists every target. Needs git, Python 3.11 or newer and make; everything else is installed into .venv.
# PYTHON=/path/to/python picks the interpreter; ARGS="…" is passed on to the program that a target runs.

VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
ARGS   ?=
CORES  := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# One more than there are cores: many tests wait for a server or a browser. With two more, some waited in vain.
JOBS   ?= $(shell expr $(CORES) + 1)

.DEFAULT_GOAL := help
# Every process of a test would compile the same sources again.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo serve dev test test-python test-beside test-ui test-wide test-slow test-interop check check-python check-types check-ui format coverage bench docs ui wheels clean env test-env ui-packages

help: ## list every target
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: env ui ## start the server with a live workload and print its address
	@$(BIN)/tapetum demo $(ARGS)

serve: env ui ## start an empty server on the data directory of `tapetum serve`
	@$(BIN)/tapetum serve $(ARGS)

dev: test-env ui-packages ## run server and web UI, both reloading when a file changes
	@$(PY) tools/dev.py $(ARGS)

test: test-env ui ui-packages ## every check and every fast test, of the server, the SDK and the web UI
	@$(MAKE) --no-print-directory -j 2 test-python test-beside
	@echo "passed. make test-wide goes on: the finer points of pages, and every page, state, version and death"

# Tests wait now and then, for a server or a browser. Meanwhile runs what nobody waits for, and gives way to them.
test-beside: test-env ui-packages
	@nice -n 10 $(MAKE) --no-print-directory check-python check-types check-ui test-ui

PYTEST = CHROMIUM=$$($(PY) tools/chromium.py) && export TAPETUM_CHROMIUM="$$CHROMIUM" && $(PY) -m pytest -n $(JOBS) -q
BY_FILE = --dist loadfile --no-loadscope-reorder

test-python: test-env ui
	@$(PYTEST) $(BY_FILE) $(ARGS)

PART ?= 1/1
test-wide: test-env ui ## every page, state, version and death; PART=1/3 is the first third of the files
	@export TAPETUM_TEST_PART=$(PART) && $(PYTEST) $(BY_FILE) -m "wide and not slow" $(ARGS)

test-slow: test-env ui ## the tests that take minutes: many kill -9 trials, long fuzzing
	@$(PYTEST) -m slow -o timeout=3600 -o faulthandler_timeout=3660 $(ARGS)

test-interop: test-env ui ## real clients and the examples, each in an environment of its own
	@$(PY) tools/interop.py $(ARGS)

check: test-env ui-packages ## linters, types, import contracts, coverage of named items (what CI runs first)
	@$(MAKE) --no-print-directory -j $(CORES) check-types check-ui check-python

check-python: test-env
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports
	@$(PY) tools/coverage_items.py check

check-types: test-env
	@$(BIN)/mypy

check-ui: ui-packages
	@$(PY) server/ui_build.py npm run check --silent

test-ui: ui-packages
	@$(PY) server/ui_build.py npm test --silent

format: test-env ## rewrite the Python sources in the project's format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

coverage: ## write docs/coverage.md: every named item and the test that proves it
	@$(PY) tools/coverage_items.py write

bench: test-env ui ## run the benchmarks and print their figures
	@$(PY) -m bench $(ARGS)

docs: test-env ## build the documentation into dist/docs, links checked
	@$(PY) -m sphinx -q -W --keep-going -d dist/docs/.trees docs dist/docs && echo "open dist/docs/index.html"

ui: env ## build the web UI into the server, unless it is there and current
	@$(PY) server/ui_build.py build

wheels: test-env ui ## build sdists and wheels of both distributions into dist/
	@$(PY) -m build --outdir dist sdk && $(PY) -m build --outdir dist server

clean: ## remove environments, bundles and caches
	rm -rf .venv .venv-interop dist ui/node_modules server/src/tapetum_server/static
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Environments. The stamps make the second run quick; a changed pyproject.toml makes them again.

env: $(VENV)/.installed

test-env: $(VENV)/.installed-test

ui-packages: ui/node_modules/.package-lock.json

$(PY):
	@PYTHON="$$(PYTHON="$(PYTHON)" sh tools/find-python.sh)" && echo "making $(VENV) with $$PYTHON" && "$$PYTHON" -m venv $(VENV)

$(VENV)/.installed: $(PY) sdk/pyproject.toml server/pyproject.toml
	@echo "installing tapetum (a few minutes the first time)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -e ./sdk -e './server[demo]'
	@$(PY) server/ui_build.py node 2>/dev/null || \
		$(PY) -m pip install --quiet --disable-pip-version-check "$$($(PY) -c 'import sys; sys.path.insert(0, "server"); import ui_build; print(ui_build.NODE_WHEEL)')"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "installing what the tests need"
	@$(PY) -m pip install --quiet --disable-pip-version-check -e ./sdk -e './server[demo,test]'
	@touch $@

ui/node_modules/.package-lock.json: ui/package-lock.json | $(VENV)/.installed
	@echo "installing the web UI's packages"
	@$(PY) server/ui_build.py npm ci --no-audit --no-fund --loglevel=error
	@touch $@
