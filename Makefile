# Needs Python 3.11 or later, git and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml constraints.txt Makefile

# pip and DVC want a home; one that is empty would be the root of the disk.
ifeq ($(strip $(HOME)),)
export HOME := $(CURDIR)/$(VENV)/home
endif
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test tests check unit docs bench reliability clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	rm -rf demo
	$(BIN)/audiodvc demo demo

# Types need one core for a minute; the tests have the other one, and then both.
test: $(VENV)/.installed-test
	$(MAKE) --no-print-directory --jobs=2 check tests

# Each worker begins with its half and takes from the other one when it is done: what a module makes is
# seldom made twice.
tests: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

unit: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/unit tests/test_layers.py

docs: $(VENV)/.installed
	$(BIN)/python -m audiodvc.cli.reference docs/reference

bench: $(VENV)/.installed-test
	$(BIN)/python -m pytest -s tests/benchmarks

# The same tests as in `test`, with more rounds; the figures go to docs/explanation/reliability.md.
reliability: export RELIABILITY_TALLY := $(CURDIR)/$(VENV)/tally
reliability: $(VENV)/.installed-test
	rm -f $(RELIABILITY_TALLY)
	$(BIN)/python -m pytest -n 2 tests/reliability
	$(BIN)/python -m tests.reliability.tally $(RELIABILITY_TALLY)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis

# A stamp is written last: what Ctrl-C left half done is done again.
$(VENV)/.made:
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.made $(SOURCES)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.made $(SOURCES)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@ $(VENV)/.installed
