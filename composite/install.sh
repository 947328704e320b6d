#!/usr/bin/env bash
# Puts the packages that the Action needs into an environment of their own, and hubcheck itself where
# its source is named: install.sh PYTHON PLACE [SOURCE].
# uv does it where pip is told of nothing but an index and a certificate, which uv is then told of, too;
# anything else (folders of wheels, further indexes, a proxy) is pip's own affair, and pip does it. So
# the packages come from where pip is told to. Where this version of uv is not there it comes by pip.
# Nothing of the folder that this is called in is read: a checkout may hold settings of its own.
set -euo pipefail
whole() { # PATH: counted from here, where it is not whole
  case "$1" in
    /* | [A-Za-z]:*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$PWD" "$1" ;;
  esac
}
python="$(command -v "$1")"
python="$(whole "$python")"
place="$(whole "$2")"
source="${3:+$(whole "$3")}"
cd "$(dirname "$0")/.."
tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT

program_of() { # ENVIRONMENT: its Python
  if [ -d "$1/bin" ]; then echo "$1/bin/python"; else echo "$1/Scripts/python"; fi
}
if ! "$python" -P -c 'import pip' 2> /dev/null; then # as Debian's own
  "$python" -m venv "$tools/pip"
  pip=("$(program_of "$tools/pip")" -P -m pip)
else
  pip=("$python" -P -m pip)
fi
pip+=(--disable-pip-version-check)

# By digest where the digests are those of this machine's wheels; others take the versions by name.
known=false
[ "$(uname -s -m)" != "Linux x86_64" ] || known=true

# What pip is told, by its files and the environment, which speaks last.
index=""
certificate=""
plain=true
if [ -n "${REQUESTS_CA_BUNDLE:-}${CURL_CA_BUNDLE:-}" ]; then plain=false; fi # which pip honours
told="$("${pip[@]}" config list | sort -r)" # a file that pip cannot read ends it here
while IFS= read -r line; do
  line="${line%$'\r'}"
  section="${line%%.*}"
  key="${line#*.}"
  key="${key%%=*}"
  value="${line#*=\'}"
  value="${value%\'}"
  [ -n "$value" ] || continue # as pip passes over what is empty
  case "$section" in
    :env: | install) first=true ;;
    global) first=false ;;
    *) continue ;; # of another of its commands
  esac
  case "$key" in
    index-url) if "$first" || [ -z "$index" ]; then index="$value"; fi ;;
    cert) if "$first" || [ -z "$certificate" ]; then certificate="$value"; fi ;;
    break-system-packages | cache-dir | config-file | default-timeout | disable-pip-version-check | \
      no-cache-dir | no-color | no-input | progress-bar | quiet | retries | root-user-action | timeout) ;;
    *) plain=false ;;
  esac
done <<< "$told"

uv=""
if "$plain"; then
  version="$(sed -n 's/^uv==\([^ ]*\).*/\1/p' composite/uv.txt)"
  uv="$(command -v uv || true)"
  if [ -z "$uv" ] || [ "$("$uv" --version | cut -d ' ' -f 2)" != "$version" ]; then
    uv="$tools/uv/bin/uv"
    get=("${pip[@]}" install --quiet --root-user-action=ignore --no-deps --target "$tools/uv")
    if "$known"; then get+=(--require-hashes -r composite/uv.txt); else get+=("uv==$version"); fi
    if ! "${get[@]}"; then
      echo "hubcheck: uv cannot be had from where pip looks: pip installs the packages" >&2
      uv=""
    fi
  fi
fi

if [ -n "$uv" ]; then
  if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
  if [ -n "$certificate" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificate}"; fi
  # What lies unpacked in a cache is taken by its name: who could write there could change it.
  export UV_NO_CACHE=1 UV_NO_CONFIG=1 UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never
  "$uv" venv --quiet --python "$python" "$place"
  install=("$uv" pip install --quiet --python "$place")
  remove=("$uv" pip uninstall --quiet --python "$place")
else
  "$python" -m venv --without-pip "$place"
  install=("${pip[@]}" --python "$(program_of "$place")" install --quiet --root-user-action=ignore)
  remove=("${pip[@]}" --python "$(program_of "$place")" uninstall --quiet --yes
    --root-user-action=ignore)
fi
if "$known"; then
  "${install[@]}" --require-hashes --no-deps -r requirements-image.txt
  if [ -n "$source" ]; then "${install[@]}" --no-deps --no-build-isolation "$source"; fi
  "${remove[@]}" hatchling pathspec pluggy trove-classifiers
else
  "${install[@]}" -c constraints.txt "${source:-.}[sign]"
fi
