# make run    set everything up and open the sample project (without a display: the tour)
# make test   set everything up and run tests, lint, types and import contracts
VENV    ?= .venv
PYTHON  ?= python3
BIN      = $(VENV)/bin
PIP      = $(BIN)/python -m pip --disable-pip-version-check --quiet
TORCH    = torch==2.13.0
OUT     ?= build/tour

.PHONY: run test tour setup dev gguf lint types contracts bench-% clean

run: $(VENV)/.run
	@$(BIN)/python -m workbench.gguf_build --background
	@$(BIN)/python -m workbench open --sample || exit $$?

tour: $(VENV)/.run
	$(BIN)/python -m workbench tour $(OUT)

test: dev gguf lint types contracts
	# one thread a process: two that share two cores with the jobs under test are many times slower
	OMP_NUM_THREADS=1 WORKBENCH_THREADS=1 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

setup: $(VENV)/.run
dev: $(VENV)/.dev
gguf: $(VENV)/.gguf

# torch first and by itself: a range would take the newest build with several gigabytes of CUDA packages
$(VENV)/.torch:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(TORCH)
	@touch $@

$(VENV)/.run: $(VENV)/.torch pyproject.toml
	$(PIP) install --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) install --editable '.[dev]'
	@touch $@

$(VENV)/.gguf: $(VENV)/.run
	$(BIN)/python -m workbench.gguf_build
	@touch $@

lint: dev
	$(BIN)/ruff check .
types: dev
	$(BIN)/mypy
contracts: dev
	$(BIN)/lint-imports

bench-%: dev
	$(BIN)/python -m tests.perf.bench_$(subst -,_,$*)

clean:
	rm -rf build dist .mypy_cache .ruff_cache .import_linter_cache
