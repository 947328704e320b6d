#!/usr/bin/env bash
# What the image does, on a runner without Docker: the same packages, in an environment of their own,
# and nothing of the checked-out repository on Python's path. HUBCHECK_PYTHON names Python 3.11.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
place="${RUNNER_TEMP:?a job has one}/hubcheck"
"$here/composite/install.sh" "${HUBCHECK_PYTHON:-python3}" "$place"
bin="$place/bin"
[ -d "$bin" ] || bin="$place/Scripts"
export PYTHONPATH="$here" PYTHONNOUSERSITE=1 PYTHONUNBUFFERED=1 HF_HUB_DISABLE_TELEMETRY=1 \
  HF_HUB_DISABLE_XET=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
exec "$bin/python" -P -m action
