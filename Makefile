# make demo   sets up, then runs the main job on a synthetic corpus
# make test   sets up, then runs every check (as continuous integration does)
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
STAMP := .venv/.installed

# The demo keeps to this folder; your own runs use your cache folder. It tests on three quarters of its 13 voices: intervals
# need ten groups.
DEMO := NEUROSCOPE_CACHE=.demo/cache NEUROSCOPE_DATA=.demo/data

.PHONY: install demo test check test-all format lint types structure tests docs generate clean

install: $(STAMP)

# One resolver call for the core and all local plugins. Resemblyzer and silero-vad come without their dependencies: only
# the weights in their wheels are read (by neuroscope-ge2e, and by an example of the docs); neither is ever imported.
$(STAMP): constraints.txt pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet --no-build-isolation --constraint constraints.txt \
		--editable '.[dev,docs]' $(PLUGINS:%=--editable ./%)
	$(BIN)/python -m pip install --quiet --no-deps --constraint constraints.txt Resemblyzer silero-vad
	touch $@

demo: install
	$(DEMO) $(BIN)/neuroscope probe --backbone ge2e --task label:language --task gc --split speaker,test=0.75 \
		--dataset espeak,languages=ar+de+en+es+fr+ru+zh,texts=3,rates=200

test check: format lint types structure tests docs

test-all: format lint types structure docs
	NEUROSCOPE_STRICT=1 $(BIN)/pytest

format: install
	$(BIN)/ruff format --check .

lint: install
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy src $(PLUGINS:%=%/src)

structure: install
	$(BIN)/lint-imports

tests: install
	NEUROSCOPE_STRICT=1 $(BIN)/pytest -m "not slow"

docs: install
	$(BIN)/zensical build --strict

# Writes the pages that are made from the code; a test fails when they are out of date.
generate: install
	$(BIN)/python docs/generate.py

clean:
	rm -rf .demo .cache site build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
