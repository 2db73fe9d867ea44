# Sets itself up on a machine with make and Python 3.11 or newer.
#
#   make demo            the whole way on the demo force, then the API until stopped (SERVE=0: no API)
#   make test            the whole test suite, in two processes (TEST_JOBS=1: in one)
#   make screenshots     the README's pictures of the page, of the demo force (needs chromium)
#   make peers           the forecasters of benchmarks/peers, in an environment of their own
#   make setup lint lock clean

PYTHON ?= python3
SERVE ?= 1
PORT ?= 8000
WORKSPACE ?= demo
TEST_JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/forewatch.stamp

.PHONY: demo test setup lint lock screenshots peers clean

demo: setup
	$(BIN)/forewatch demo --workspace $(WORKSPACE) $(if $(filter 0,$(SERVE)),--no-serve,--port $(PORT))

screenshots: setup
	$(BIN)/forewatch demo --workspace $(WORKSPACE) --no-serve
	$(BIN)/python -m benchmarks.screenshots $(WORKSPACE) --area bristol --two

test: setup
	@# Without the option the files with the fewest tests, which take longest, come last and alone.
	@# Each process has a core: threads of linear algebra would only wait for each other.
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

setup: $(STAMP)

# The environment holds what the lock names, the project itself, and nothing else: pip brings uv, at
# the lock's own version and hash, and uv brings the rest and takes away what the lock doesn't name.
# Python 3.11 puts setuptools into a new environment, later ones don't, and uv leaves it: it goes too.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "No $(PYTHON) here. Forewatch needs Python 3.11 or newer: install it, or name one with 'make PYTHON=...'." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version 2>&1). Forewatch needs Python 3.11 or newer: install it, or name one with 'make PYTHON=python3.12'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) can't make virtual environments: install its venv module (on Debian and Ubuntu the package python3-venv)." >&2; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock ..."
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@awk '/^[a-z0-9]/ { wanted = /^uv==/ } wanted' requirements.lock > $(VENV)/uv.lock.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(VENV)/uv.lock.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock || { \
	  echo "uv could not fetch everything; trying pip, which may know other indexes ..." >&2; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/uv pip uninstall --quiet --python $(BIN)/python setuptools 2>/dev/null || true
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import lightgbm' 2>/dev/null || { \
	  echo "LightGBM can't start; on Debian and Ubuntu it lacks the package libgomp1. It says:" >&2; \
	  $(BIN)/python -c 'import lightgbm' >&2; exit 1; }
	@touch $@

# Rewrites requirements.lock from pyproject.toml. It holds versions and hashes, never an address.
lock: setup
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --group dev pyproject.toml -o requirements.lock

# PyTorch comes first and apart: its builds differ by where they come from, so no lock fits all. Any
# processor-only build of 2.13 will do.
peers:
	$(PYTHON) -m venv --clear $(VENV)-peers
	$(VENV)-peers/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(VENV)-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --require-hashes -r benchmarks/peers/requirements.lock

clean:
	rm -rf $(VENV) $(VENV)-peers build dist htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
