# What people and CI run. Each target sets up .venv first, and says so on stderr: stdout is the
# target's own. Needed: Python 3.11 or newer, and for the whole suite Java 17 and Maven.
#
#   make test ARGS='-k spam -x'      what comes after the tool's own arguments
#   make demo JSON=1                 the demo's result for programs
#   make setup PYTHON=python3.13     another interpreter
#   make check READY= BIN=/usr/bin   tools that are there already

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: bench chaos chaos-judge browser-pages browser-whole connected-cli connected-pipeline connected-services connected-whole faults help setup check fix lint types imports test test-fast test-browser pictures deploy-alone deploy-test image image-test sbom fuzz demo lock

# Otherwise every process of pytest, some ten of them, would compile the tests anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON = python3.11 python3 python3.13 python3.12
VENV = .venv
BIN = $(VENV)/bin
READY = $(VENV)/.dev
DEPLOY_READY = $(if $(READY),$(VENV)/.deploy)
ALONE = not connected and not deploy and not image and not browser
# The chart's tests are all of the group `deploy`; the models that they need take seconds to import.
APART = --ignore tests/deploy/chart
FAST = $(BIN)/python -m pytest --numprocesses auto --dist worksteal $(APART)
# Each group has servers of its own, so that none of them grows for the length of the whole run.
CONNECTED = $(BIN)/python -m pytest -m "connected and not browser" -p no:randomly
DEPLOY = $(BIN)/python -m pytest -m "deploy and not connected" --numprocesses auto tests/deploy
# What ARGS choose may all need servers, or none.
OR_NONE = $(if $(ARGS),|| test $$? -eq 5)
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet

help:  ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY)  ## make .venv with everything in it

check: lint types imports  ## everything but the tests

fix: $(READY)  ## mend what a machine can mend: lint and format
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lint: $(READY)  ## ruff, rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)  ## mypy --strict
	@$(BIN)/mypy $(ARGS)

imports: $(READY)  ## who may import whom
	@$(BIN)/lint-imports --no-logo $(ARGS)

test: $(READY) $(DEPLOY_READY)  ## all tests, on Apache Kafka and the databases; WITH=browser: Chromium too
	@$(if $(filter browser,$(WITH)),$(CHROMIUM),true)
	@$(FAST) -m "$(ALONE)" $(ARGS) $(OR_NONE)
	@$(SIDE_BY_SIDE) connected-services connected-whole $(if $(filter browser,$(WITH)),browser-whole) \
		connected-cli connected-pipeline $(if $(filter browser,$(WITH)),browser-pages) deploy-alone

# The groups wait for servers more than they work: two at a time take little more than one, and three
# hardly less, but then deadlines pass. The longest begin. What each says is shown once it has ended.
SIDE_BY_SIDE = $(MAKE) --no-print-directory --jobs 2 READY=
TOLD = >.cache/$@.log 2>&1; code=$$?; cat .cache/$@.log; exit $$code

connected-services:
	@mkdir -p .cache; { $(CONNECTED) tests $(APART) --ignore tests/cli --ignore tests/pipeline \
		--ignore tests/e2e --ignore tests/test_servers.py $(ARGS) $(OR_NONE); } $(TOLD)

connected-cli:
	@mkdir -p .cache; { $(CONNECTED) tests/cli $(ARGS) $(OR_NONE); } $(TOLD)

connected-pipeline:
	@mkdir -p .cache; { $(CONNECTED) tests/pipeline $(ARGS) $(OR_NONE); } $(TOLD)

connected-whole:
	@mkdir -p .cache; { $(CONNECTED) tests/e2e tests/test_servers.py $(ARGS) $(OR_NONE); } $(TOLD)

deploy-alone:
	@mkdir -p .cache; { $(DEPLOY) $(ARGS) $(OR_NONE); } $(TOLD)

# Debian's Chromium, where it is missing and may be installed; HELPDESK_TEST_CHROMIUM names another.
CHROMIUM = test -n "$$HELPDESK_TEST_CHROMIUM" || command -v chromium >/dev/null || { \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null && { \
	$(CHROMIUM_FROM) >&2 || { apt-get update >&2 && $(CHROMIUM_FROM) >&2; }; }; } || true
CHROMIUM_FROM = apt-get install --yes --no-install-recommends chromium fonts-dejavu-core

test-browser: $(READY)  ## the desk in Chromium: its page alone, and on the whole pipeline
	@$(CHROMIUM)
	@$(MAKE) --no-print-directory --jobs 2 READY= browser-pages browser-whole

BROWSER = $(BIN)/python -m pytest -m browser

browser-pages:
	@mkdir -p .cache; { $(BROWSER) --numprocesses 2 --dist loadfile tests/desk $(ARGS) $(OR_NONE); } $(TOLD)

browser-whole:
	@mkdir -p .cache; { $(BROWSER) -p no:randomly tests/browser $(ARGS) $(OR_NONE); } $(TOLD)

pictures: $(READY)  ## take the pictures of docs/pictures anew: NAMES='list dark'
	@$(CHROMIUM)
	@$(BIN)/python -m tests.browser.pictures $(NAMES)

