#!/usr/bin/env python3
"""Runs clang-tidy on every source file of sim/ whose text, headers or settings changed since it last
passed. Tests are left to the compiler: GoogleTest's macros cost minutes and find nothing.

A pass is remembered in BUILD/tidy/ as an empty file named by the digest of all that it depends on.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def dependencies(path, seen):
    """The file and all files of this project that it includes, directly or not."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    for target in INCLUDE.findall(path.read_bytes()):
        name = target.decode().replace(".pb.h", ".proto")
        dependencies(ROOT / name, seen)
    if path.suffix == ".proto":
        for target in re.findall(rb'^import "([^"]+)"', path.read_bytes(), re.MULTILINE):
            dependencies(ROOT / target.decode(), seen)


def digest(entry):
    """Names everything that decides what clang-tidy says about one compile command."""
    files = set()
    dependencies(pathlib.Path(entry["file"]), files)
    whole = hashlib.sha256(entry["command"].encode())
    for path in sorted(files) + [ROOT / ".clang-tidy"]:
        whole.update(str(path).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def tidy(build, source):
    """Returns what clang-tidy printed, empty when it has nothing to say."""
    # GCC's own warning flags are unknown to clang; they are GCC's to judge.
    command = ["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option",
               source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=pathlib.Path)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    passed = build / "tidy"
    passed.mkdir(parents=True, exist_ok=True)

    entries = json.loads((build / "compile_commands.json").read_text())
    entries = [entry for entry in entries
               if pathlib.Path(entry["file"]).is_relative_to(ROOT / "sim")]
    stale = {entry["file"]: passed / digest(entry) for entry in entries}
    stale = {source: mark for source, mark in stale.items() if not mark.exists()}
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda source: (source, tidy(build, source)), sorted(stale))
        for source, output in results:
            if output:
                failures += 1
                print(output, file=sys.stderr)
            else:
                stale[source].touch()
    print(f"clang-tidy: {len(entries)} files, {len(stale)} checked, {failures} with findings")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
