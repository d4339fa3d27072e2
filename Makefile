# The tasks of this project. `make help` lists them.
EXPERIMENT ?= aalto-2018
CORES ?= all
RESULTS_DIR ?= results
FIG ?=
VALIDATION ?=
PROFILE ?=
CACHE ?=
FILE ?= $(EXPERIMENT).tar.gz
# A test that hangs ends its process (see pyproject.toml); none is started in its place.
PYTEST_OPTIONS ?= -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The rules worth a cache between checkouts. Packages and Python decide the last digits, so each set of
# them has a folder of its own in it.
CACHED = solve_sweep solve_part solve_band infer_direct infer_model_based run_replicas
CACHE_FOLDER = $(abspath $(CACHE))/$(shell $(BIN)/python -c "import hashlib, platform; print(platform.python_version() + '-' + hashlib.sha256(open('requirements/run.lock', 'rb').read()).hexdigest()[:12])")
# The targets follow, so the last option must not take a list.
SNAKEMAKE = $(if $(CACHE),mkdir -p "$(CACHE_FOLDER)" && SNAKEMAKE_OUTPUT_CACHE="$(CACHE_FOLDER)") \
	$(BIN)/snakemake --config "experiment=$(EXPERIMENT)" "results_dir=$(RESULTS_DIR)" \
	$(if $(VALIDATION),"validation=true") \
	$(if $(CACHE),--cache $(CACHED)) \
	$(if $(PROFILE),--profile "workflow/profiles/$(PROFILE)") \
	--cores "$(CORES)"

.DEFAULT_GOAL := help
.PHONY: help reproduce validate toy figure report crate archive restore adopt \
	test test-workflow test-pages test-cluster test-faults test-crate crosscheck bench \
	lint format lock docs reference clean environment environment-dev

help: ## list the tasks
	@echo "make TASK [EXPERIMENT=$(EXPERIMENT)] [CORES=$(CORES)] [RESULTS_DIR=$(RESULTS_DIR)]"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

environment:
	@tools/bootstrap.sh run

environment-dev:
	@tools/bootstrap.sh dev

reproduce: environment ## everything: from config to figures and tables
	@$(SNAKEMAKE)

validate: ## everything, and coverage ten times as large and under two further seeds, which must agree (hours)
	@$(MAKE) --no-print-directory reproduce VALIDATION=true

toy: ## the same on a small experiment, in seconds
	@$(MAKE) --no-print-directory reproduce EXPERIMENT=toy

figure: environment ## one figure or table: make figure FIG=fig4
	@test -n "$(FIG)" || { echo "make: say which figure, for example: make figure FIG=fig4" >&2; exit 1; }
	@$(SNAKEMAKE) $(if $(filter table%,$(FIG)),"write_$(FIG)","draw_$(FIG)")

crate: reproduce ## pack a run as a Workflow Run RO-Crate, with workflow and records
	@$(BIN)/entangled-drums crate "$(RESULTS_DIR)/$(EXPERIMENT)"

archive: environment ## pack the results of EXPERIMENT into FILE
	@$(BIN)/entangled-drums archive "$(RESULTS_DIR)/$(EXPERIMENT)" "$(FILE)"

restore: environment ## unpack FILE, verify it, and take its results as they are
	@experiment=$$($(BIN)/entangled-drums restore "$(FILE)" "$(RESULTS_DIR)") && \
		$(MAKE) --no-print-directory adopt "EXPERIMENT=$$experiment"

adopt: environment
	@$(SNAKEMAKE) --touch --quiet all

report: reproduce ## all of it, then report.html beside the results: figures, captions, workflow, runtime
	@$(SNAKEMAKE) --quiet host progress rules reason --report "$(RESULTS_DIR)/$(EXPERIMENT)/logs/report.html"
	@mv "$(RESULTS_DIR)/$(EXPERIMENT)/logs/report.html" "$(RESULTS_DIR)/$(EXPERIMENT)/report.html"
	@echo "$(RESULTS_DIR)/$(EXPERIMENT)/report.html"

test: environment-dev ## run the tests
	@$(BIN)/python -m pytest $(PYTEST_OPTIONS)

test-pages: environment-dev ## look at paper.html and report.html of the toy experiment in a real browser
	@$(MAKE) --no-print-directory report EXPERIMENT=toy RESULTS_DIR=results
	@$(BIN)/python -m pytest tests/pages

test-cluster: environment-dev ## run on a Slurm cluster of one node (needs root on Debian or Ubuntu)
	@$(BIN)/python -m pytest -o faulthandler_timeout=1800 tests/cluster

test-faults: environment-dev ## kill, damage and fill up runs; each must recover
	@$(BIN)/python -m pytest tests/faults

test-crate: environment-dev ## check crates with the public validator, in an environment of its own
	@tools/bootstrap.sh provenance
	@$(BIN)/python -m pytest tests/crate

test-workflow: environment-dev ## reruns, audit, recordings from files, sharing: minutes
	@$(BIN)/python -m pytest $(PYTEST_OPTIONS) tests/workflow

lint: environment-dev ## check style, types and workflow
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile workflow
	@$(BIN)/mypy
	@for experiment in config/experiments/*.yaml; do \
		$(BIN)/snakemake --lint --quiet all --config "experiment=$$(basename $$experiment .yaml)" || exit 1; done

format: environment-dev ## rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/snakefmt Snakefile workflow

crosscheck: ## against other packages (QuTiP, thewalrus), in an environment of their own
	@tools/bootstrap.sh crosscheck
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv-crosscheck/bin/python -m pytest --confcutdir tests/crosscheck tests/crosscheck

bench: environment-dev ## speed and memory beside the alternatives, as ratios
	@$(BIN)/python benchmarks/run.py
	@$(BIN)/python benchmarks/posterior.py

reference: reproduce ## write again reference/EXPERIMENT, with which runs are compared, and all that quotes it
	@$(BIN)/python tools/write_reference.py "$(RESULTS_DIR)/$(EXPERIMENT)"
	@$(MAKE) --no-print-directory docs

docs: environment-dev ## write again what is generated in README and docs (results, index, config reference)
	@$(BIN)/python tools/generate_docs.py

clean: environment ## delete the results of EXPERIMENT (asks if they took more than a minute)
	@$(BIN)/entangled-drums clean "$(RESULTS_DIR)/$(EXPERIMENT)"

lock: ## write the locks again from requirements/*.in (needs uv)
	uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/run.in -o requirements/run.lock
	cd requirements && uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header dev.in -o dev.lock
	cd requirements && uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header crosscheck.in -o crosscheck.lock
	cd requirements && uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header provenance.in -o provenance.lock
