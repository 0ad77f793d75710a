# Everything that the project does is a verb here; `make` lists them.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A lock names everything; nothing need be resolved, and where a package is wanted with and without extras could not be.
LOCKED := --no-deps --require-hashes --requirement
# uv takes seconds, where pip takes minutes. pip goes on where uv can't: a machine that uv has no wheel for, a registry
# that only pip's settings name.
define install
@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python $(LOCKED) $(1) \
  || { echo "uv could not install $(1); pip does, which takes minutes"; $(PIP) install $(LOCKED) $(1); }
endef

# The locks name no registry's host and hold for all platforms.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-emit-index-url --no-emit-find-links

# All but the teacher, whose PyTorch takes gigabytes.
DEV_EXTRAS := build train careful trace check docs test dev

PEERS := tests/benchmarks/peers

# Where a secret could stand: in the other files are hashes and data alone. What looks like one and is an example or alphabet.
HAND_WRITTEN := . ':!*.lock' ':!*.npz' ':!*.onnx' ':!*.gz' ':!*.png' ':!*.csv' ':!*.jsonl' ':!*.json'
EXAMPLES := ^(password|secret|TOKEN|SASL_SSL|the-secret-of-[a-z-]*|tt_abc|abcdefghijklmnopqrstuvwxyz_|JFhPTSByYWlzZXMgaXRzIGRpdmlkZW5k)$$

# Docker's plugin where it is there, else the program of old.
COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)

.DEFAULT_GOAL := help
.PHONY: help venv venv-teacher demo kafka worker rest-dev rest-prod produce tail train data-test data-docs drift drift-ui mlflow test check audit packages sbom format screenshots recording bench bench-peers soak lock doc doc-build image up watch down clean

help: ## list the verbs
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/all.stamp ## make .venv with all that development needs

venv-teacher: .venv/teacher.stamp ## add PyTorch (6 GB) to .venv, for `tickertape train --teacher`

demo: .venv/run.stamp ## run everything at once: Kafka, worker, API, a feed, a live table
	@$(BIN)/tickertape demo

kafka: .venv/run.stamp ## start a real Apache Kafka on this machine
	@$(BIN)/tickertape broker

worker: .venv/run.stamp ## classify tweets from Kafka to Kafka
	@$(BIN)/tickertape worker

rest-dev: .venv/run.stamp ## answer over HTTP, reloading when the code changes
	@$(BIN)/tickertape serve --reload

rest-prod: .venv/run.stamp ## answer over HTTP with several processes (API_WORKERS)
	@$(BIN)/tickertape serve --workers

train: .venv/all.stamp data-test ## train on TICKERTAPE_DATA_DIR, log to MLflow, promote it if it passes the gate
	@$(BIN)/tickertape train

data-test: .venv/all.stamp ## test the labelled tweets in TICKERTAPE_DATA_DIR before training on them
	@$(BIN)/python -m monitoring validate "$${TICKERTAPE_DATA_DIR:-data}/topic_train.csv" --kind topic
	@$(BIN)/python -m monitoring validate "$${TICKERTAPE_DATA_DIR:-data}/sent_train.csv" --kind sentiment

data-docs: .venv/all.stamp ## test the known files of TICKERTAPE_DATA_DIR, and write suites and results as HTML
	@$(BIN)/tickertape data init
	@$(BIN)/tickertape data run || true # the pages show what failed
	@$(BIN)/tickertape data docs

drift: .venv/all.stamp ## watch the feed for drift: windows of tweets against a reference, reports in reports/
	@$(BIN)/tickertape drift

drift-ui: .venv/all.stamp ## open Evidently's UI over the drift reports in the browser, on port 8001
	@$(BIN)/python -m monitoring drift-ui

mlflow: .venv/all.stamp ## open the model registry in the browser, on port 5000
	@$(BIN)/mlflow ui --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///$${TICKERTAPE_HOME:-$(CURDIR)/.tickertape}/mlflow.db}" --port $${MLFLOW_PORT:-5000}

test: .venv/all.stamp ## run all tests
	@$(BIN)/python -m pytest

