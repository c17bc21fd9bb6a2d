# Everything a newcomer needs; each target sets up what it needs first.
#   make demo        the quick suite: measured tables and a page with pictures
#   make test        the tests
#   make check       format, lint, types, then the tests (what .ci/run does)
#   make check-slow  the heavy tests
#   make bench       timings of engines, estimators, generator, inversion, memory, report,
#                   photographs, scoring, create; some: make bench PARTS="engines memory"
#   make bench-compare OLD=a.json NEW=b.json   what became slower between two benches
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# A process a core; neighbouring tests stay together, since they share fixtures.
SIDE_BY_SIDE := -n logical --maxprocesses 8 --dist worksteal
SOURCES := avatarbench_launcher.py benchmark methods evaluation reports tests

.PHONY: demo test check check-slow bench bench-compare clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

$(BIN)/python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "avatarbench needs Python 3.11 or newer; install it, or name one:" \
	    "make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a" \
	  "virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
	  exit 1; }

$(VENV)/.base: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c constraints.txt -e '.[dev,portraits]'
	@touch $@

$(VENV)/.weights: $(wildcard benchmark/weights/*.py) | $(VENV)/.base
	$(BIN)/avatarbench weights fetch
	@touch $@

demo: $(VENV)/.base $(VENV)/.weights
	$(BIN)/avatarbench run quick

test: $(VENV)/.dev $(VENV)/.weights
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

check: $(VENV)/.dev $(VENV)/.weights
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/pyright
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

check-slow: $(VENV)/.dev $(VENV)/.weights
	$(BIN)/avatarbench weights fetch torchvision-vgg16
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/.dev $(VENV)/.weights
	PYTHONPATH=tests/helpers $(BIN)/python tests/performance/bench.py $(PARTS)

bench-compare: $(VENV)/.dev
	$(BIN)/python tests/performance/compare.py $(OLD) $(NEW)

clean:
	rm -rf $(VENV) *.egg-info .pytest_cache .ruff_cache .hypothesis
