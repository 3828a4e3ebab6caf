#!/usr/bin/env bash
# Writes what the documentation shows of the program's own output: the accuracy table and the
# example in README.md, and the parity plot docs/accuracy.svg (takes Debian's gnuplot-nox).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fleetsim=${FLEETSIM:-build/fleetsim}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# block NAME COMMAND...: puts what the command prints between <!-- NAME --> and <!-- /NAME -->.
block() {
  local name=$1
  shift
  "$@" >"$scratch/$name"
  awk -v name="$name" -v file="$scratch/$name" '
    $0 == "<!-- /" name " -->" { skipping = 0 }
    !skipping { print }
    $0 == "<!-- " name " -->" {
      print "```"
      while ((getline line < file) > 0) print line
      print "```"
      skipping = found = 1
    }
    END { exit !found }' README.md >"$scratch/README.md"
  cp "$scratch/README.md" README.md
}

cases=(tests/validation/training.csv --grade "A,B" --metric speed)
block example "$fleetsim" run workloads/pretrain/llama3.1-405b.textproto \
  --platform platforms/h100-16k-ndr.xml
block accuracy "$fleetsim" validate "${cases[@]}" --summary --plot docs/accuracy.svg
