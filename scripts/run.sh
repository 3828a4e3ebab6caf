#!/usr/bin/env bash
# Builds Fleetsim and runs it.
#   scripts/run.sh                          Llama 3.1 405B pre-training on three fleets
#   scripts/run.sh --format json ...        the same with more flags
#   scripts/run.sh catalog list ...         any other command
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install.sh
scripts/build.sh fleetsim

if [[ $# -gt 0 && "$1" != -* ]]; then
  exec build/fleetsim "$@"
fi
exec build/fleetsim run workloads/pretrain/llama3.1-405b.textproto \
  --platform platforms/h100-16k-ndr.xml \
  --platform platforms/h20-16k-roce.xml \
  --platform platforms/cloudmatrix384-43.xml "$@"
