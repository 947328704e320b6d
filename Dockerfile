# Two targets: `small` (the default: no torch, built in seconds) and `deep` (torch and accelerate, for
# the depths that read gigabytes on a machine of your own). What builds them stays in stages of its own.
ARG BASE_IMAGE=python:3.11.11-slim-bookworm

FROM ${BASE_IMAGE} AS packages
ENV PIP_NO_CACHE_DIR=1 \
    UV_NO_CACHE=1 \
    UV_COMPILE_BYTECODE=1
COPY pyproject.toml constraints.txt requirements-image.txt README.md LICENSE /build/
COPY composite /build/composite
COPY hubcheck /build/hubcheck
# By digest where the digests are those of this machine's wheels; another architecture takes the same
# versions by name. What builds the package, and what NumPy brings for its own tests and for compilers,
# is taken out again: nothing here uses it.
RUN bash /build/composite/install.sh python /opt/hubcheck /build && \
    numpy="$(/opt/hubcheck/bin/python -P -c 'import numpy; print(numpy.__path__[0])')" && \
    find "$numpy" -type d '(' -name tests -o -name include ')' -prune -exec rm -rf {} + && \
    find "$numpy" '(' -name '*.pyi' -o -name '*.a' ')' -delete && \
    rm -rf "$numpy/distutils"
COPY action /app/action
RUN python -m compileall -q /app/action

FROM ${BASE_IMAGE} AS base
# Nothing of the checked-out repository is ever on Python's path: -P below and these two keep it off.
ENV PATH=/opt/hubcheck/bin:$PATH \
    PYTHONNOUSERSITE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    HF_HUB_DISABLE_XET=1 \
    OPENBLAS_NUM_THREADS=1 \
    OMP_NUM_THREADS=1
# No USER: GitHub's runner mounts the workspace and its command files for root, and documents that an
# action's container runs as root. Nothing here needs more than that: the tests run it on a read-only
# root with every capability dropped. The receiver's own image (docs/examples/serve) has a user.
COPY --from=packages /app /app
ENTRYPOINT ["python", "-P", "-m", "action"]

FROM packages AS torch
# A folder of wheels can be mounted and named here, so that a build needs no CUDA packages.
ARG PIP_FIND_LINKS=""
RUN PIP_FIND_LINKS="${PIP_FIND_LINKS}" pip --python /opt/hubcheck/bin/python install \
    --disable-pip-version-check -c /build/constraints.txt "/build[deep]"

FROM base AS deep
COPY --from=torch /opt/hubcheck /opt/hubcheck

# The last target is the one that a runner builds.
FROM base AS small
COPY --from=packages /opt/hubcheck /opt/hubcheck
