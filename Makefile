# SPDX-License-Identifier: GPL-2.0-only
# Needs python3 with venv; everything else is installed into .venv once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help review test test-all check lowest lint types bench soak sensitivity fuzz alternatives trees kernels reached \
	reproduce build clean

review: $(READY)  ## review the thread of the first subject; under a minute
	@$(BIN)/pte-review

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

check: lint types  ## format, lint, types and the quick tests: between two edits, about half a minute
	@$(BIN)/pytest -n 2 -q -m "not slow" $(QUICK)

test: $(READY)  ## the tests but the slow ones: about ten minutes on two cores
	@$(BIN)/pytest -n 2 -q -m "not slow"

test-all: $(READY)  ## every test
	@$(BIN)/pytest -n 2 -q

# How far Hypothesis shrinks, and how click folds help, hangs on the release: such tests skip themselves.
lowest:  ## tests of what calls a package, with the lowest versions that pyproject.toml allows
	@test -f $(LOWEST)/.ready || { echo "setting up $(LOWEST) (once, about a minute)"; $(PYTHON) -m venv $(LOWEST); }
	@$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint packaging/lowest.txt \
		--editable '.[tree,dask]' pytest-xdist 'pytest-benchmark[histogram]' cosmic-ray mypy && touch $(LOWEST)/.ready
	@$(LOWEST)/bin/pytest -n 2 -q -m "not slow" $(OF_PACKAGES)

LOWEST := .venv-lowest
# Where Hypothesis, pytest, click, rich, deepdiff, tree-sitter, unidiff, cffi and dask are called. The machine, the ports,
# the judging and the C hang on no package's release.
OF_PACKAGES := $(addprefix tests/cli/test_,golden.py kernel_text.py cost.py exhaust.py terminal.py) tests/plugin/test_plugin.py \
	$(addprefix tests/strategies/test_,arguments.py discovery.py legality.py) tests/toy tests/packaging tests/models/kernel_tree \
	$(addprefix tests/models/native/test_,extract.py plain.py cache.py) $(addprefix tests/harness/,explain files search)
QUICK := tests/models/arch tests/models/machine tests/models/kernel_tree tests/harness/judging tests/harness/explain \
	tests/strategies/test_legal_rules.py tests/subjects/move_ptes/test_promise.py tests/toy tests/test_boundary.py

lint: $(READY)  ## ruff: format and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

# mypy does not follow the editable install, which maps folders to names.
TYPED := $(VENV)/typed/pte_review
types: $(READY)  ## mypy --strict on models, strategies and harness
	@mkdir -p $(TYPED)
	@ln -sf $(CURDIR)/packaging/pte_review/*.py $(CURDIR)/packaging/pte_review/py.typed $(TYPED)
	@ln -sfn $(CURDIR)/harness $(TYPED)/harness
	@ln -sfn $(CURDIR)/models $(TYPED)/models
	@ln -sfn $(CURDIR)/strategies $(TYPED)/strategies
	@$(BIN)/mypy

bench: $(READY)  ## run times, with pytest-benchmark
	@$(BIN)/pytest --benchmark-only tests/bench -s

soak: $(READY)  ## right versions of both functions on a million scenarios each; hours
	@$(BIN)/python -m tests.programs.soak $(OPTIONS)

sensitivity: $(READY)  ## every mutant of five versions; ten minutes
	@$(BIN)/python -m tests.programs.sensitivity $(OPTIONS)

fuzz: $(READY)  ## hostile input of every kind; ten minutes
	@$(BIN)/python -m tests.programs.fuzz $(OPTIONS)

alternatives: $(READY)  ## lists and CrossHair on the same bugs; an hour
	@$(BIN)/python -c 'import crosshair' 2>/dev/null || { echo "installing CrossHair into $(VENV) (once)" && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[compare]'; }
	@$(BIN)/python -m tests.programs.alternatives $(OPTIONS)

# TREES="6.12 7.3" brings only these. Half a minute each: an archive is one stream.
trees: $(READY)  ## the files of released kernels that tests read, from Debian's archive
	@$(BIN)/python -m tests.programs.trees $(TREES)

# KERNELS="6.17.8 7.3" brings only these. A few seconds and 30 to 50 MB each.
kernels: $(READY)  ## kernels that tests boot, from Debian's archive, into the cache folder
	@$(BIN)/python -m tests.programs.kernels $(KERNELS)

# KERNELS="6.17.13 7.3.4" are the kernels. Each state of each is a boot of some seconds.
reached: $(READY)  ## the states that reach lines name, made on kernels in QEMU; a quarter of an hour
	@$(BIN)/python -m tests.programs.reached $(KERNELS)

reproduce: $(READY)  ## the bug of 6.17 shown on 6.17.8 and not on 6.17.13, in QEMU; a minute once the images are there
	@$(BIN)/pytest -q tests/harness/live/reproduce/test_kernels.py -k shipped

build: $(READY)  ## the wheel, into dist/
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean:  ## remove .venv, build and dist
	rm -rf $(VENV) $(LOWEST) build dist

$(READY): pyproject.toml setup.py
	@echo "setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
