# `make` alone lists the targets. The first one that needs Python builds .venv; it is built again only when
# requirements.lock or pyproject.toml changes. On Windows: GNU make from Git-Bash or mingw.

CONFIG ?= config.yaml
ARGS ?=
PYTHON ?=

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# On a machine without a network: make evaluate WHEELHOUSE=wheelhouse
ifdef WHEELHOUSE
PIP += --no-index --find-links $(WHEELHOUSE)
endif

.DEFAULT_GOAL := help
.PHONY: help evaluate test lint browser bench coverage attack placebo wheelhouse clean fuzz
.DELETE_ON_ERROR:

help:
	@echo "make evaluate [CONFIG=config.yaml] [ARGS=--fresh]   run an evaluation; the report goes to reports/<name>/"
	@echo "make test                                           run the tests"
	@echo "make lint                                           ruff and mypy"
	@echo "make browser                                        the report in Chromium, with axe-core from npm"
	@echo "make bench                                          measure time and memory"
	@echo "make coverage                                       do intervals cover the truth? 200 simulated evaluations"
	@echo "make attack                                         can an intruder find small counts in 50 reports?"
	@echo "make fuzz                                           300 damaged extracts: a right result or a clear message?"
	@echo "make placebo                                        do tests find what is not there? 900 runs without an effect"
	@echo "make wheelhouse [ARGS='--platform win_amd64 --python 3.12']"
	@echo "                                                    collect wheels for a machine without a network"
	@echo "make clean                                          remove .venv, caches and working files; keeps data/raw"

evaluate: $(READY)
	@$(BIN)/utfall evaluate -c $(CONFIG) $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

browser: $(READY)
	npm install --no-save --no-package-lock --silent axe-core
	$(BIN)/python -m pytest -rs tests/reporting/test_browser.py tests/reporting/test_page_script.py $(ARGS)

bench: $(READY)
	$(BIN)/python -m benchmarks

coverage: $(READY)
	$(BIN)/python -m benchmarks.coverage

fuzz: $(READY)
	$(BIN)/python tests/fuzz_extracts.py $(ARGS)

attack: $(READY)
	$(BIN)/python tests/disclosure/attack.py $(ARGS)

wheelhouse: $(READY)
	$(BIN)/python tools/wheelhouse.py $(ARGS)

placebo: $(READY)
	$(BIN)/python -m benchmarks.no_effect

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis data/interim

$(READY): requirements.lock pyproject.toml
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python py); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "utfall needs Python 3.11 or later, and none was found. Install it, or name one: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	echo "Setting up .venv with $$($$found --version). This takes a minute, once."; \
	$$found -m venv .venv || { echo "Python could not make .venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PIP) -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
