# Works with GNU Make 3.81 and in a folder with a space in its name: every path is relative, no target is a file.
# PYTHON=…        another interpreter to make .venv with
# ONCE=1          `make demo` ends after the story instead of going on serving
# PIAOHAO_PORT=…  another port than 8460; every setting of the product is such a variable

.PHONY: help setup setup-dev setup-python setup-cedar setup-nginx setup-s3 setup-elasticsearch demo run test test-sqlite test-postgresql coverage check format soak bench requirements docs clean
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
RUN = .venv/bin/python -m
PACKAGES = core compliance catalog billing exchange migrations tests bench
TESTS ?= tests
WORKERS ?= 2
PYTEST = pytest $(TESTS) -q -n $(WORKERS) --dist=worksteal -m "not soak"
# Hundreds of processes start in the tests: none compiles what another has compiled.
test-sqlite test-postgresql: export PYTHONDONTWRITEBYTECODE =

help:
	@echo "make demo      set up, start a demo exchange, play three trades through its API, go on serving (ONCE=1: end)"
	@echo "make run       set up and serve an empty exchange; prints how to make the first operator"
	@echo "make test      check, then all tests on SQLite, and those that use a database on PostgreSQL"
	@echo "make coverage  all tests on SQLite again, and which lines they leave out"
	@echo "make check     ruff, mypy --strict, import contracts"
	@echo "make soak      the long campaigns (crash, contention, leaks, tampering, bad input)"
	@echo "make bench     figures of web, gateway and billing beside named peers"
	@echo "make format    let ruff format and mend what it can"
	@echo "make docs      write the generated pages of docs/ anew"
	@echo "make requirements   compile requirements*.in into pinned, hashed requirements*.txt"
	@echo "make clean     remove .venv, caches and data folders (var/)"

setup:
	@sh tools/setup.sh requirements.txt

setup-dev:
	@$(MAKE) -j 3 setup-python setup-cedar setup-nginx setup-s3 setup-elasticsearch

setup-python:
	@sh tools/setup.sh requirements.txt requirements-dev.txt
	@sh tools/setup-postgresql.sh

setup-cedar setup-nginx setup-s3 setup-elasticsearch:
	@sh tools/$@.sh

demo: setup
	@$(RUN) exchange --data var/demo demo $(if $(ONCE),--once,)

run: setup
	@$(RUN) exchange --data var/exchange serve

check: setup-dev
	@$(RUN) ruff check --quiet $(PACKAGES) && echo "ruff: clean"
	@$(RUN) ruff format --quiet --check $(PACKAGES) && echo "ruff format: clean"
	@$(RUN) mypy --no-error-summary && echo "mypy --strict: clean"
	@.venv/bin/python -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

test: check
	@$(MAKE) test-sqlite
	@$(MAKE) test-postgresql

test-sqlite: setup-dev
	@echo "Tests on SQLite"
	@$(RUN) $(PYTEST) --database=sqlite $(COVERAGE)

test-postgresql: setup-dev
	@echo "Tests on PostgreSQL"
	@$(RUN) $(PYTEST) --database=postgresql

coverage: setup-dev
	@$(RUN) coverage erase
	@$(MAKE) test-sqlite COVERAGE="--cov --cov-config=pyproject.toml --cov-report="
	@$(RUN) coverage report

soak: setup-dev
	@$(RUN) pytest $(TESTS) -q -n $(WORKERS) -m soak
	@$(RUN) bench.crash
	@$(RUN) bench.contention --database=sqlite
	@$(RUN) bench.contention --database=postgresql
	@$(RUN) bench.tamper
	@$(RUN) bench.badinput
	@$(RUN) bench.hostile
	@$(RUN) bench.calls
	@$(RUN) bench.close
	@$(RUN) bench.interleavings
	@$(RUN) bench.ledger_walk
	@$(RUN) bench.ledger_walk --database=postgresql
	@$(RUN) bench.oracle_rating
	@$(RUN) bench.metering --kills=20
	@$(RUN) bench.metering --kills=10 --database=postgresql
	@$(RUN) bench.limits
	@$(RUN) bench.revocation
	@$(RUN) bench.longrun
	@$(RUN) bench.policy
	@$(RUN) bench.matrix
	@$(RUN) bench.walks --database sqlite
	@$(RUN) bench.walks --database postgresql
	@$(RUN) bench.exports
	@$(RUN) bench.forgetting
	@$(RUN) bench.engines
	@$(RUN) bench.recognisers
	@$(RUN) bench.watermark
	@$(RUN) bench.browser

bench: setup-dev
	@$(RUN) bench.web
	@$(RUN) bench.gateway
	@$(RUN) bench.billing

format: setup-dev
	@$(RUN) ruff check --fix --quiet $(PACKAGES)
	@$(RUN) ruff format --quiet $(PACKAGES)

docs: setup
	@$(RUN) exchange docs

requirements: setup-dev
	@sh tools/compile-requirements.sh

clean:
	@rm -rf .venv .venv-cedar .servers var .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "clean"
