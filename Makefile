.DEFAULT_GOAL := run
.NOTPARALLEL:
.PHONY: run test test-next audit bench pictures demo-json lint format clean requirements

# Kept bytecode spares each process the tests start from compiling all of it anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
PIP = .venv/bin/python -m pip --quiet --disable-pip-version-check
INSTALL = $(PIP) install --require-hashes --requirement
COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--custom-compile-command "make requirements" --python-version
# What the newest Django could break first: the fast statements, and what stands on them; and what is cheap.
TESTS_NEXT ?= tests/common tests/actions tests/oneclick/redemption tests/objects tests/importing tests/test_surfaces.py
PRODUCTION = PUBLIC_URL=https://portal.example.com ALLOWED_HOSTS=portal.example.com

run: .venv/.base
	@REPRISE_UNDER_MAKE=1 exec .venv/bin/python manage.py run $(RUN_ARGS)

test: lint
	@.ci/chromium
	@.ci/servers
	.venv/bin/pytest $(PYTEST_ARGS)

test-next: .venv-next/.next
	.venv-next/bin/python manage.py check
	.venv-next/bin/python -m pytest $(PYTEST_ARGS) $(TESTS_NEXT)

# Published weaknesses of what others wrote; it asks databases on the internet.
audit: .venv-audit/.audit
	@PATH="$(CURDIR)/.venv-audit/bin:$$PATH" .ci/audit

bench: .venv/.base
	@.venv/bin/python -m benchmarks

# The manual's; PICTURES=home,skip takes these alone.
pictures: .venv/.dev
	@.ci/chromium
	.venv/bin/pytest --numprocesses 0 tests/manual/take_pictures.py

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
	rm -rf .venv .venv-next .venv-audit var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

requirements: .venv/bin/uv
	$(COMPILE) 3.11 requirements/base.in --output-file requirements/base.txt
	$(COMPILE) 3.11 requirements/dev.in --constraint requirements/base.txt --output-file requirements/dev.txt
	$(COMPILE) 3.11 requirements/audit.in --output-file requirements/audit.txt
	$(COMPILE) 3.12 requirements/next.in --override requirements/next-django.in --upgrade-package django \
		--output-file requirements/next.txt

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

.venv-next/.next: requirements/next.txt
	@PYTHON_NEXT="$(PYTHON_NEXT)" .ci/venv-next
	@echo "Installing what $< lists." >&2
	@.venv-next/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --requirement $< >&2
	@touch $@

.venv-audit/.audit: requirements/audit.txt
	@$(PYTHON) -m venv --clear .venv-audit
	@echo "Installing what $< lists." >&2
	@.venv-audit/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --requirement $< >&2
	@touch $@

.venv/bin/uv: | .venv/bin/python
	$(PIP) install uv
