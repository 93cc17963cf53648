# The two commands of the README, and the ones behind them. Each builds .venv when it has to, and only then.
# Needs python3 (3.11 or newer, with venv), a C compiler, Python's headers and make.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
PREFIX ?= /opt/rsu
DESTDIR ?=
WHEEL_PYTHONS ?= $(VENV)/bin/python

PY := $(VENV)/bin/python
RUN_DIR := .run
LOG := replay_logs/city_minute.pcap
CODEC := setup.py rsu/_codec.pyx $(wildcard rsu/_codec_parts/*.pxi)

# Says in one line each what pip fetches; the whole output of a failed pip goes to the screen by stderr.
PIP := $(PY) -m pip install --disable-pip-version-check --no-input
FETCHED := sed -un 's/^ *Downloading \([^ ]*\/\)\{0,1\}\([^ /]*\) \((.*)\).*/    fetched \2 \3/p'

.PHONY: evaluate bench-observe bench-fusion help run test test-quick lint bench bench-smoke bench-engine bench-recorder instructions wheel fuzz fuzz-atheris soak install uninstall docker-steps clean distclean

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(VENV)/.package  ## replay the bundled drive log into a fresh database, fused, and show what was in it
	@rm -rf $(RUN_DIR) && mkdir -p $(RUN_DIR)
	@$(VENV)/bin/rsu replay $(LOG) --db $(RUN_DIR)/rsu.db --origin map $(ARGS)

test: $(VENV)/.extras-test  ## run all tests (ARGS="-k bsm" narrows them)
	@$(PY) -m pytest $(ARGS)

test-quick: $(VENV)/.extras-test  ## run the tests that are not marked slow
	@$(PY) -m pytest -m "not slow" $(ARGS)

lint: $(VENV)/.extras-lint  ## ruff, cython-lint, mypy --strict
	@echo "ruff …" && $(PY) -m ruff check .
	@echo "cython-lint …" && PATH="$(abspath $(VENV))/bin:$$PATH" cython-lint rsu bench tests/fuzz
	@echo "mypy --strict …" && $(PY) -m mypy

bench: $(VENV)/.extras-bench  ## measure the codec against asn1tools and pycrate, side by side
	@$(PY) -m bench $(ARGS)

bench-smoke: $(VENV)/.extras-bench  ## the same, short: shows that the benchmarks run
	@$(PY) -m bench --smoke $(ARGS)

bench-engine: $(VENV)/.extras-bench  ## what one record costs in the engine, and where it goes
	@$(PY) -m bench.engine $(ARGS)

bench-observe: $(VENV)/.extras-bench  ## what reading a road user out of a message costs
	@$(PY) -m bench.observe $(ARGS)

bench-fusion: $(VENV)/.extras-bench  ## fusion beside its sources alone, and the time of a tick (ARGS="--only time")
	@$(PY) -m bench.fusion $(ARGS)

evaluate: $(VENV)/.extras-sim  ## fusion against ground truth over the grid of scenes (ARGS="--cells 'city/70/*'"); hours
	@$(PY) -m bench.evaluate $(ARGS)

bench-recorder: $(VENV)/.extras-test  ## outbox to database beside the raw driver, SQLite and PostgreSQL
	@$(PY) -m bench.recorder $(ARGS)

instructions: $(VENV)/.extras-bench  ## count the codec's instructions with valgrind (ARGS=--check compares with the record)
	@$(PY) -m bench.instructions $(ARGS)

wheel: $(VENV)/.extras-package  ## source archive, wheel from it, fresh environment, check (WHEEL_PYTHONS="python3.12 python3.13")
	@$(PY) scripts/make_wheels.py $(WHEEL_PYTHONS)

fuzz: $(VENV)/.extras-test  ## changed messages against the codec under AddressSanitizer, about a minute
	@$(PY) -m tests.fuzz.sanitize $(or $(ARGS),--inputs 200000 --seconds 60)

fuzz-atheris: $(VENV)/.extras-fuzz  ## the same with libFuzzer and coverage; needs clang (CC=clang-14 names one)
	@CC=$(if $(filter default,$(origin CC)),clang,$(CC)) $(PY) -m tests.fuzz.follow $(or $(ARGS),-max_total_time=60)

soak: $(VENV)/.extras-test  ## 1,000 kills of any role, then 30 minutes at 4,000 messages/s, recorded in docs/soak.md; about an hour
	@$(PY) -m tests.soak kills --count 1000 --record docs/soak-record.json
	@$(PY) -m tests.soak steady --minutes 30 --rate 4000 --record docs/soak-record.json

install:  ## on this machine: PREFIX=/opt/rsu, /etc/rsu/rsu.toml, user rsu, systemd unit (DESTDIR=… stages it)
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" PYTHON="$(PYTHON)" scripts/install_unit.sh install

uninstall:  ## take that away again; settings, keys and state stay
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install_unit.sh uninstall

docker-steps:  ## the Dockerfile's own steps in a Debian root made by debootstrap, and the unit started there; needs root
	@$(PYTHON) scripts/docker_steps.py $(ARGS)

clean:  ## remove what was built and what was run, keep .venv
	@rm -rf build dist $(RUN_DIR) rsu/*.so *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks $(VENV)/.package
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean  ## remove .venv as well
	@rm -rf $(VENV)

$(VENV)/.made: scripts/check_machine.py
	@$(PYTHON) scripts/check_machine.py
	@echo "Making $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing what the build needs …"
	@$(PIP) $$($(PY) scripts/extras.py --build) | $(FETCHED)
	@touch $@

$(VENV)/.package: $(VENV)/.made pyproject.toml $(CODEC)
	@echo "Installing rsu and compiling its codec (about a minute the first time) …"
	@$(PIP) --no-build-isolation --editable . | $(FETCHED)
	@touch $@

$(VENV)/.extras-%: $(VENV)/.package pyproject.toml
	@echo "Installing what '$*' needs …"
	@$(PIP) $$($(PY) scripts/extras.py $*) | $(FETCHED)
	@touch $@
