#!/usr/bin/env bash
# Builds the given targets (default: everything) in build/; prints only what goes wrong.
# FLEETSIM_BUILD_DIR and FLEETSIM_CMAKE_FLAGS choose another folder and other options.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=${FLEETSIM_BUILD_DIR:-build}
read -r -a flags <<<"${FLEETSIM_CMAKE_FLAGS:--DCMAKE_BUILD_TYPE=Release}"

mkdir -p "$folder"
quietly() {
  if ! "$@" >"$folder/build.log" 2>&1; then
    cat "$folder/build.log" >&2
    exit 1
  fi
}
echo "building in $folder/ (the first time takes minutes)" >&2
quietly cmake -S . -B "$folder" -G Ninja "${flags[@]}"
quietly ninja -C "$folder" --quiet "$@"
