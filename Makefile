# make demo and make test need only python3 (>= 3.11, with venv), make and a package index.
PY ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
BIN := .venv/bin
RUN := env -u PYTHONDONTWRITEBYTECODE
SETUP := .venv/.ready

PEOPLE ?= 30000

.PHONY: docs scorecard demo stockholm picture test quick style types prove bench lab setup lock clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo    run the main job on real data, then on a small simulated city, and print where both reports lie"
	@echo "make stockholm  simulate a Stockholm whose truth is known and run the main job on its fourteen districts (PEOPLE=30000)"
	@echo "make docs    the reference as pages that open offline: every name with an example, commands, keys, tables (build/docs)"
	@echo "make picture  take the picture in README anew, from the simulated city of make demo (needs Chromium)"
	@echo "make test    every check: library, notebooks, pages in a browser"
	@echo "make quick   the rooms' tests without browser, notebooks and slow proofs (ROOM=effects: one room)"
	@echo "make types   the type checker alone (ROOM=effects: one room)"
	@echo "make lab     JupyterLab on this computer only, opened on notebooks/index.ipynb"
	@echo "make bench   speed and memory beside other packages; wants a quiet machine and about an hour"
	@echo "make prove   the speed comparisons and the slow proofs (hours; what was done is kept in build/prove)"
	@echo "make scorecard  estimates beside real experiments, as one page (EXPERIMENTS=FOLDER: those that come as files as well)"
	@echo "make setup   install what the other commands need (they do it themselves)"
	@echo "make lock    resolve requirements.lock anew"

# A private uv, so that nothing has to be installed first. An interrupted set-up is begun again.
.uv/.ready:
	rm -rf .uv
	$(PY) -m venv .uv
	.uv/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(SETUP): requirements.lock pyproject.toml .uv/.ready
	test -x $(BIN)/python || $(UV) venv -q --python $(PY) .venv
	UV_COMPILE_BYTECODE=1 $(UV) pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	UV_COMPILE_BYTECODE=1 $(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

setup: $(SETUP)

demo: $(SETUP)
	$(RUN) $(BIN)/evalkit run params/northern_ireland.yaml
	$(RUN) $(BIN)/evalkit simulate --city demo_city --seed 1 --people 8000 --truth-people 0 --out build/demo_city
	$(RUN) $(BIN)/evalkit run params/demo_city.yaml
	@echo
	@echo "Real data (Northern Ireland):  file://$(CURDIR)/runs/northern_ireland/latest/site/index.html"
	@echo "A simulated city:              file://$(CURDIR)/runs/demo_city/latest/site/index.html"

picture: $(SETUP)
	$(RUN) $(BIN)/python docs/pictures/take.py

docs: $(SETUP)
	$(RUN) $(BIN)/python -m sphinx -q -W -b html -d build/doctrees docs build/docs
	@echo "file://$(CURDIR)/build/docs/index.html"

stockholm: $(SETUP)
	$(RUN) $(BIN)/evalkit simulate --city stockholm --seed 1 --people $(PEOPLE) --price-book params/unit_costs/stockholm.yaml --out build/stockholm
	$(RUN) $(BIN)/evalkit run params/stockholm.yaml

style: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(SETUP)
	$(BIN)/ty check $(wildcard evalkit/$(ROOM) evalkit/$(ROOM).py)

# Files of tests in their own order: by their number of tests, those that take longest would begin last.
test: style types
	$(RUN) $(BIN)/evalkit run params/northern_ireland.yaml --out build/nbval
	$(RUN) $(BIN)/python -m pytest -q -p no:nbval -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder tests
	EVALKIT_RUNS=$(CURDIR)/build/nbval $(RUN) $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=120 --nbval-sanitize-with tests/nbval.cfg notebooks

# What is left out here is asked by make test: browser, notebooks, whole cities, what others have published, and what is
# marked slow.
APART := browser notebooks matrix truth published properties
ROOMS := $(filter-out $(APART:%=tests/%/),$(sort $(dir $(wildcard tests/*/test_*.py)))) $(wildcard tests/test_*.py)
quick: style types
	$(RUN) $(BIN)/python -m pytest -q -p no:nbval -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --hypothesis-profile=quick \
		-m 'not prove and not slow' $(if $(ROOM),tests/$(ROOM),$(ROOMS))

prove: $(SETUP) bench
	$(RUN) $(BIN)/python -m pytest -q -p no:nbval -m prove --timeout=100000 tests
	$(RUN) $(BIN)/python -m pytest -q -p no:nbval -m hypothesis --hypothesis-profile=search tests

# The peers live apart: what evalkit is compared with is not what it runs on. Both are compiled, so that neither starts slower for it.
.venv-bench/.ready: $(SETUP)
	test -x .venv-bench/bin/python || $(UV) venv -q --python $(PY) .venv-bench
	UV_COMPILE_BYTECODE=1 $(UV) pip install -q --python .venv-bench/bin/python --constraint requirements.lock -e '.[readers,trees,test,bench]'
	@touch $@

bench: .venv-bench/.ready
	for comparison in intake spells survival effects value batch; do $(RUN) .venv-bench/bin/python benchmarks/$$comparison.py || exit 1; done

# Experiments that come as files, and are not in the repository: docs/how_to/scorecard.md. With them docs/scorecard.md is made anew.
EXPERIMENTS ?=
scorecard: $(SETUP) .uv/.ready
	$(UV) pip install -q --python $(BIN)/python --constraint requirements.lock -r pyproject.toml --extra scorecard
	$(RUN) $(BIN)/python -m benchmarks.scorecard $(if $(EXPERIMENTS),--experiments $(EXPERIMENTS) --docs docs/scorecard.md)

lab: $(SETUP)
	$(RUN) $(BIN)/evalkit lab

lock: .uv/.ready
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--extra readers --extra cluster --extra trees --extra test --extra docs pyproject.toml -o requirements.lock

clean:
	rm -rf build .venv .uv .venv-bench
