# Two commands: `make demo` and `make test`. Everything they need is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): requirements-dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true # on every core, where pip uses one
	@touch $@

TOOLS := tests/doubles/backlot.txt tests/doubles/mockforce.txt tests/supply/supply.txt tests/supply/hadolint.txt tests/supply/node.txt
$(VENV)/.tools: $(STAMP) $(TOOLS)
	$(BIN)/python tests/support/tool_environments.py $(TOOLS)
	@touch $@

doubles: $(VENV)/.tools ## an environment for each CRM double and each tool that others wrote, for the tests

install: $(STAMP) ## the virtual environment with everything in it

demo: $(STAMP) ## the whole product on this machine, with believable data (ARGS=--exit stops after it)
	$(BIN)/coldframe demo $(ARGS)

test: $(STAMP) ## lint, types, import contracts and all tests
	$(MAKE) --no-print-directory check

check: $(STAMP) ## what must be green at every commit
	$(MAKE) --no-print-directory --jobs 3 types doubles style bandit collected
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

collected: $(STAMP) # compile every test module once, before each worker wants all of them at the same moment
	$(BIN)/pytest --collect-only --quiet >$(VENV)/collected.log || { tail -n 40 $(VENV)/collected.log; exit 1; }

properties: $(STAMP) ## everything that Hypothesis tries, on twelve times as many examples as `make test` tries
	$(BIN)/pytest -n 2 --dist worksteal --hypothesis-profile=thorough -m hypothesis $(ARGS)

lint: style types ## ruff, mypy and the import contracts

style: $(STAMP) # ruff and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=. $(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

bandit: $(STAMP) ## bandit over the product; pyproject.toml says what is left to ruff, each line with its reason
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml integration connectors mappings webhooks sandbox 2>$(VENV)/bandit.log || { cat $(VENV)/bandit.log; exit 1; }

format: $(STAMP) ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## throughput, latency and memory beside the floor of the same run (ARGS=--json); DATABASE_URL for PostgreSQL
	$(BIN)/coldframe bench $(ARGS)

bench-engine: $(STAMP) ## a million activities replayed, beside a plain loop over the same file (ARGS=--json)
	$(BIN)/coldframe bench-engine $(ARGS)

bench-scale: $(STAMP) ## what each step costs for a lead at 10,000 leads and at 100,000; DATABASE_URL for PostgreSQL (ARGS=--json)
	$(BIN)/coldframe bench-scale $(ARGS)

KILLS ?= 50
drill: $(STAMP) ## sync 10,000 leads and 100,000 activities, killed five times (LEADS, ACTIVITIES, KILLS in ARGS)
	$(BIN)/coldframe drill $(ARGS)

attack: $(STAMP) ## attack a copy of the product in every known way; DATABASE_URL for PostgreSQL (ARGS=--short)
	$(BIN)/coldframe attack $(ARGS)

chaos: $(STAMP) ## kill web and workers at random, count what was lost; DATABASE_URL for PostgreSQL (KILLS=50)
	$(BIN)/coldframe chaos --kills $(KILLS) $(ARGS)

bench-console: $(STAMP) ## every page of the console over 10,000 and 1,000,000 leads; DATABASE_URL for PostgreSQL (ARGS=--json)
	$(BIN)/coldframe bench-console $(ARGS)

hosts: $(STAMP) ## four worker hosts share the work, one is cut off, one is added; DATABASE_URL of PostgreSQL (ARGS=--json)
	$(BIN)/coldframe hosts $(ARGS)

publish-drill: $(STAMP) ## publish ten edits on a living installation of 20,000 leads, killing who derives (ARGS=--json)
	$(BIN)/coldframe publish-drill $(ARGS)

season: $(STAMP) ## 90 simulated days of 20,000 leads and 200 people in sales; DATABASE_URL for PostgreSQL (ARGS=--json)
	$(BIN)/coldframe season $(ARGS)

CROWD ?= 10000
crowd: $(STAMP) ## one lead that cannot be decided about among 10,000 others (CROWD=10000)
	$(BIN)/pytest tests/flows/faults/test_lanes_crowd.py --crowd $(CROWD) --timeout 1800 $(ARGS)

ASSIGNMENTS ?= 1000
assignments: $(STAMP) ## four workers give out tasks from pools on both databases, then are killed (ASSIGNMENTS=1000)
	$(BIN)/pytest tests/flows/assigning/test_assigning_crowd.py --assignments $(ASSIGNMENTS) --timeout 1800 $(ARGS)

sabotage: $(STAMP) ## remove each guard of the product once; a named test must go red (ARGS=--only, --json)
	$(BIN)/python tests/sabotage/sabotage.py $(ARGS)

walks: ## the ways to a running Coldframe, from the words of the documents (WALK=demo leaves the tests out)
	bash docs/walks/buildpack.sh
	bash docs/walks/wheel.sh
	bash docs/walks/embedded.sh
	bash docs/walks/bare-debian.sh || test $$? = 77

pictures: $(STAMP) ## draw the pictures of docs/architecture.md from the imports and from a run, and write the page of the playbooks in the CRM
	$(BIN)/pytest tests/architecture/test_architecture_pictures.py tests/playbook/test_playbooks_in_the_crm.py --draw $(ARGS)

scenarios: $(STAMP) ## run the two scenarios in both CRMs, and write docs/scenarios.md and its pictures anew
	$(BIN)/pytest -p no:xdist tests/flows/whole/test_flow_scenarios.py --draw $(ARGS)

golden: $(STAMP) ## write the golden texts of tasks anew, after a change that is meant (look at the difference)
	$(BIN)/pytest tests/cases/test_golden_tasks.py --draw $(ARGS)

INTO ?= /tmp/coldframe-tasks
task-pictures: $(STAMP) ## draw the golden tasks as people see them in both CRMs (INTO=FOLDER; needs Chromium)
	PYTHONPATH=tests/support:tests/cases:. $(BIN)/python tests/cases/golden_pictures.py $(INTO)

browser: ## install what the browser tests need (Debian: chromium; asks for no password where you are root)
	command -v chromium >/dev/null || $(SUDO) apt-get install -y --no-install-recommends chromium

CONSOLE_PICTURES ?= docs/pictures/console
console-pictures: $(STAMP) ## take pictures of the console's pages over a demo (CONSOLE_PICTURES=FOLDER; needs Chromium)
	PYTHONPATH=tests/support:. $(BIN)/python tests/console/console_pictures.py $(CONSOLE_PICTURES) $(ARGS)

console-assets: ## build the console's editor and htmx anew (assets/; needs Node and npm)
	cd assets && npm ci --silent && npm run --silent build

audit: bandit doubles ## bandit, and known vulnerabilities of what is locked; "Error 3": nobody who knows was reached
	PYTHONPATH=tests/support $(BIN)/python tests/supply/supply_audit.py $(ARGS)

sbom: doubles ## a CycloneDX bill of materials of what is locked (ARGS='--into FILE')
	PYTHONPATH=tests/support $(BIN)/python tests/supply/supply_bill.py $(ARGS)

lock: ## renew requirements.txt, requirements-dev.txt and those of the doubles and tools
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.txt
	for tool in $(TOOLS:.txt=); do $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $$tool.in -o $$tool.txt; done

.PHONY: hosts console-pictures browser console-assets golden task-pictures scenarios assignments season publish-drill walks help pictures doubles collected install demo test check properties lint style types format bench bench-engine bench-scale attack chaos drill crowd lock sabotage bandit audit sbom
