#!/usr/bin/env bash
# Installs the Debian packages that are missing; says nothing when none is.
#   scripts/install.sh          what building takes
#   scripts/install.sh check    and what scripts/check.sh takes
set -euo pipefail

packages=(g++ cmake ninja-build ccache pkg-config libsimgrid-dev libprotobuf-dev protobuf-compiler
  libabsl-dev libgtest-dev libgmock-dev libbenchmark-dev libcli11-dev libcsv-dev libpugixml-dev
  nlohmann-json3-dev zlib1g-dev liblzma-dev)
if [[ "${1:-}" == check ]]; then
  packages+=(clang-format clang-tidy python3 shellcheck)
fi

if ! command -v dpkg-query >/dev/null; then
  echo "install.sh: not a Debian system; it needs what Debian calls: ${packages[*]}" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ "$state" == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "install.sh: install as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_get() {
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -qq "$@" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
}
apt_get update
apt_get install --no-install-recommends "${missing[@]}"
