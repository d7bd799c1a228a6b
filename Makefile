# `make app` and `make test` each set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

WARM := from geo import site_warm, units, walks; walks.warm(); units.warm_units(); site_warm.warm_sites()

.PHONY: app test cover check bench clean

app: $(STAMP)
	$(BIN)/pianqu app

test: $(STAMP)
	$(BIN)/python -c "$(WARM)" # compile once, not in every worker
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not e2e"
	$(BIN)/python -m pytest -m e2e # alone: a browser wants both cores

cover: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not e2e" --cov --cov-report=term --cov-fail-under=95

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layering.py tests/test_docstrings.py

bench: $(STAMP)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python benchmarks/run.py

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist static .mypy_cache .ruff_cache .pytest_cache
