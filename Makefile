# SPDX-License-Identifier: GPL-2.0-only
# Needs python3 with venv; everything else is installed into .venv once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: review test lint types bench soak sensitivity alternatives tree clean

review: $(READY)
	@$(BIN)/pte-review

test: $(READY)
	@$(BIN)/pytest -n 2 -q

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

# mypy does not follow the editable install, which maps folders to names.
TYPED := $(VENV)/typed/pte_review
types: $(READY)
	@mkdir -p $(TYPED)
	@ln -sf $(CURDIR)/packaging/pte_review/*.py $(CURDIR)/packaging/pte_review/py.typed $(TYPED)
	@ln -sfn $(CURDIR)/harness $(TYPED)/harness
	@ln -sfn $(CURDIR)/models $(TYPED)/models
	@ln -sfn $(CURDIR)/strategies $(TYPED)/strategies
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

# The files of Debian's linux-source-6.12 that tests read. Takes half a minute: the archive is one stream.
TREE := .pte-review/linux-source-6.12
SOURCE := /usr/src/linux-source-6.12.tar.xz
tree: $(TREE)/mm/mremap.c

$(TREE)/mm/mremap.c:
	@test -f $(SOURCE) || { echo "no $(SOURCE): apt-get install linux-source-6.12"; exit 1; }
	@echo "unpacking $(SOURCE) (once)"
	@mkdir -p $(TREE)
	@tar -xf $(SOURCE) -C $(TREE) --strip-components=1 --wildcards '*/mm/mremap.c' '*/mm/internal.h' '*/mm/util.c' \
		'*/include/linux/pgtable.h' '*/arch/arm64/include/asm/pgtable.h' '*/arch/arm64/mm/contpte.c'

clean:
	rm -rf $(VENV)

$(READY): pyproject.toml setup.py
	@echo "setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
