# Every target sets up what it needs in .venv: a fresh machine needs python3 (3.11 or newer), python3-venv and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
WORKERS ?= auto
PICK ?=

.PHONY: help demo test lint bench docs prove clean

help:
	@echo "make demo    run the main job on simulated data; the last line is the report's path"
	@echo "make test    run every test"
	@echo "make lint    check style, types, the arrows between rooms, the docs and the change notes"
	@echo "make docs    build the documentation into docs/_build/html"
	@echo "make bench   run the benchmarks and write their dated results into docs/results (PICK=name for one)"
	@echo "make prove   run the full-size proofs and write their dated results into docs/results (PICK=name for one)"
	@echo "make clean   remove what the other targets made, .venv included"

demo: $(VENV)/.base
	@$(BIN)/bactrian demo

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n $(WORKERS)

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/towncrier build --draft --version next >$(VENV)/changes.md
	@$(BIN)/sphinx-build -W --keep-going -q -b dummy -d $(VENV)/doctrees docs $(VENV)/docs

docs: $(VENV)/.dev
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks bench $(PICK)

prove: $(VENV)/.dev
	@$(BIN)/python -m benchmarks prove $(PICK)

clean:
	rm -rf $(VENV) docs/_build

$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer (Debian: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. Install them (Debian: apt install python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -f $@; exit 1; }

$(VENV)/.base: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@echo "Setting up .venv: installing the package and what it needs (once, a minute or two)."
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@echo "Setting up .venv: installing the package and the tools of its tests (once, a minute or two)."
	@$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.base
