# SocialLearn. `make help` lists what there is.
PY ?= python3
PORT ?= 8000
LMS_PORT ?= 9000
BIN = .venv/bin
CI ?=

.DEFAULT_GOAL := help
.PHONY: help install run test check prove bench fix seed texts lock migration clean

help: ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# uv is fast, pip is everywhere: whichever works.
define install_into_venv
	test -x $(BIN)/python || $(PY) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/pip install -q uv 2>/dev/null || true
	VIRTUAL_ENV=.venv $(BIN)/uv pip install -q -r $(1) 2>/dev/null || $(BIN)/pip install -q --no-compile -r $(1)
	VIRTUAL_ENV=.venv $(BIN)/uv pip install -q --no-deps -e . 2>/dev/null || $(BIN)/pip install -q --no-deps -e .
	touch $@
endef

.venv/.ok: requirements.txt pyproject.toml
	$(call install_into_venv,requirements.txt)

.venv/.dev: requirements-dev.txt .venv/.ok
	$(call install_into_venv,requirements-dev.txt)

install: .venv/.ok ## install what running needs, into .venv only

run: .venv/.ok ## start the tool and a practice LMS; prints the address to open
	@$(BIN)/sociallearn practice --with-tool --port $(PORT) --lms-port $(LMS_PORT)

seed: .venv/.ok ## play the practice course's conversation into instance/
	$(BIN)/sociallearn seed --port $(PORT) --lms-port $(LMS_PORT)

test: .venv/.dev ## run every test: units, SQLite and PostgreSQL, a real browser
	$(BIN)/pytest -q -n auto --dist loadgroup

check: .venv/.dev ## lint, types, import contracts, migrations, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.checks

prove: .venv/.dev ## the long campaigns, too long for `make test`
	$(BIN)/pytest -q -m "prove or alike" -o addopts= tests

bench: .venv/.dev ## measure pages beside bare ones, in one run
	$(BIN)/python -m benchmarks

fix: .venv/.dev ## let ruff put things right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.dev ## pin dependencies again
	$(BIN)/uv pip compile -q -U --universal --no-emit-index-url --no-header --generate-hashes --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q -U --universal --no-emit-index-url --no-header --generate-hashes --python-version 3.11 pyproject.toml --group dev -o requirements-dev.txt

texts: .venv/.dev ## bring the Dutch catalogue in step with the texts in code and templates
	$(BIN)/python -m tests.texts

migration: .venv/.dev ## write a migration: make migration WHAT="ideas get stages"
	$(BIN)/sociallearn db revision "$(WHAT)"

clean: ## remove what was installed and made
	rm -rf .venv build dist