check: .venv/all.stamp ## what CI runs before the tests: format, lint, types, layers, spelling, docs, workflows
	@$(PIP) check
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/typos
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir .tickertape/site
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/idea.yml

audit: .venv/all.stamp ## look for mistakes in our code, secrets in our files, known weaknesses of what is locked
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive api config models monitoring stream tickertape
	@git ls-files -z -- $(HAND_WRITTEN) | xargs -0 $(BIN)/detect-secrets-hook --disable-plugin HexHighEntropyString \
	  --exclude-secrets '$(EXAMPLES)'
	@$(BIN)/python tests/security/audit.py

packages: .venv/all.stamp ## build wheel and source archive into dist/
	@$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist

sbom: .venv/all.stamp ## write what a plain installation (run) and the image (train) consist of into .tickertape/, as CycloneDX
	@mkdir -p .tickertape
	@for lock in run train; do \
	  $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	    --output-file .tickertape/sbom-$$lock.cdx.json requirements/$$lock.lock; \
	done

format: .venv/all.stamp ## format the code and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: .venv/all.stamp ## take the pictures of the live page for the docs (needs Chromium)
	@$(BIN)/python tests/e2e/screenshots.py

recording: .venv/all.stamp ## record the demo for the docs
	@$(BIN)/python -m tests.docs.record_demo

bench: .venv/all.stamp ## print the figures that the docs show
	@$(BIN)/python tests/benchmarks/main_job.py
	@$(BIN)/python tests/benchmarks/scorer.py

bench-peers: .venv/all.stamp ## compare the worker with other frameworks, in an environment of their own (1.6 GB)
	@$(BIN)/python tests/benchmarks/streaming.py

soak: .venv/all.stamp ## run workers on the real feed for an hour, kill one at random, count what is lost
	@$(BIN)/python -m tests.benchmarks.soak

lock: .venv/all.stamp ## write the locks in requirements/ anew from pyproject.toml
	@$(LOCK) --group install --output-file requirements/install.lock
	@$(LOCK) pyproject.toml --extra build --output-file requirements/run.lock
	@$(LOCK) pyproject.toml --extra build --extra train --extra check --extra trace --constraints requirements/run.lock --output-file requirements/train.lock
	@$(LOCK) pyproject.toml $(DEV_EXTRAS:%=--extra %) --constraints requirements/train.lock --output-file requirements/dev.lock
	@$(LOCK) pyproject.toml $(DEV_EXTRAS:%=--extra %) --extra teacher --constraints requirements/dev.lock --output-file requirements/teacher.lock
	@$(LOCK) pyproject.toml $(PEERS)/requirements.in --extra build --constraints requirements/run.lock \
	  --override $(PEERS)/overrides.txt --output-file $(PEERS)/peers.lock

doc: .venv/all.stamp ## serve the documentation on port 8080
	@$(BIN)/mkdocs serve --dev-addr 127.0.0.1:8080

doc-build: .venv/all.stamp ## build the documentation into site/
	@$(BIN)/mkdocs build --strict

image: ## build the image that all containers but Kafka's are of
	$(COMPOSE) build

up: ## start kafka, worker, api, drift process and mlflow in containers
	$(COMPOSE) up --build --detach

watch: ## the same, and Prometheus and Grafana beside them
	$(COMPOSE) --profile watch up --build --detach

down: ## stop the containers and remove their data
	$(COMPOSE) --profile watch down --volumes

clean: ## remove .venv, caches and what the project wrote while it ran
	rm -rf .venv .tickertape .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis mutants site build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stages, so that a first demo does not wait for what only training and tests need. The second includes the first.
.venv/run.stamp: requirements/run.lock pyproject.toml
	@test -e .venv/all.stamp || echo "setting up .venv (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tickertape needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install $(LOCKED) requirements/install.lock || echo "no uv for this machine"
	$(call install,requirements/run.lock)
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

.venv/all.stamp: requirements/dev.lock .venv/run.stamp
	@echo "setting up .venv for training and tests (once)"
	$(call install,requirements/dev.lock)
	@touch $@

.venv/teacher.stamp: requirements/teacher.lock .venv/all.stamp
	@echo "adding PyTorch to .venv (once)"
	$(call install,requirements/teacher.lock)
	@touch $@
