# Two commands on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
OUT ?= out/demo

.PHONY: demo test lint slow docs bench clean

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/.installed-test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch .venv/.installed $@

demo: .venv/.installed  ## pull the weights and a sample clip, run the main job on it
	$(BIN)/genface demo -o $(OUT)

test: .venv/.installed-test  ## the default tests
	$(BIN)/python -m pytest -n auto --dist loadfile

slow: .venv/.installed-test  ## the tests that the default run leaves out
	$(BIN)/python -m pytest -m slow

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.installed-test  ## run the tutorials
	for page in docs/tutorials/*.py; do $(BIN)/python $$page out/tutorial || exit 1; done

bench: .venv/.installed-test  ## timings, printed as ratios where there is a rival
	for timing in experiments/benchmarks/*.py; do $(BIN)/python $$timing || exit 1; done

clean:
	rm -rf .venv out build dist
