# make demo   sets up, then runs the main job on a synthetic corpus
# make test   sets up, then runs every check (as continuous integration does)
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
STAMP := .venv/.installed

# The demo keeps to this folder; your own runs use your cache folder. It tests on three quarters of its 13 voices: intervals
# need ten groups.
DEMO := NEUROSCOPE_CACHE=.demo/cache NEUROSCOPE_DATA=.demo/data

# What a release uploads; dated by the last commit, so that the same commit gives the same bytes.
DIST := dist
SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),1580601600)

.PHONY: install demo test check test-all format lint fix types structure tests docs generate dist version clean

install: $(STAMP)

# One resolver call for the core and all local plugins (s3prl comes as source, which setuptools builds). Resemblyzer and silero-vad come without their dependencies: only
# the weights in their wheels are read (by neuroscope-ge2e, and by an example of the docs); neither is ever imported.
$(STAMP): constraints.txt pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt hatchling editables setuptools
	$(BIN)/python -m pip install --quiet --no-build-isolation --constraint constraints.txt \
		--editable '.[dev,docs]' $(PLUGINS:%=--editable ./%)
	$(BIN)/python -m pip install --quiet --no-deps --constraint constraints.txt Resemblyzer silero-vad
	touch $@

demo: install
	$(DEMO) $(BIN)/neuroscope probe --backbone ge2e --task label:language --task gc --split speaker,test=0.75 \
		--dataset espeak,languages=ar+de+en+es+fr+ru+zh,texts=3,rates=200

test check: format lint types structure tests docs

test-all: format lint types structure docs
	$(PYTEST)

format: install
	$(BIN)/ruff format --check .

lint: install
	$(BIN)/ruff check .

# Mends what the two above find, where that can be done by machine.
fix: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: install
	$(BIN)/mypy src $(PLUGINS:%=%/src)

structure: install
	$(BIN)/lint-imports

# In two processes of one thread each; the tests of a file stay together, and share what they build. That no printed
# number is far from the truth is slow to test, and tested every time.
PYTEST := OMP_NUM_THREADS=1 NEUROSCOPE_STRICT=1 $(BIN)/pytest --numprocesses 2 --dist loadfile

tests: install
	$(PYTEST) -m "not slow"
	$(PYTEST) tests/calibration

docs: install
	$(BIN)/zensical build --strict

# Writes the pages that are made from the code; a test fails when they are out of date.
generate: install
	$(BIN)/python docs/generate.py

# A wheel and an sdist of the core and of each plugin.
dist: install
	rm -rf $(DIST)
	set -e; for project in . $(PLUGINS); do \
		(cd $$project && SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) \
			$(abspath $(BIN))/python -m hatchling build --target sdist --target wheel --directory $(abspath $(DIST))); \
	done

# make version V=0.2.0   the version of all distributions, and the bounds between them
version:
	@test "$(V)" || { echo "say which: make version V=0.2.0"; exit 2; }
	sed -i -e 's/^version = ".*"/version = "$(V)"/' -e 's/\("neuroscope-[a-z0-9-]*\)~=[^"]*"/\1~=$(V)"/' \
		pyproject.toml $(PLUGINS:%=%/pyproject.toml)

clean:
	rm -rf .demo .cache site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
