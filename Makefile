# One command for everything. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 3000
INSTALLED := $(VENV)/.installed
RUN := $(BIN)/shelfwise

.DEFAULT_GOAL := help
.PHONY: help install demo serve train check-demo test lint format mlflow loadtest bench-quality bench-store bench-swap k8s-check image clean

help:  ## List the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

# Python 3.11 or newer, whichever is there.
$(INSTALLED): pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (about 2 GB; one to two minutes)"
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Shelfwise needs Python 3.11 or newer")'
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --progress-bar off \
		-c constraints.txt --editable ".[dev]" 2> >(grep -v '^WARNING: Location' >&2)
	@touch $@

install: $(INSTALLED)  ## Make the virtual environment

demo: $(INSTALLED)  ## Real purchases, a trained release, and a server on 127.0.0.1:3000 (PORT= changes it)
	@$(RUN) demo --port $(PORT)

serve: $(INSTALLED)  ## Serve the promoted release
	@$(RUN) serve --port $(PORT)

train: $(INSTALLED)  ## Train, evaluate and register a release from what is in the store
	@$(RUN) train

check-demo: $(INSTALLED)  ## Check the lists of a running demo for 200 real customers and products
	@$(BIN)/python -m benchmarks.check_demo --base http://127.0.0.1:$(PORT)

bench-quality: $(INSTALLED)  ## Quality on public data, and docs/quality.md from it (QUICK=1: fewer customers)
	@$(BIN)/python -m benchmarks.quality $(if $(QUICK),--quick)

bench-store: $(INSTALLED)  ## Events per second, latency and visibility of the store (URLS= of empty databases)
	@$(BIN)/python -m benchmarks.store $(URLS)

bench-swap: $(INSTALLED)  ## 50 promotions and rollbacks under 16 clients in each topology, on a copy of the demo's shop
	@$(BIN)/python -m benchmarks.swap

loadtest: $(INSTALLED)  ## 16 clients, 2,000 requests against the running demo
	@$(BIN)/python -m loadtests.closed_loop --host http://127.0.0.1:$(PORT) --clients 16 --requests 2000 --read-only \
		--warmup 200 --database "$${SHELFWISE_DATABASE_URL:-sqlite:///$${SHELFWISE_HOME:-$(CURDIR)/var}/shelfwise.db}"

k8s-check: $(INSTALLED)  ## Render the manifests and check them against Kubernetes' schemas
	@$(BIN)/python -m pytest tests/k8s

image: $(INSTALLED)  ## Build the bento that the image is made of (k8s/README.md: from there to an image)
	@BENTOML_DO_NOT_TRACK=True $(BIN)/bentoml build

# Two processes, each of one thread: more than its two cores' worth only makes a machine slower.
test: $(INSTALLED)  ## The whole test suite
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2

lint: $(INSTALLED)  ## Style, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(INSTALLED)  ## Put the code into shape
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

mlflow: $(INSTALLED)  ## MLflow's pages over the same store, on 127.0.0.1:5000
	@MLFLOW_DISABLE_TELEMETRY=true $(BIN)/mlflow server --host 127.0.0.1 --port 5000 --workers 1 \
		--backend-store-uri "$${SHELFWISE_MLFLOW_TRACKING_URI:-sqlite:///$${SHELFWISE_HOME:-$(CURDIR)/var}/mlflow.db}"

clean:  ## Remove what was built, but not your data under var/
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache *.egg-info build
