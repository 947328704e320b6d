# Two targets: `small` (the default: no torch, built in seconds) and `deep` (torch and accelerate, for
# the depths that read gigabytes on a machine of your own).
ARG BASE_IMAGE=python:3.11.11-slim-bookworm

FROM ${BASE_IMAGE} AS base
# Nothing of the checked-out repository is ever on Python's path: -P below and these two keep it off.
ENV PYTHONNOUSERSITE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    HF_HUB_DISABLE_XET=1 \
    OPENBLAS_NUM_THREADS=1 \
    OMP_NUM_THREADS=1
COPY pyproject.toml constraints.txt requirements-image.txt README.md LICENSE /build/
COPY hubcheck /build/hubcheck
# By digest where the digests are those of this machine's wheels; another architecture takes the same
# versions by name. What builds the package, the Xet client (turned off above) and NumPy's own tests are
# taken out again in the same layer: 29 MB that nothing here uses.
RUN if [ "$(uname -m)" = x86_64 ]; then \
      pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
        -r /build/requirements-image.txt && \
      pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation /build && \
      pip uninstall --yes --quiet --root-user-action=ignore \
        hf-xet hatchling pathspec pluggy trove-classifiers && \
      numpy="$(python -c 'import numpy; print(numpy.__path__[0])')" && \
      find "$numpy" -type d -name tests -prune -exec rm -rf {} +; \
    else \
      pip install --no-cache-dir --disable-pip-version-check -c /build/constraints.txt "/build[sign]"; \
    fi
# No USER: GitHub's runner mounts the workspace and its command files for root, and documents that an
# action's container runs as root. Nothing here needs more than that: the tests run it on a read-only
# root with every capability dropped. The receiver's own image (docs/examples/serve) has a user.
COPY action /app/action
RUN python -m compileall -q /app/action
ENTRYPOINT ["python", "-P", "-m", "action"]

FROM base AS deep
# A folder of wheels can be mounted and named here, so that a build needs no CUDA packages.
ARG PIP_FIND_LINKS=""
RUN PIP_FIND_LINKS="${PIP_FIND_LINKS}" pip install --no-cache-dir --disable-pip-version-check \
    -c /build/constraints.txt "/build[deep]"

# The last target is the one that a runner builds.
FROM base AS small
