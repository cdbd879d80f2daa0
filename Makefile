# Two commands for a newcomer: `make demo` and `make test`. The rest is for developers.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
PORT   ?= 8000

.DELETE_ON_ERROR:
.PHONY: help demo demo-semantic test check unit unit-postgres browser lock messages clean

help:  ## Say what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(VENV)/.installed-demo  ## Install, load the real data, serve on http://127.0.0.1:8000
	ALLIAGE_MODE=demo $(BIN)/alliage-web start-demo --host $(HOST) --port $(PORT)

demo-semantic: $(VENV)/.installed-semantic demo  ## The same with the search by meaning (a 90 MB model)

test: $(VENV)/.installed-dev  ## Install what the tests need, then run all the checks and tests
	sh scripts/require-chromium.sh
	$(MAKE) --no-print-directory check
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory unit-postgres
	$(MAKE) --no-print-directory browser

check: $(VENV)/.installed-dev  ## Style, types, import contracts, templates, migrations, settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint src
	$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md docs
	$(BIN)/alliage-web makemigrations --check --dry-run
	$(BIN)/python scripts/messages.py --check
	ALLIAGE_MODE=production ALLIAGE_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		ALLIAGE_HOSTS=alliage.example.org ALLIAGE_MAIL_URL=smtp+plain://localhost:25 ALLIAGE_MAIL_FROM=alliage@example.org \
		$(BIN)/alliage-web check --deploy --fail-level WARNING

unit: $(VENV)/.installed-dev  ## Tests on SQLite
	$(BIN)/pytest -n auto --dist loadgroup -m "not browser"

unit-postgres: $(VENV)/.installed-dev  ## Tests of the platform on PostgreSQL
	$(BIN)/python scripts/with_postgres.py $(BIN)/pytest -n auto --dist loadgroup -m "not browser and not one_engine" tests/web

browser: $(VENV)/.installed-dev  ## Tests in Chromium, accessibility included
	$(BIN)/pytest -n auto -m browser

lock:  ## Choose exact versions again, with hashes and no download address
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra web --extra postgres pyproject.toml -o requirements/base.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra web --extra postgres --extra semantic pyproject.toml -o requirements/semantic.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --all-extras --group dev pyproject.toml -o requirements/dev.txt

messages: $(VENV)/.installed-dev  ## Collect the French texts and compile their English translation
	$(BIN)/python scripts/messages.py

clean:  ## Remove what was installed and loaded here
	rm -rf $(VENV) var

$(VENV)/bin/python:
	@sh scripts/require-python.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: requirements/base.txt pyproject.toml | $(VENV)/bin/python
	@sh scripts/install.sh $(BIN) requirements/base.txt
	@touch $@

$(VENV)/.installed-semantic: requirements/semantic.txt pyproject.toml | $(VENV)/bin/python
	@sh scripts/install.sh $(BIN) requirements/semantic.txt
	@touch $@ $(VENV)/.installed-demo

$(VENV)/.installed-dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@sh scripts/install.sh $(BIN) requirements/dev.txt
	@touch $@ $(VENV)/.installed-demo
