# make up     installs what it needs into .venv and starts rolecall
# make test   runs all tests; with `make clients` first, the real clients too
# make train  fits the text model anew; `make measure` prints how often it is right
# make check  format, lint, types, import contracts, generated documents

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed

.PHONY: up test check clients lock docs train measure wheel clean

up: $(READY)
	$(BIN)/rolecall up

# Those that mostly wait for other programs two at a time, the others one by one: some take times.
SLOW := tests/e2e tests/trials
test: $(READY)
	$(BIN)/pytest $(SLOW:%=--ignore=%)
	$(BIN)/pytest -n 2 --dist loadfile $(SLOW)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/docs.py --check
	$(BIN)/python scripts/picture.py --check
	$(BIN)/python scripts/matrix.py --check
	$(BIN)/python scripts/lock.py --check

# The real coding clients that tests/e2e drives. Needs node and a Python 3.12 beside this one.
clients: $(READY)
	$(BIN)/python tests/e2e/install_clients.py

docs: $(READY)
	$(BIN)/python scripts/docs.py
	$(BIN)/python scripts/picture.py
	$(BIN)/python scripts/matrix.py

lock: $(READY)
	$(BIN)/python scripts/lock.py

# The text model and its tables, from labelled prompts (training/README.md).
train: $(READY)
	$(BIN)/python scripts/install.py train
	$(BIN)/python -m training.train

measure: $(READY)
	$(BIN)/python scripts/install.py train
	$(BIN)/python -m training.measure

wheel: $(READY)
	$(BIN)/python -m build --wheel

$(READY): pyproject.toml uv.lock scripts/install.py
	$(PYTHON) scripts/install.py
	touch $@

clean:
	rm -rf .venv .clients dist build
