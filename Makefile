# make demo          run the first tutorial headless and print its report
# make test          every check: ruff, mypy, import-linter, vitest, pytest with the tutorials
# make mutants       break the scheduler's rules one at a time, and print what no test notices
# make chaos         let a thousand random faults happen, and see that nothing is lost
# make bench         measure, and write benchmarks/results.json
# make screenshots   make the README's pictures again
# make clean         remove what builds and checks leave behind
# make distclean     that, and the virtual environment
#
# All of them work in .venv, which is made with the first python3 on PATH (or: make PYTHON=python3.12 demo).

SHELL = /bin/sh
PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin

# An editable install follows the Python sources by itself; what pip builds once is what the pages get.
BUILT_FROM = pyproject.toml $(wildcard labextension/package*.json labextension/tsconfig.json labextension/install.json) \
	$(shell find labextension/src labextension/style labextension/schema -type f 2>/dev/null)

.PHONY: help demo test lint types floors frontend mutants chaos bench screenshots clean distclean
# Two pip runs in one environment would tread on each other: -j is allowed and changes nothing.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.SUFFIXES:

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.installed
	$(BIN)/python -m qmode_jupyter

# pytest comes last, so that its closing line is the last line.
test: $(VENV)/.test-installed lint types floors frontend
	$(BIN)/python -m pytest

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test-installed
	$(BIN)/mypy

floors: $(VENV)/.test-installed
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m docs.diagrams --check

# The pages' own tests; building the labextension has left node_modules.
frontend: $(VENV)/.test-installed
	@if ! command -v npm >/dev/null 2>&1; then \
	echo "frontend: skipped, there is no npm on PATH (on Debian: apt install npm)"; \
	else cd labextension && { [ -d node_modules ] || npm ci; } && npm run --silent check && npm test --silent; fi

# Not part of test: it takes many minutes, half an hour at most.
mutants: $(VENV)/.test-installed
	$(BIN)/python -m tests.mutants

# Not part of test, which lets sixty happen.
chaos: $(VENV)/.test-installed
	$(BIN)/python -m tests.chaos.faults 1000

bench: $(VENV)/.test-installed
	$(BIN)/python -m benchmarks

screenshots: $(VENV)/.test-installed
	$(BIN)/python -m docs.screenshots

$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || \
	{ echo "There is no $(PYTHON) on PATH: Python 3.11 or newer is needed." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed, e.g. make PYTHON=python3.12 demo" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "$(PYTHON) can't make virtual environments: on Debian, apt install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv "$(VENV)"
	@touch $@

$(VENV)/.installed: $(VENV)/.made $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test-installed: $(VENV)/.made $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $(VENV)/.installed $@

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf labextension/lib labextension/tsconfig.tsbuildinfo qmode_jupyter/labextension
	rm -f qmode_jupyter/notebook/display/static/widget.*
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf "$(VENV)" labextension/node_modules
