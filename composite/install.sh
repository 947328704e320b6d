#!/usr/bin/env bash
# Puts the packages that the Action needs into an environment of their own, and hubcheck itself where
# its source is named: install.sh PYTHON PLACE [SOURCE].
# uv does it, in a tenth of pip's time. Where this version of it is not there already it comes by pip,
# and it takes the packages from where pip is told to. Nothing of the folder that this is called in is read: a checkout may hold settings of its own.
set -euo pipefail
python="$1"
place="$2"
source="${3:-}"
cd "$(dirname "$0")/.."
tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT
pip=("$python" -P -m pip)
get=("${pip[@]}" install --quiet --disable-pip-version-check --root-user-action=ignore
  --no-deps --target "$tools")
# By digest where the digests are those of this machine's wheels; others take the versions by name.
known=false
[ "$(uname -s -m)" != "Linux x86_64" ] || known=true
version="$(sed -n 's/^uv==\([^ ]*\).*/\1/p' composite/uv.txt)"
uv="$(command -v uv || true)"
if [ -z "$uv" ] || [ "$("$uv" --version | cut -d ' ' -f 2)" != "$version" ]; then
  uv="$tools/bin/uv"
  if "$known"; then
    "${get[@]}" --require-hashes -r composite/uv.txt
  else
    "${get[@]}" "uv==$version"
  fi
fi
index="${PIP_INDEX_URL:-}"
home="${HOME:-/}"
for file in "${PIP_CONFIG_FILE:-}" /etc/pip.conf "$home/.config/pip/pip.conf" "$home/.pip/pip.conf"; do
  if [ -z "$index" ] && [ -f "$file" ]; then
    index="$("${pip[@]}" config get global.index-url 2> /dev/null || true)"
  fi
done
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"; fi
if [ -n "${PIP_CERT:-}" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"; fi
export UV_NO_CONFIG=1 UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never
install=("$uv" pip install --quiet --python "$place")
"$uv" venv --quiet --python "$python" "$place"
if "$known"; then
  "${install[@]}" --require-hashes --no-deps -r requirements-image.txt
  if [ -n "$source" ]; then "${install[@]}" --no-deps --no-build-isolation "$source"; fi
  "$uv" pip uninstall --quiet --python "$place" hatchling pathspec pluggy trove-classifiers
else
  "${install[@]}" -c constraints.txt "${source:-.}[sign]"
fi
