# Two commands: `make demo` (the small package and the demo) and `make test` (everything CI runs).
PYTHON ?= python3

.PHONY: demo test lint types pytest clean

demo: .venv/ready
	.venv/bin/hubcheck demo

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv-test/ready: pyproject.toml constraints.txt
	@echo "make test: installs torch and transformers, about 1.3 GB on disk (CPU build; the CUDA"
	@echo "build that some platforms get is about 5 GB), in .venv-test; the demo needs none of it."
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

lint: .venv-test/ready
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .

types: .venv-test/ready
	.venv-test/bin/mypy

pytest: .venv-test/ready
	.venv-test/bin/python -m pytest -q

test: lint types pytest

clean:
	rm -rf .venv .venv-test demo-out hubcheck-out
