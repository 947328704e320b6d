#!/usr/bin/env bash
# How long is it from a clone to the first card? bash benchmarks/first_minute/run.sh [REPOSITORY]
# Fetches packages by pip, from its cache where they are there.
set -euo pipefail
TIMEFORMAT='%R s, of them %U s of processor time'
from="${1:-$(git rev-parse --show-toplevel)}"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
cd "$place"
echo "clone"; time git clone --quiet "$from" hubcheck
echo "environment"; time python3 -m venv v
echo "pip install ."; time v/bin/pip install --quiet --disable-pip-version-check ./hubcheck
cp -r hubcheck/hubcheck/demo/models m
echo "first card"; time v/bin/hubcheck check m/finetune --base m/base --out out
echo "second card"; time v/bin/hubcheck check m/finetune --base m/base --out out --quiet
