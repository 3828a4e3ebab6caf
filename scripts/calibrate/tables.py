"""Reading and writing the kit's tables: CSV with the unit in each column's name, four significant digits."""

import csv
import json
import os


def rounded(value):
    """Integers and short strings as they are, floats at four significant digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def write_text(path, text):
    """Writes beside the target and renames, so that a reader never sees half a file."""
    temporary = f"{path}.part"
    with open(temporary, "w", encoding="utf-8", newline="") as out:
        out.write(text)
    os.replace(temporary, path)


def write_csv(path, rows):
    """One line a row; the columns are those of the first row, and every row has the same."""
    columns = list(rows[0])
    lines = [",".join(columns)]
    for row in rows:
        if list(row) != columns:
            raise ValueError(f"{path}: a row has columns {list(row)}, the first has {columns}")
        cells = [rounded(row[c]) for c in columns]
        bad = [c for c in cells if "," in c or "\n" in c or '"' in c]
        if bad:
            raise ValueError(f"{path}: a cell needs quoting: {bad[0]!r}")
        lines.append(",".join(cells))
    write_text(path, "\n".join(lines) + "\n")


def write_json(path, value):
    write_text(path, json.dumps(value, indent=2) + "\n")


def number(text):
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def read_csv(path):
    """The rows as dictionaries with numbers as numbers; an absent file has no rows."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as source:
        rows = []
        for line, row in enumerate(csv.DictReader(source), start=2):
            if None in row or None in row.values():
                raise ValueError(f"{path}:{line}: expected {len(row)} columns")
            rows.append({key: number(value) for key, value in row.items()})
        return rows
