# make demo · make test · make check · make long · make hostile · make faults · make theory · make sizes · make twins · make same · make bench · make bench-sweep

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check long hostile faults theory sizes twins same bench bench-sweep install clean

install: $(STAMP)

# tests start many processes: without bytecode each would compile all sources anew
unexport PYTHONDONTWRITEBYTECODE

# versions that are known to work together; `make CONSTRAINTS= …` takes the newest
CONSTRAINTS := -c constraints.txt

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) -e ".[dev]"
	touch $@

demo: install  ## Beijing of 2024 beside the same city before the reform, in the terminal and in a report
	$(BIN)/citysim compare beijing-before beijing-2024

test: install  ## all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

check: install  ## format, lint, strict types, all tests
	$(BIN)/ruff format --check sim tests experiments benchmarks
	$(BIN)/ruff check sim tests experiments benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist worksteal

twins: install  ## thousands of random cities on both engines
	CITYSIM_TWINS=$(or $(CITIES),5000) $(BIN)/python -m pytest -n auto tests/test_twins.py

same: install  ## the results of another commit, BASE=…, to the last bit
	$(BIN)/python tests/same/same.py $(or $(BASE),HEAD)

hostile: install  ## whole programs that are killed, damaged, starved: some ten minutes
	$(BIN)/python -m pytest -n auto --dist loadgroup -m hostile

faults: install  ## sweeps whose processes are killed fifty times, and all else that can befall them
	CITYSIM_KILLS=$(or $(KILLS),50) $(BIN)/python -m pytest -m "hostile or not hostile" tests/test_faults.py

long: install  ## tests that take long and seldom fail, some ten minutes
	$(BIN)/python -m pytest -n auto -m long

theory: install  ## the long comparison with queueing theory
	$(BIN)/python -m pytest -n auto -m theory tests

sizes: install  ## what each mechanism was held against, exactly: a table with z, some ten minutes
	$(BIN)/python -m pytest -n auto --sizes -m "not hostile" $$(grep -rl "^from exact import" tests)

bench: install  ## speed beside other programs, some six minutes; BENCH="--full --page docs/performance.md"
	$(BIN)/python benchmarks/bench.py $(BENCH)

bench-sweep: install  ## a sweep beside a bare loop, and 100,000 stored runs, some ten minutes
	$(BIN)/python benchmarks/sweeps.py $(BENCH)

clean:
	rm -rf $(VENV) benchmarks/.venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
