# `make` lists what there is. Everything runs in .venv, which is made from the hash-pinned lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := batch consumer fraudstream models producer schemas serving
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header
MLFLOW := .cache/mlflow
MLFLOW_VERSION ?= 3.17.2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo demo-model test check lint types imports docs screenshots docs-check fuzz fuzz-http soak bench bench-quick bench-peers bench-report bench-decode bench-trees bench-features bench-labels bench-drift bench-state bench-scorer bench-stages bench-enrich bench-nightly compat-mlflow bench-http chaos lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV) || \
		{ echo "no virtual environment could be made; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "installing the locked packages into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

venv: $(VENV)/.ready  ## make the virtual environment from the lock

demo: $(VENV)/.ready  ## watch transactions being scored on a real Kafka (ARGS="--seconds 20")
	@$(BIN)/fraudstream demo $(ARGS)

demo-model: $(VENV)/.ready  ## train the demo's model again, 2 minutes (ARGS=--check compares)
	@$(BIN)/python -m fraudstream.demo.remake $(ARGS)

test: $(VENV)/.ready  ## the whole suite on real Kafkas and Redises, in three processes (ARGS="-k name")
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder $(ARGS)

check: lint types imports docs-check  ## lint, types, import rules, generated pages

lint: $(VENV)/.ready  ## ruff: rules and format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(VENV)/.ready  ## mypy, strict
	@$(BIN)/mypy

imports: $(VENV)/.ready  ## imports go down only
	@$(BIN)/lint-imports

docs: $(VENV)/.ready  ## write the generated pages: settings, metrics, command line, ...
	@$(BIN)/python docs/generate.py

screenshots: $(VENV)/.ready  ## make docs/images anew: a demo is played, a browser looks at its page
	@PYTHONPATH=. $(BIN)/python docs/screenshots.py

docs-check: $(VENV)/.ready  ## are the generated pages fresh
	@$(BIN)/python docs/generate.py --check

fuzz: $(VENV)/.ready  ## 200,000 mutated records through both decoders (FUZZ_SEED=n)
	@FUZZ_RECORDS=$${FUZZ_RECORDS:-200000} $(BIN)/python -m pytest -s tests/schemas/lot/test_fuzz.py $(ARGS)

fuzz-http: $(VENV)/.ready  ## 20,000 mutated bodies to the HTTP door, no 500, no hang, no secret (FUZZ_SEED=n)
	@FUZZ_BODIES=$${FUZZ_BODIES:-20000} $(BIN)/python -m pytest -s --timeout 3600 tests/serving/test_fuzz.py $(ARGS)

soak: $(VENV)/.ready  ## 10,000 schedules of faults, and faults that take long (SIMULATION_FROM=n)
	@SIMULATION_SCHEDULES=$${SIMULATION_SCHEDULES:-10000} SIMULATION_FROM=$${SIMULATION_FROM:-$$(date +%s)} \
		$(BIN)/python -m pytest --timeout 3600 tests/simulation/test_schedules.py $(wildcard tests/faults/soak_*.py) $(ARGS)

bench: bench-peers  ## everything against its peers, hours; writes docs/benchmarks.md (ARGS="--peers NAME --only latency")
	@PYTHONPATH=. $(BIN)/python bench/run.py $(ARGS)
	@$(if $(ARGS),:,$(MAKE) --no-print-directory bench-report)

bench-quick: $(VENV)/.ready  ## a few peers that are installed, one short run each, within 3 minutes
	@PYTHONPATH=. $(BIN)/python bench/run.py --quick $(ARGS)

bench-peers: $(VENV)/.ready  ## an environment of its own for each peer, in .cache/bench
	@PYTHONPATH=. $(BIN)/python bench/peers/environments.py

bench-report: $(VENV)/.ready  ## docs/benchmarks.md and its charts, of the last results (ARGS="--results FILE")
	@PYTHONPATH=. $(BIN)/python bench/report.py $(ARGS)

bench-decode: $(VENV)/.ready  ## microseconds per record of the decoder, beside fastavro
	@$(BIN)/python bench/decode.py $(ARGS)

bench-trees: $(VENV)/.ready  ## microseconds per row of the compiled trees, beside scikit-learn
	@PYTHONPATH=. $(BIN)/python bench/trees.py $(ARGS)

bench-features: $(VENV)/.ready  ## microseconds per event of the card book and the features
	@PYTHONPATH=. $(BIN)/python bench/features.py $(ARGS)

bench-labels: $(VENV)/.ready  ## microseconds per label learned and per answer
	@PYTHONPATH=. $(BIN)/python bench/labels.py $(ARGS)

bench-drift: $(VENV)/.ready  ## microseconds per row of counting for drift
	@PYTHONPATH=. $(BIN)/python bench/drift.py $(ARGS)

bench-state: $(VENV)/.ready  ## seconds to take, write and restore the state of a partition
	@PYTHONPATH=. $(BIN)/python bench/state.py $(ARGS)

bench-scorer: $(VENV)/.ready  ## what exactly-once costs, gaps after kills, restoring, memory (ARGS="--full")
	@PYTHONPATH=.:tests $(BIN)/python bench/scorer.py $(ARGS)

bench-stages: $(VENV)/.ready  ## microseconds per event of every stage from a message to a record (ARGS="--json")
	@PYTHONPATH=. $(BIN)/python bench/stages.py $(ARGS)

bench-enrich: $(VENV)/.ready  ## what churn scores cost the scorer (ARGS="--beside" publishes while it scores)
	@PYTHONPATH=.:tests $(BIN)/python bench/enrich.py $(ARGS)

bench-nightly: $(VENV)/.ready  ## a million customers from file to live in Redis, beside a SET for each (ARGS="--rows N")
	@PYTHONPATH=. $(BIN)/python bench/nightly.py $(ARGS)

$(MLFLOW)/.ready: $(VENV)/.ready
	@echo "installing mlflow $(MLFLOW_VERSION) into $(MLFLOW), with the libraries of $(VENV)"
	@test -d $(MLFLOW) || $(BIN)/python -m venv $(MLFLOW)
	@$(BIN)/python -m pip list --format=freeze | grep -E '^(scikit-learn|scipy|numpy|skops)==' > $(MLFLOW)/same.txt
	@$(MLFLOW)/bin/python -m pip install --quiet --disable-pip-version-check mlflow==$(MLFLOW_VERSION) -r $(MLFLOW)/same.txt
	@touch $@

compat-mlflow: $(MLFLOW)/.ready  ## the same bodies to MLflow's own server, its loader and its client on ours
	@PYTHONPATH=.:tests $(BIN)/python -m support.beside_mlflow --mlflow $(MLFLOW) $(ARGS)

bench-http: $(MLFLOW)/.ready  ## requests of one row beside MLflow's server, overload, files (ARGS="--seconds N")
	@PYTHONPATH=.:tests $(BIN)/python bench/invocations.py --mlflow $(MLFLOW) $(ARGS)

chaos: $(VENV)/.ready  ## SIGKILL workers at load, audit what readers find (ARGS="--kills 300 --seconds S --workers 4")
	@PYTHONPATH=.:tests $(BIN)/python -m support.chaos $(ARGS)

lock: $(VENV)/.ready  ## resolve the two lock files anew: hashes, no addresses
	@$(LOCK) pyproject.toml --extra serve -o requirements.lock
	@$(LOCK) pyproject.toml --extra local --extra serve --extra spark --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## remove the environment and every cache
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
