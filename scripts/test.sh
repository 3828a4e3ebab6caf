#!/usr/bin/env bash
# Everything that must hold: format, lint and layers; unit tests; the same under address and
# undefined-behaviour sanitizers; accuracy on the project's own measured rows. The last line is
# ctest's summary of the unit tests.
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

# Runs the tests of a build folder; prints what fails, and nothing that passes.
run_tests() {
  if ! ctest --test-dir "$1" --output-on-failure -j "$jobs" >"$1/ctest.log" 2>&1; then
    grep -v ' Passed ' "$1/ctest.log" | grep -v '^ *Start '
    exit 1
  fi
}

step "unit tests"
run_tests build

step "unit tests under sanitizers"
FLEETSIM_BUILD_DIR=build-sanitize \
  FLEETSIM_CMAKE_FLAGS="-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1 -DFLEETSIM_SANITIZE=ON -DFLEETSIM_BENCH=OFF" \
  scripts/build.sh
run_tests build-sanitize
grep 'tests passed' build-sanitize/ctest.log

if [[ -f tests/validation/training.csv ]]; then
  step "accuracy on public measurements"
  # The limits are what the README promises, with a little room; they never grow.
  validate() { build/fleetsim validate tests/validation/training.csv --summary "$@"; }
  validate --grade A --metric speed --max-mean-error 9
  validate --grade A --metric speed --family megatron --max-mean-error 4
  validate --grade A --metric speed --family vtrain,vtrain-single --max-mean-error 8
  validate --grade A --metric memory --max-mean-error 11
fi
if [[ -f tests/validation/inference.csv ]]; then
  step "accuracy of serving"
  build/fleetsim validate tests/validation/inference.csv --summary --metric throughput \
    --family trt10,trt12,trt14 --max-mean-error 18
fi

grep 'tests passed' build/ctest.log
