# `make demo`: the small package and the demo. `make test`: lint, types and tests.
# `make container`: the Action in its image. CI runs all three.
PYTHON ?= python3

.PHONY: demo test lint types pytest container clean

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

# The Action as GitHub runs it: the image is built with podman and answers local servers.
# Needs podman, runc, mmdebstrap, uidmap, containernetworking-plugins, node and npm.
container: .venv-test/ready
	tests/action/container/prepare.sh build/container
	HUBCHECK_CONTAINER=$(CURDIR)/build/container .venv-test/bin/python -m pytest -q tests/action/container/end_to_end.py

clean:
	rm -rf .venv .venv-test demo-out hubcheck-out build