deploy-test: $(READY) $(DEPLOY_READY)  ## what operators deploy: the chart, alerts, the image
	@$(DEPLOY) $(ARGS)
	@$(CONNECTED) tests/deploy $(ARGS) $(OR_NONE)
	@$(MAKE) --no-print-directory image-test

image-test: $(READY) $(DEPLOY_READY)  ## the image alone; as root, with buildah and runc
	@$(BIN)/python -m pytest -m image tests/deploy $(ARGS)

sbom: $(READY) $(DEPLOY_READY)  ## what is in the image, as CycloneDX: dist/helpdesk.cdx.json
	@mkdir -p dist
	@$(BIN)/python -m tests.deploy.contents.sbom > dist/helpdesk.cdx.tmp
	@mv dist/helpdesk.cdx.tmp dist/helpdesk.cdx.json

image:  ## build the image: BASE=<one by digest>, TAG=...
	@docker build -f deploy/Dockerfile --build-arg BASE=$(BASE) -t helpdesk:$(or $(TAG),0.1.0) $(ARGS) .

test-fast: $(READY)  ## what needs no server, in seconds: properties by fewer examples
	@$(FAST) -m "$(ALONE) and not slow" --hypothesis-profile quick $(ARGS)

fuzz: $(READY)  ## break providers' payloads for SECONDS=300
	@HELPDESK_FUZZ_SECONDS=$(or $(SECONDS),300) $(BIN)/python -m pytest tests/ingest/test_fuzz.py $(ARGS)

demo: $(VENV)/.embedded $(VENV)/.models  ## the whole pipeline on this machine; JSON=1 for programs
	@$(BIN)/helpdesk demo $(if $(JSON),--json) $(ARGS)

bench: $(READY)  ## speed beside its ceilings; ONLY=ingest, FULL=1 whole amounts, JSON=1 for programs
	@FULL=$(FULL) $(if $(FULL),HELPDESK_TEST_MONGO_CACHE=8G) $(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json) $(ARGS)

chaos: $(READY)  ## break everything, and account for every record; JSON=1, ARGS='--seed 7'
	@$(BIN)/python -m tests.chaos $(if $(JSON),--json) $(ARGS)

faults: $(READY)  ## inject faults one by one, and see which alert tells; JSON=1, ARGS='--only resets'
	@$(BIN)/python -m tests.chaos.table $(if $(JSON),--json) $(ARGS)

chaos-judge: $(READY)  ## break the services on purpose: the account has to show it
	@$(BIN)/python -m tests.chaos --self-test $(if $(JSON),--json) $(ARGS)

# Pins stay as they are where they can: ARGS=--upgrade for the newest.
COMPILE = PATH="$$PATH:.cache/uv/bin" uv pip compile --quiet --universal \
	--python-version 3.11 --prerelease if-necessary-or-explicit --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(ARGS)
LOCK = $(COMPILE) pyproject.toml
# What the wheel with helm and kubectl asks for, and nobody here uses.
UNUSED = aws-cdk-lib constructs jsii publication aws-cdk-asset-awscli-v1 cattrs typeguard \
	aws-cdk-asset-node-proxy-agent-v6 aws-cdk-cloud-assembly-schema python-dateutil

lock: $(VENV)/pyvenv.cfg  ## resolve the dependencies anew
	@command -v uv >/dev/null || test -x .cache/uv/bin/uv || $(PIP) install --target .cache/uv uv >&2
	@$(LOCK) --all-extras --group dev --output-file requirements-dev.lock
	@$(COMPILE) --group pyproject.toml:deploy --constraints requirements-dev.lock \
		$(addprefix --no-emit-package ,$(UNUSED)) --output-file requirements-deploy.lock
	@$(LOCK) --constraints requirements-dev.lock --extra embedded --group build \
		--output-file requirements-embedded.lock
	@$(LOCK) --constraints requirements-dev.lock --output-file requirements.lock

$(VENV)/pyvenv.cfg:
	@echo "Making $(VENV) ..." >&2
	@for python in $(PYTHON); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec "$$python" -m venv --clear $(VENV) >&2; \
		fi; \
	done; \
	echo "No Python 3.11 or newer among: $(PYTHON). Name one: make PYTHON=..." >&2; exit 1

$(VENV)/.embedded: requirements-embedded.lock pyproject.toml $(VENV)/pyvenv.cfg
	@echo "Installing what the product and its demo need ..." >&2
	@$(PIP) install --require-hashes --requirement requirements-embedded.lock >&2
	@$(PIP) install --no-deps --no-build-isolation --editable . >&2
	@touch $@

# Services begin faster, and tests, where the models are made already.
$(VENV)/.models: $(VENV)/.embedded $(wildcard shared/learning/*.py shared/learning/seeds/*.jsonl)
	@echo "Making the models of the seeds ..." >&2
	@$(BIN)/python -m shared.learning.models
	@touch $@

$(VENV)/.deploy: requirements-deploy.lock $(VENV)/.dev
	@echo "Installing what the tests of deploy/ need ..." >&2
	@$(PIP) install --no-deps --require-hashes --requirement requirements-deploy.lock >&2
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.embedded | $(VENV)/.models
	@echo "Installing the tools and the tests' packages ..." >&2
	@$(PIP) install --require-hashes --requirement requirements-dev.lock >&2
	@touch $@
