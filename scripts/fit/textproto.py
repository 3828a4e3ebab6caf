"""Kernel class entries as text."""

import tables

DIGITS = 4
SCALARS = ("max_split", "min_split_depth", "split_latency_s", "start_up_s", "overlap_loss_ratio",
           "memory_efficiency_ratio")
STREAM_SCALARS = ("stream_efficiency_ratio", "stream_start_up_s", "quantise_efficiency_ratio",
                  "settled_clock_ratio")


def number(value):
    return value if isinstance(value, str) else f"{value:.{DIGITS}g}"


def message(fields):
    return " ".join(f"{key}: {number(value)}" for key, value in fields.items())


def quoted(text):
    return '"' + text.replace('"', '\\"') + '"'


def evidence_lines(fields, kind, source, year, note):
    lines = ["evidence {"] + [f"  field: {quoted(field)}" for field in fields] + [f"  kind: {kind}"]
    if source:
        lines.append(f"  source: {quoted(source)}")
    if year:
        lines.append(f"  year: {year}")
    if note:
        lines.append(f"  note: {quoted(note)}")
    return lines + ["}"]


def text_of(entry):
    lines = [f"name: {quoted(entry['name'])}"]
    lines += [f"tile {{ {message(tile)} }}" for tile in entry["tile"]]
    lines += [f"matrix {{ {message(matrix)} }}" for matrix in entry["matrix"]]
    lines += [f"{key}: {number(entry[key])}" for key in SCALARS]
    for flash in entry["attention"]:
        plain = {key: value for key, value in flash.items() if key != "point"}
        lines.append(f"attention {{\n  {message(plain)}")
        lines += [f"  point {{ {message(point)} }}" for point in flash["point"]]
        lines.append("}")
    for library in entry.get("library", []):
        lines.append(f"library {{ until_year: {library['until_year']} matrix_ratio: {number(library['matrix_ratio'])} }}")
    lines += [f"{key}: {number(entry[key])}" for key in STREAM_SCALARS if key in entry]
    for record in entry["evidence"]:
        lines += evidence_lines(*record)
    if entry.get("notes"):
        lines.append(f"notes: {quoted(entry['notes'])}")
    return "\n".join(lines) + "\n"


def write(entry):
    folder = tables.ROOT / "platforms" / "catalog" / "kernels"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{entry['name']}.textproto").write_text(text_of(entry))
