# Two commands for a new user: `make drill` (practise on a simulated account) and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
JOBS   ?= 4

.PHONY: drill run test lint format screenshots bench crash-matrix clean

drill: $(READY)  ## open the workbench on a simulated compromised account
	@$(BIN)/workbench drill

run: $(READY)  ## open the workbench on a real account
	@$(BIN)/workbench

test: $(DEV)  ## all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

lint: $(DEV)  ## style, formatting, types, layers
	$(BIN)/ruff check workbench tests
	$(BIN)/ruff format --check workbench tests
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV)
	$(BIN)/ruff check --fix workbench tests
	$(BIN)/ruff format workbench tests

screenshots: $(DEV)  ## write screenshots/ from the drill
	$(BIN)/python -m tests.screenshots

bench: $(DEV)  ## measure, side by side with peers; BENCH=--quick for a short run
	$(BIN)/python -m tests.benchmarks $(BENCH)

crash-matrix: $(DEV)  ## every kill point and effect kind, 500 random kill and resume runs
	$(BIN)/python -m tests.crash_matrix

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the workbench into $(VENV) (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the workbench and its development tools into $(VENV) (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(READY)

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
