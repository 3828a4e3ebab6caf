#!/usr/bin/env bash
# Style and structure: shell scripts, format, layers and sizes, clang-tidy. Needs a configured build/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install.sh check
# Generated protobuf headers and the compile commands are what clang-tidy reads.
if [[ ! -f build/build.ninja ]]; then
  scripts/build.sh fleetsim_proto
fi

git ls-files -z --cached --others --exclude-standard -- '*.sh' .ci/run | xargs -0 shellcheck
python3 scripts/check_sources.py
git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h' |
  xargs -0 -r clang-format --dry-run -Werror
python3 scripts/tidy.py --build build
