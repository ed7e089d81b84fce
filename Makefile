# SPDX-License-Identifier: GPL-2.0-only
# Needs python3 with venv; everything else is installed into .venv once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: review test lint types bench soak sensitivity alternatives clean

review: $(READY)
	@$(BIN)/pte-review

test: $(READY)
	@$(BIN)/pytest -n 2 -q

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

bench: $(READY)
	@$(BIN)/pytest --benchmark-only tests/bench -s

soak: $(READY)
	@$(BIN)/python -m tests.soak

sensitivity: $(READY)
	@$(BIN)/python -m tests.sensitivity

alternatives: $(READY)
	@$(BIN)/python -c 'import crosshair' 2>/dev/null || { echo "installing CrossHair into $(VENV) (once)" && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[compare]'; }
	@$(BIN)/python tests/bench/alternatives.py

clean:
	rm -rf $(VENV)

$(READY): pyproject.toml
	@echo "setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
