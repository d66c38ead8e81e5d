# Two commands on a fresh machine: `make demo` and `make test`. Both set up all they need in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VIDEO ?=
OUT ?= out

.PHONY: demo test setup check clean

demo: setup
	@$(BIN)/vem demo --out "$(OUT)" $(if $(VIDEO),--video "$(VIDEO)")

test: setup check
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

setup: $(VENV)/.ready

# Rebuilt when the list of dependencies changes; .ready is written last, so a broken set-up starts again.
$(VENV)/.ready: requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 10) <= sys.version_info[:2] <= (3, 13); \
	  sys.exit(None if ok else "Python " + sys.version.split()[0] + " was found; Python 3.10 to 3.13 is needed. Run: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) out build *.egg-info
