#!/usr/bin/env bash
# Everything that must hold: format, lint and layers; unit tests; the same under address and
# undefined-behaviour sanitizers; accuracy on the project's own measured rows. The last line is
# ctest's summary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=$(nproc)

step() { echo "== $*"; }

step "packages"
scripts/install.sh check

step "build"
scripts/build.sh

step "check"
scripts/check.sh

step "unit tests"
ctest --test-dir build --output-on-failure -j "$jobs" | tee build/ctest.log

step "unit tests under sanitizers"
FLEETSIM_BUILD_DIR=build-sanitize \
  FLEETSIM_CMAKE_FLAGS="-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1 -DFLEETSIM_SANITIZE=ON -DFLEETSIM_BENCH=OFF" \
  scripts/build.sh
ctest --test-dir build-sanitize --output-on-failure -j "$jobs" >build-sanitize/ctest.log || {
  cat build-sanitize/ctest.log
  exit 1
}
grep 'tests passed' build-sanitize/ctest.log

if [[ -x scripts/validate.sh ]]; then
  step "validation"
  scripts/validate.sh
fi

grep 'tests passed' build/ctest.log
