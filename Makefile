# Everything a contributor runs. `make` alone lists it.

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help run test check format openapi bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/local.stamp ## Start everything on this machine: database, queue, API, worker, demo data
	@$(BIN)/rapport local

test: check ## Format, lint, types, import contracts, migrations and all tests: what CI runs

# The one list of what must hold. The migration check (one head, upgrade, autogenerate clean, downgrade) is part of the tests.
check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --cov --cov-report=term -n auto --dist worksteal

format: $(VENV)/dev.stamp ## Format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: $(VENV)/dev.stamp ## Write openapi.json, the published description of the API
	@mkdir -p build
	$(BIN)/python -m services.api.openapi > build/openapi.json
	mv build/openapi.json openapi.json

bench: $(VENV)/dev.stamp ## Measure the product against the bare yardstick and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

# The development lock is solved first and binds the other two, so that one environment can hold them all.
COMPILE = build/uv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"
lock: build/uv/bin/uv ## Solve pyproject.toml again into requirements/*.txt (UPGRADE=1 takes the newest of everything)
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra local --group dev --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt --extra local --output-file requirements/local.txt
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/service.txt

clean: ## Remove the virtual environment and the caches, keep the data
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Rapport needs Python 3.11 or newer; name it with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# The checkout is put on the import path by a .pth file: no build step, so nothing is installed that is not in the lock.
$(BIN)/rapport: Makefile | $(BIN)/python
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "rapport.pth").write_text("$(CURDIR)\n", encoding="utf-8")'
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m services.cli "$$@"\n' > $@
	@chmod +x $@

$(VENV)/%.stamp: requirements/%.txt $(BIN)/rapport
	@echo "Installing requirements/$*.txt into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-binary lunar-python -r $<
	@touch $@

build/uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Rapport needs Python 3.11 or newer; name it with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
