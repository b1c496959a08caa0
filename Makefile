.DEFAULT_GOAL := run
.NOTPARALLEL:
.PHONY: run test bench demo-json lint format clean requirements

# Kept bytecode spares each process the tests start from compiling all of it anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
PIP = .venv/bin/python -m pip --quiet --disable-pip-version-check
INSTALL = $(PIP) install --require-hashes --requirement
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make requirements"
PRODUCTION = PUBLIC_URL=https://portal.example.com ALLOWED_HOSTS=portal.example.com

run: .venv/.base
	@REPRISE_UNDER_MAKE=1 exec .venv/bin/python manage.py run $(RUN_ARGS)

test: lint
	@.ci/chromium
	.venv/bin/pytest $(PYTEST_ARGS)

bench: .venv/.base
	@.venv/bin/python -m benchmarks

demo-json: .venv/.base
	@.venv/bin/python manage.py demo_json

lint: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djade --check $$(git ls-files 'templates/*.html')
	.venv/bin/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) .venv/bin/python manage.py check --deploy --fail-level WARNING

format: .venv/.dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/djade $$(git ls-files 'templates/*.html')

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

requirements: .venv/bin/uv
	$(COMPILE) requirements/base.in --output-file requirements/base.txt
	$(COMPILE) requirements/dev.in --constraint requirements/base.txt --output-file requirements/dev.txt

# The stamps: what is installed is as old as the list it came from.
.venv/.base: requirements/base.txt | .venv/bin/python
	@echo "Installing what $< lists; the first time takes a minute." >&2
	@$(INSTALL) $< >&2
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.base
	@echo "Installing what $< lists." >&2
	@$(INSTALL) $< >&2
	@touch $@

.venv/bin/python:
	@PYTHON=$(PYTHON) .ci/venv >&2

.venv/bin/uv: | .venv/bin/python
	$(PIP) install uv
