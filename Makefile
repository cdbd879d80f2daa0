# Two commands for a newcomer: `make demo` and `make test`. The rest is for developers.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
PORT   ?= 8000
# A file of tests runs in one process, and what it makes for all its tests is made once. Files begin
# in the order of the collection, the long ones first.
BY_FILE := --dist loadfile --no-loadscope-reorder
# Each process of tests has a core: the threads of linear algebra would only wait for one another.
unit unit-postgres unit-and-browser browser: export OPENBLAS_NUM_THREADS := 1
# Without compiled modules, each process of tests spends seconds compiling what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: help demo demo-semantic demo-survey test check types style unit unit-postgres unit-and-browser browser spark lock messages clean

help:  ## Say what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(VENV)/.installed-demo  ## Install, load the real data, serve on http://127.0.0.1:8000
	ALLIAGE_MODE=demo $(BIN)/alliage-web start-demo --host $(HOST) --port $(PORT)

demo-semantic: $(VENV)/.installed-semantic demo  ## The same with the search by meaning (a 90 MB model)

demo-survey: $(VENV)/.installed-demo  ## Tables, comparisons and ranks of a real survey, in the terminal
	$(BIN)/alliage survey table tests/cases/survey/api/apistrat.csv --spec docs/tutorials/schools.yaml
	$(BIN)/alliage survey compare tests/cases/survey/api/apistrat.csv --spec docs/tutorials/schools.yaml
	$(BIN)/alliage survey rank tests/cases/survey/api/apistrat.csv --spec docs/tutorials/schools.yaml

test: $(VENV)/.installed-dev  ## Install what the tests need, then run all the checks and tests
	sh scripts/require-chromium.sh
	$(MAKE) --no-print-directory check
	$(MAKE) --no-print-directory unit-and-browser
	$(MAKE) --no-print-directory unit-postgres

check: $(VENV)/.installed-dev  ## Style, types, import contracts, templates, migrations, settings
	$(MAKE) --no-print-directory -j 2 types style

types: $(VENV)/.installed-dev  # As long as all of style: the two run side by side
	$(BIN)/mypy

style: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint src
	$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md docs
	$(BIN)/alliage-web makemigrations --check --dry-run
	$(BIN)/python scripts/messages.py --check
	ALLIAGE_MODE=production ALLIAGE_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		ALLIAGE_HOSTS=alliage.example.org ALLIAGE_MAIL_URL=smtp+plain://localhost:25 ALLIAGE_MAIL_FROM=alliage@example.org \
		$(BIN)/alliage-web check --deploy --fail-level WARNING

unit: $(VENV)/.installed-dev  ## Tests on SQLite
	$(BIN)/pytest -n auto $(BY_FILE) -m "not browser"

unit-and-browser: $(VENV)/.installed-dev  # Together: nobody waits for the demonstration of Chromium
	$(BIN)/pytest -n auto $(BY_FILE)

unit-postgres: $(VENV)/.installed-dev  ## Tests of the platform on PostgreSQL
	$(BIN)/python scripts/with_postgres.py --quick $(BIN)/pytest -n auto $(BY_FILE) -m "not browser and not one_engine" tests/web

browser: $(VENV)/.installed-dev  ## Tests in Chromium, accessibility included
	$(BIN)/pytest -n auto -m browser tests/browser

spark: $(VENV)/.installed-spark  ## Tests on a Spark cluster of this machine (500 MB more; needs Java 17)
	$(BIN)/pytest -n 0 -rs tests/library/test_survey_spark.py

lock:  ## Choose exact versions again, with hashes and no download address
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra web --extra postgres pyproject.toml -o requirements/base.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra web --extra postgres --extra semantic pyproject.toml -o requirements/semantic.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra web --extra postgres --extra semantic --group dev pyproject.toml -o requirements/dev.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra spark --constraint requirements/dev.txt pyproject.toml -o requirements/spark.txt

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

$(VENV)/.installed-spark: requirements/spark.txt | $(VENV)/.installed-dev
	@sh scripts/install.sh $(BIN) requirements/spark.txt
	@touch $@
