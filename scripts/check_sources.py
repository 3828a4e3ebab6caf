#!/usr/bin/env python3
"""Checks what compilers do not: layers, who may include what, header guards, sizes, names, words."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Includes point to a lower layer. Folders in one tuple are siblings and do not see each other,
# but for the pairs below.
LAYERS = (
    ("base",),
    ("hardware",),
    ("model",),
    ("parallel", "program", "collective"),
    ("inputs",),
    ("platform", "trace"),
    ("engine",),
    ("training", "serving"),
    ("economics", "plan", "reliability"),
    ("inference",),
    ("validation",),
    ("report",),
    ("commands",),
)
SIBLINGS = {("collective", "program"), ("parallel", "program")}
RANK = {folder: rank for rank, layer in enumerate(LAYERS) for folder in layer}

# Third-party headers and the folders that may include them.
OWNERS = (
    (re.compile(r"simgrid/|xbt/|xbt\.h"), "SimGrid", lambda path: path.parts[1] == "engine"),
    (re.compile(r"google/protobuf/|.*\.pb\.h$"), "protobuf",
     lambda path: path.parts[1] in ("report", "commands", "validation")
     or (path.parts[1] in ("inputs", "trace") and path.suffix == ".cc")),
    (re.compile(r"pugixml"), "pugixml", lambda path: path.parts[1] == "platform"),
    (re.compile(r"CLI/"), "CLI11",
     lambda path: path.parts[1] == "commands" or path == pathlib.Path("sim/main.cc")),
)

INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
FORBIDDEN_NAME = re.compile(
    r"\b(?:class|struct)\s+(\w*(?:Manager|Handler|Helper|Util|Utils|Impl|Data|Info))\b")
OPEN_WORK = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
MAX_LINES = 400


def include_errors(path, number, target):
    """What is wrong with one #include of a file under sim/."""
    for pattern, library, allowed in OWNERS:
        if pattern.match(target) and not allowed(path):
            yield f"{path}:{number}: {library} ({target}) is not for this folder"
    if not target.startswith("sim/") or path == pathlib.Path("sim/main.cc"):
        return
    own, other = path.parts[1], target.split("/")[1]
    for folder in (own, other):
        if folder not in RANK:
            yield f"{path}:{number}: folder sim/{folder} has no layer in scripts/check_sources.py"
            return
    if own != other and (own, other) not in SIBLINGS and RANK[other] >= RANK[own]:
        yield f"{path}:{number}: sim/{own} may not include {target}: includes point downward"


def guard_errors(path, text):
    """A header's guard is its path."""
    guard = re.sub(r"[^A-Z0-9]", "_", str(path).upper()) + "_"
    if f"#ifndef {guard}\n#define {guard}\n" not in text:
        yield f"{path}: header guard is not {guard}"


def file_errors(path):
    """Everything wrong with one source file; `path` is relative to the root."""
    text = (ROOT / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, {MAX_LINES} are the limit: split it"
    if path.suffix == ".h":
        yield from guard_errors(path, text)
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include and path.parts[0] == "sim":
            yield from include_errors(path, number, include.group(1))
        name = FORBIDDEN_NAME.search(line)
        if name:
            yield f"{path}:{number}: {name.group(1)}: say what it is"
        if OPEN_WORK.search(line):
            yield f"{path}:{number}: open work belongs to an issue: write TODO(#number)"


def main():
    files = sorted(path.relative_to(ROOT) for folder in ("sim", "tests")
                   for path in (ROOT / folder).rglob("*") if path.suffix in (".cc", ".h"))
    errors = [error for path in files for error in file_errors(path)]
    print("\n".join(errors), end="\n" if errors else "", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
