# p2claw: build, try, check, test. Everything is made inside this folder; `make clean` removes it again.
#
#   make demo    build all, start a coordinator, an edge and an agent, expose a sample app, print its URL
#   make test    install what the tests need, and pass everything
#   make check   formatting, types, layers, sizes
#   make bench   measure the whole path and its parts

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := .make

.PHONY: build demo test check bench clean tools browsers
.DEFAULT_GOAL := build

build: $(STAMPS)/python $(STAMPS)/extension $(STAMPS)/bootstrap $(STAMPS)/media

demo: build
	@$(BIN)/p2claw demo

test: build browsers
	$(BIN)/pytest -q
	npm --prefix bootstrap test --silent

check: build
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cython-lint p2claw/_fastframe.pyx
	npm --prefix bootstrap run check --silent

bench: build
	$(BIN)/pytest -q bench --benchmark-only
	$(BIN)/python -m bench all

# What a machine must have. On Debian, as root, it is installed; elsewhere it is named.
tools:
	@PYTHON="$(PYTHON)" sh scripts/need-tools.sh build

browsers: | $(STAMPS)
	@PYTHON="$(PYTHON)" sh scripts/need-tools.sh test
	@cd tests/e2e && { test node_modules/.package-lock.json -nt package-lock.json || npm ci --silent; }
	@$(BIN)/python -m tests.e2e.apps

$(STAMPS):
	@mkdir -p $@

$(STAMPS)/python: pyproject.toml setup.py constraints.txt | $(STAMPS) tools
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt setuptools Cython wheel
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

$(STAMPS)/extension: p2claw/_fastframe.pyx $(STAMPS)/python
	$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

$(STAMPS)/bootstrap: $(shell find bootstrap -path '*/node_modules' -prune -o -type f -print) | $(STAMPS) tools
	@cd bootstrap && { test node_modules/.package-lock.json -nt package-lock.json || npm ci --silent; }
	npm --prefix bootstrap run build --silent
	@touch $@

$(STAMPS)/media: $(wildcard p2claw/demo_app/media*.py) $(STAMPS)/python
	$(BIN)/python -m p2claw.demo_app.media
	@touch $@

clean:
	rm -rf $(VENV) $(STAMPS) build dist *.egg-info p2claw/*.so p2claw/_fastframe.c \
	  p2claw/edge/static p2claw/demo_app/static/media bootstrap/node_modules tests/e2e/node_modules
