# The habits of this house, one command each. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/core: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ghostkit needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e .
	@touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(VENV)/dev ## everything a developer needs, in .venv

demo: $(VENV)/core ## write a real small book offline, with live progress and exports
	$(BIN)/ghostkit demo --out demo
	@echo 'The program is $(BIN)/ghostkit; `. $(BIN)/activate` puts it on your path.'

test: $(VENV)/dev ## the tests (no services; skips are listed with their reasons)
	$(BIN)/python -m pytest -q -n auto --maxprocesses=4 --dist loadfile --no-loadscope-reorder

check: $(VENV)/dev ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/dev ## benchmarks: JSON lines, each a ratio with its peer, beside a CPU and fsync probe
	$(BIN)/python -m tests.bench

quality: $(VENV)/dev ## quality of chunks and of retrieval on public data, beside peers that are installed
	$(BIN)/python -m tests.quality

kill: $(VENV)/dev ## the crash drill in full: SIGKILL at every hit of every fault point, and at random
	$(BIN)/python -m tests.drill

coverage: $(VENV)/dev ## the tests, with a table of what they don't reach
	$(BIN)/python -m pytest -q --cov=ghostkit --cov-report=term:skip-covered

notebooks: $(VENV)/dev ## run the notebooks and compare their outputs
	$(BIN)/python -m pytest -q --nbval notebooks --nbval-sanitize-with notebooks/nbval_sanitize.cfg

docs: $(VENV)/dev ## draw the pictures in docs/ from the code's own tables
	$(BIN)/python docs/draw_states.py

wheel: $(VENV)/dev ## build the wheel
	$(BIN)/pip wheel -q --no-deps -w dist .

clean: ## remove what the commands above made
	rm -rf $(VENV) demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help setup demo test check bench quality kill coverage notebooks docs wheel clean
