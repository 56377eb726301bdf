# `make` lists the commands. Settings are given as words: make run PORT=9000
# (make passes such words on to the processes as environment variables.)

PYTHON ?= python3
VENV := .venv
BENCH_VENV := .venv-bench
BACKEND := services/backend
PYTHONPATH := $(BACKEND)/src:.
export PYTHONPATH

# An installation is kept until its lock file or the interpreter changes.
interpreter = $(shell readlink -f "$$(command -v $(PYTHON))")
stamp = $(or $(2),$(VENV))/installed-$(1)-$(shell { cat $(BACKEND)/$(1).lock; echo $(interpreter); } | sha256sum | cut -c1-16)
RUN_INSTALLED = $(call stamp,requirements)
TEST_INSTALLED = $(call stamp,requirements-dev)
BENCH_INSTALLED = $(call stamp,requirements-bench,$(BENCH_VENV))

# A word given to make, in capitals, as an option of a program.
as_option = $(if $($(shell echo $(1) | tr a-z A-Z)),--$(1)=$($(shell echo $(1) | tr a-z A-Z)))

.DEFAULT_GOAL := help
.PHONY: help run stack stack-down backup restore installed test bench bench-report screenshots system lint types format lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_INSTALLED) ## start here, with SQLite and plain files (PORT=8080 RELOAD=1 ...)
	@exec $(VENV)/bin/python -m shoebox serve

stack: $(RUN_INSTALLED) ## start Nginx, workers, PgBouncer, PostgreSQL as processes (PORT=8080 STATE_DIR=try ...)
	@exec $(VENV)/bin/python -m tests.stack up

stack-down: $(RUN_INSTALLED) ## stop a stack, even one whose starter was killed (STATE_DIR=try)
	@exec $(VENV)/bin/python -m tests.stack down

backup: ## back up the pictures and rows of what runs here into backups/ (STATE_DIR=try)
	@exec sh services/backup/make.sh backup

restore: ## put a backup back: make restore FILE=backups/shoebox-... (FORCE=1: in the place of what is there)
	@exec sh services/backup/make.sh restore

installed: $(RUN_INSTALLED)

test: system $(TEST_INSTALLED) $(BENCH_INSTALLED) lint types ## install what is missing, then run every check and every test
	@exec $(VENV)/bin/python -m pytest $(PYTEST_ARGS)

bench: system $(TEST_INSTALLED) $(BENCH_INSTALLED) ## measure on this machine (SCENARIO=list,get ROUNDS=1 SECONDS=2 CONTESTANTS=shoebox ...)
	@exec $(VENV)/bin/python -m tests.bench $(foreach word,scenario rounds seconds rows many checks contestants,$(call as_option,$(word)))

bench-report: $(TEST_INSTALLED) ## put the last results of make bench into docs/benchmarks.md
	@exec $(VENV)/bin/python -m tests.bench.report

screenshots: system $(TEST_INSTALLED) ## take the README's pictures anew
	@exec $(VENV)/bin/python -m tests.browser.screenshots

system: ## install the system packages the tests and the stack need
	@sh tests/install.sh

lint: $(TEST_INSTALLED) ## style of the code
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check

types: $(TEST_INSTALLED) $(BENCH_INSTALLED) ## types of the backend, the stack harness and the comparison
	@cd $(BACKEND) && PYTHONPATH= ../../$(VENV)/bin/mypy
	@PYTHONPATH= MYPYPATH=$(BACKEND)/src $(VENV)/bin/mypy --strict --explicit-package-bases --python-version 3.11 \
		--exclude tests/bench/contestants/apps tests/stack tests/bench
	@cd tests/bench/contestants/apps && PYTHONPATH= ../../../../$(VENV)/bin/mypy .

format: $(TEST_INSTALLED) ## put the code into the common style
	@$(VENV)/bin/ruff check --fix
	@$(VENV)/bin/ruff format

lock: $(TEST_INSTALLED) ## pin the newest versions that the .in files allow
	@cd $(BACKEND) && for name in requirements requirements-s3 requirements-dev requirements-bench; do \
		../../$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --upgrade --python-version 3.11 \
			--no-header --output-file $$name.lock $$name.in || exit 1; done

clean: ## remove what can be made again (never pictures, databases or logs)
	rm -rf $(VENV) $(BENCH_VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis $(BACKEND)/.mypy_cache
	find $(BACKEND) tests -name __pycache__ -prune -exec rm -rf {} +

define install
@sh tests/venv.sh $(PYTHON) $(@D) $(BACKEND)/$(patsubst %-$(lastword $(subst -, ,$*)),%,$*).lock
@touch $@
endef

$(VENV)/installed-%:
	$(install)

$(BENCH_VENV)/installed-%:
	$(install)
