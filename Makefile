# The commands of this project; `make` alone lists them. Nothing here needs root, Node or Docker.

SHELL := bash
.SHELLFLAGS := -o pipefail -c

VENV := .venv
BIN := $(VENV)/bin
# The first Python on the path that is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=
# One thread per process: the numbers don't change with the machine, and two workers don't fight.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help run test lint accuracy faults bench lock clean venv serving development system

help: ## list the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/\1\t\2/' \
		| awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: serving ## install what serves, then start the demo (ARGS="--port 8000 --no-open")
	@exec $(BIN)/learnloop demo $(ARGS)

test: development system lint ## set everything up, check everything, run the tests
	@echo "==> tests"
	@$(ONE_THREAD) $(BIN)/pytest -n 2 --dist loadfile -m "not accuracy and not faults" $(ARGS)

lint: development ## format, lint, types, layers
	@echo "==> ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . \
		|| { echo "Some files are not formatted: run '$(BIN)/ruff format .'" >&2; exit 1; }
	@echo "==> mypy"
	@$(BIN)/mypy --no-error-summary
	@echo "==> import-linter"
	@$(BIN)/lint-imports --no-cache >.lint-imports.log 2>&1 \
		|| { cat .lint-imports.log; rm -f .lint-imports.log; exit 1; }
	@rm -f .lint-imports.log

accuracy: development ## how good the models are on real data (minutes; needs the data folder)
	@$(ONE_THREAD) $(BIN)/pytest -m accuracy $(ARGS)

faults: development system ## kill, fill and lock things while answers come in (minutes)
	@$(ONE_THREAD) $(BIN)/pytest -m faults $(ARGS)

bench: development ## speed, beside peers where they are installed (30 minutes)
	@set -e; for name in inprocess features ingest two_writers http_cpu http_open_loop orchestrator drift serving; do \
		echo "==> $$name"; $(ONE_THREAD) $(BIN)/python benchmarks/speed/$$name.py $(ARGS); done

lock: venv ## pin the requirements again
	@$(PIP) install --quiet uv
	@$(BIN)/uv pip compile $(LOCK) --extra onnx --extra postgres -o requirements/serve.txt
	@$(BIN)/uv pip compile $(LOCK) --extra dev -c requirements/serve.txt -o requirements/dev.txt
	@sed -i -E -e '/^(cuda-|nvidia-|triton==)/d' -e 's/\+cpu$$//' requirements/dev.txt

# Which build of torch is taken (CPU or CUDA) is the machine's affair; what CUDA needs is no pin.
LOCK := --quiet --no-header --no-annotate --python-version 3.11 pyproject.toml

clean: ## remove what the commands above have made
	rm -rf $(VENV) learnloop-demo .mypy_cache .ruff_cache .hypothesis .lint-imports.log
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the commands stand on -----------------------------------------------------------------

venv:
	@if [ -z "$(PYTHON)" ]; then \
		echo "learnloop needs Python 3.11 or newer, and none is on the path." >&2; exit 1; fi
	@$(BIN)/python -c '' 2>/dev/null || { echo "==> making $(VENV)"; rm -rf $(VENV); \
		$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python can't make a virtual environment; on Debian: apt-get install python3-venv" >&2; \
		exit 1; }; }

# One line that counts, instead of the hundred that pip writes.
define PROGRESS
/^(Collecting|Processing|Requirement already)/ { ++n }
tty && n { printf "\r    %d of %d packages", n, n_all; fflush() }
tty && /^Installing collected/ { printf "\r    unpacking %d packages ...", n_all; fflush() }
END { if (tty) print "" }
endef
export PROGRESS

# A stamp holds the checksum of what was installed, so a second start asks no package index.
serving: venv
	$(call install,serve,the serving packages (once))

development: venv
	$(call install,dev,the development packages (once))

define install
	@sum=$$(cat requirements/$(1).txt pyproject.toml | cksum); stamp=$(VENV)/installed-$(1); \
	if [ "$$sum" != "$$(cat $$stamp 2>/dev/null)" ]; then \
		echo "==> installing $(2)"; tty=0; [ ! -t 1 ] || tty=1; \
		$(PIP) install --progress-bar off -r requirements/$(1).txt \
			| awk -v tty=$$tty -v n_all="$$(grep -c == requirements/$(1).txt)" "$$PROGRESS" \
		&& $(PIP) install --quiet --no-deps --editable . \
		&& echo "$$sum" >$$stamp; fi
endef

# The tests want a real PostgreSQL and a real browser; without them those tests are skipped.
system:
	@missing=; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
		|| missing="$$missing postgresql"; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "==> installing$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends $$missing >/dev/null \
		|| echo "could not install$$missing: the tests that need them are skipped" >&2; \
	else \
		echo "not found:$$missing; the tests that need them are skipped" \
			"(Debian: apt-get install$$missing)" >&2; \
	fi
