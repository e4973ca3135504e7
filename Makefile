# `make demo` and `make test` do all the set-up on a machine with Python 3.11 or newer (with venv) and make.
.DEFAULT_GOAL := help
.PHONY: help demo test lint types layers format schema figures bench install install-test clean

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
BASE := $(VENV)/.installed-base
FULL := $(VENV)/.installed-test

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: $(BASE) ## analyse the shipped example study into demo/
	@example=$$($(BIN)/python -c 'import bonescan.examples; print(bonescan.examples.path())') \
	  && $(BIN)/bonescan analyze "$$example" -o demo --formats json,png,pdf \
	  && echo && echo "Look at:" && ls -1 demo/*/report.pdf demo/*/overlay.png demo/*/analysis.json | sed 's/^/  /'

test: $(FULL) ## everything that CI checks: style, types, layers, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest $(ARGS)

lint: $(FULL) ## style only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(FULL) ## static types only
	$(BIN)/mypy

layers: $(FULL) ## who may import whom
	$(BIN)/lint-imports --no-logo

format: $(FULL) ## rewrite the code in the project's style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

schema: $(BASE) ## regenerate the published JSON Schema
	$(BIN)/python -m bonescan.schemas

bench: $(BASE) ## measure time, memory and size into benchmarks/results/ (NNUNET=RUN: nnU-Net too)
	$(BIN)/python -m benchmarks.run $(if $(NNUNET),--nnunet $(NNUNET))

figures: $(BASE) ## regenerate the figures of the README from the committed results
	$(BIN)/python -m benchmarks.readme

install: $(BASE) ## the base package alone, no torch
install-test: $(FULL) ## with training, tests and tools

clean: ## remove the environment and what the targets wrote
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@for python in $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making the environment $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "Python 3.11 or newer with its venv module is needed (on Debian: apt-get install python3 python3-venv)." >&2; exit 1

$(BASE): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing bonescan (a minute or two the first time)"
	@$(PIP) -e .
	@touch $@

$(FULL): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing bonescan with torch, the tests and the tools (a few minutes the first time)"
	@$(PIP) -e '.[train,test,dev]'
	@touch $@ $(BASE)
