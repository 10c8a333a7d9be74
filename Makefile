# What one does with Pagebell's sources. `make` alone lists it.
# Each target sets up what it needs, in .venv, and does nothing twice.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
FUZZ := asyncui http ipp pdu association ndr infos requests ntlm spnego
SECONDS := 60
WORKERS := 3

.DEFAULT_GOAL := help
.PHONY: help install demo serve test soak domain check format fuzz bench docs clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## make a working .venv/bin/pagebell

demo: install  ## print two PDFs on virtual printers, and answer what one of them asks
	@$(BIN)/pagebell demo

serve: install  ## run the server, its state in ./state
	@$(BIN)/pagebell serve --state state

test: $(VENV)/.installed-dev $(VENV)/.installed-docs  ## run all tests; on Debian and Ubuntu as root, install their peers first
	@tools/install-peers
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile $(ARGS)

soak: $(VENV)/.installed-dev  ## send documents of more than two gigabytes through the server; needs room for them
	@PAGEBELL_SOAK=1 $(BIN)/pytest tests/http/test_large_upload.py $(ARGS)

domain: $(VENV)/.installed-dev  ## run the tests that make a Windows domain of Samba's; as root, in a network of their own
	@tools/install-peers
	@PAGEBELL_DOMAIN=1 $(BIN)/pytest tests/domain $(ARGS)

check: $(VENV)/.installed-dev  ## lint, layout, types and the rules of ARCHITECTURE.md
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev  ## lay out the code and mend what can be mended without thought
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

fuzz: $(VENV)/.installed-fuzz  ## fuzz the HTTP server and the readers of IPP and RPC, SECONDS=60 each
	@set -e; for target in $(FUZZ); do \
	    mkdir -p .fuzz/$$target; \
	    $(BIN)/python -m tests.fuzz.run $$target .fuzz/$$target tests/fuzz/corpus/$$target \
	        -max_total_time=$(SECONDS) -max_len=16384 -artifact_prefix=.fuzz/ -print_final_stats=1; \
	done

bench: $(VENV)/.installed-dev  ## measure the server on this machine
	@$(BIN)/python -m bench.run $(ARGS)

docs: $(VENV)/.installed-docs  ## build the documentation into docs/_build/html
	$(BIN)/sphinx-build --quiet --fail-on-warning --fresh-env docs docs/_build/html
	@echo "docs/_build/html/index.html is ready."

clean:  ## remove .venv and everything that was built
	rm -rf $(VENV) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz

# PYTHON=... chooses another interpreter than the newest one found.
$(VENV)/.installed: pyproject.toml tools/make-venv
	@PYTHON="$(PYTHON)" tools/make-venv $(VENV)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

$(VENV)/.installed-fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group fuzz
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group docs
	@touch $@
