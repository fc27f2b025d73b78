# Two commands for a new user: `make drill` (practise on a simulated account) and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
JOBS   ?= 6

.PHONY: fuzz-host guide plays pages recording worlds fault-matrix drill run wheelhouse host test lint format screenshots bench series crash-matrix fuzz coverage mutants mutated-answers clean

drill: $(READY)  ## open the workbench on a simulated compromised account
	@$(BIN)/workbench drill

run: $(READY)  ## open the workbench on a real account
	@$(BIN)/workbench

test: $(DEV)  ## all tests but those of the host and the long series
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --ignore=tests/host --ignore=tests/series

series: $(DEV)  ## a slice of each long series: kills, faults, lives, worlds, plays by the guide, spoiled answers
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/series

host: $(DEV)  ## behind proxies, company certificates, stopped and slow terminals, real keyrings; needs GNU screen, dbus, gnome-keyring
	$(BIN)/python -m pytest tests/host

wheelhouse: $(READY)  ## everything a jump host without internet needs, as one archive for this kind of machine
	rm -rf dist/wheelhouse
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check -c constraints.txt -w dist/wheelhouse .
	tar -C dist -czf dist/workbench-wheelhouse.tar.gz wheelhouse
	@ls dist/wheelhouse/*.whl | wc -l | xargs -I{} echo "dist/workbench-wheelhouse.tar.gz: {} wheels"

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

pages: $(DEV)  ## write share/: the manual page and the completions that a package brings
	$(BIN)/python -m tests.shipped_pages

recording: $(DEV)  ## write screenshots/first-minute.gif: the drill's first minute, played on the real program
	$(BIN)/python -m tests.recording

bench: $(DEV)  ## measure, side by side with peers; BENCH=--quick for a short run
	$(BIN)/python -m tests.benchmarks $(BENCH)

guide: $(DEV)  ## play fifty seeds of every scenario by the guide alone
	WORKBENCH_GUIDE_SEEDS=50 $(BIN)/python -m pytest -q -s tests/series/test_guide.py

plays: $(DEV)  ## play every scenario on the real app, a row of a table each; PLAYS="--size 80x24 --pauses 0,20,180"
	$(BIN)/python -m tests.plays $(PLAYS)

crash-matrix: $(DEV)  ## every kill point and effect kind, 500 random kill and resume runs, twenty real SIGKILLs
	$(BIN)/python -m tests.crash_matrix
	WORKBENCH_WHOLE=1 $(BIN)/python -m pytest tests/series/test_sigkill.py tests/series/test_any_life.py

coverage: $(DEV)  ## lines that unit tests and drill reach; a floor of 95 % for each package that decides or writes
	WORKBENCH_WHOLE=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/unit tests/drill tests/series --cov --cov-report=
	@for part in domain execution vault journal; do \
	  echo "── $$part"; $(BIN)/python -m coverage report --include="workbench/$$part/*" --skip-covered --fail-under=95 || exit 1; \
	done

mutated-answers: $(DEV)  ## 20,000 spoiled answers at every endpoint: nothing breaks, nothing vanishes unnamed
	$(BIN)/python -m tests.mutated_answers 20000

mutants: $(DEV)  ## what the unit tests alone would miss, by mutmut; MUTANTS="executor keys" for some modules, MUTANTS="--sample 60 vault" for a part
	nice $(BIN)/python -m tests.mutants $(MUTANTS)

fuzz: $(DEV)  ## every file of the state folder × damage × command, every option × hostile value; PART=1/5 for a slice
	$(BIN)/python -m tests.fuzz_state $(PART)
	$(BIN)/python -m tests.fuzz_options $(PART)

fuzz-host: $(DEV)  ## what a host does to the state folder: owners, modes, full disks (as root); HOST=owners for one table, HOST=never_changed for one change
	$(BIN)/python -m tests.fuzz_host $(HOST)

fault-matrix: $(DEV)  ## 150 containments over a line that lies: cut, lost, doubled, corrupted, captive; RUNS=10 for fewer
	$(BIN)/python -m tests.support.fault_matrix $(or $(RUNS),150)

worlds: $(DEV)  ## 2,000 random worlds of the drill, each surface held against an oracle; WORLDS=200 for fewer
	$(BIN)/python -m tests.support.worlds $(or $(WORLDS),2000)

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the workbench into $(VENV) (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[drill]'
	@touch $@

$(DEV): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the workbench and its development tools into $(VENV) (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(READY)

clean:
	rm -rf $(VENV) dist build .coverage .mypy_cache .ruff_cache .import_linter_cache .hypothesis
