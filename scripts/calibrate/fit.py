#!/usr/bin/env python3
"""Fits the tables that measure.py wrote: a small table of physical parameters, and catalog fields.

Writes efficiencies.csv (one parameter a line: asymptotic rates, ramps, bandwidths, launch times, power by activity)
and, where power was measured, accelerator.textproto: fields for the accelerator's catalog entry with their evidence.
Needs numpy.
"""

import argparse
import datetime
import json
import os
import re
import sys

import numpy

import tables

EXAMPLE = """example:
  python3 scripts/calibrate/fit.py /tmp/my-gpu --out /tmp/my-gpu \\
      --accelerator platforms/catalog/accelerators/nvidia-h200-sxm-141gb.textproto
"""
LARGE_DIMENSION = 2048    # a matrix product is large where m, n and k reach it: many tiles, a long inner loop
LARGE_TIME_S = 2e-4       # and where it runs long enough for the clock to settle
STREAM_BYTES = 1 << 26    # a memory-bound kernel that moves less still pays its start
COMPUTE_BOUND = 0.5       # a point counts as compute-bound while its traffic needs at most this share of its time


def fit_line(x, y):
    """Least squares of y = a x + b on relative residuals; the median relative deviation comes with it."""
    x, y = numpy.asarray(x, float), numpy.asarray(y, float)
    design = numpy.stack([x / y, 1.0 / y], axis=1)
    (slope, offset), *_ = numpy.linalg.lstsq(design, numpy.ones(len(x)), rcond=None)
    return slope, offset, float(numpy.median(numpy.abs((slope * x + offset) / y - 1.0)))


def groups(rows, *keys):
    found = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return sorted(found.items(), key=lambda item: tuple(map(str, item[0])))


class Parameters:
    """The fitted table."""

    def __init__(self):
        self.rows = []

    def add(self, parameter, variant, value, points, deviation=0.0):
        self.rows.append({"parameter": parameter, "variant": variant or "all", "value": float(value), "points": points,
                          "deviation_ratio": float(deviation)})

    def add_median(self, parameter, variant, values):
        if values:
            median = float(numpy.median(values))
            self.add(parameter, variant, median, len(values), numpy.median(numpy.abs(numpy.array(values) / median - 1)))

    def value(self, parameter, variant="all"):
        return next((r["value"] for r in self.rows if (r["parameter"], r["variant"]) == (parameter, variant)), None)


def fit_memory(rows, out):
    """time = start + traffic / bandwidth, by operation."""
    for (operation,), chosen in groups(rows, "operation"):
        if len(chosen) >= 3:
            slope, start, deviation = fit_line([r["bytes"] for r in chosen], [r["time_s"] for r in chosen])
            out.add("memory_bandwidth_bytes_per_s", operation, 1.0 / slope, len(chosen), deviation)
            out.add("memory_start_s", operation, max(0.0, start), len(chosen), deviation)


def is_large(row):
    return min(row["m"], row["n"], row["k"]) >= LARGE_DIMENSION and row["time_s"] >= LARGE_TIME_S and row["batch"] == 1


def compute_bound(row, bandwidth):
    return not bandwidth or row["bytes"] / bandwidth <= COMPUTE_BOUND * row["time_s"]


def fit_gemm(rows, out):
    """Large products, then the ramp over k: time / (2 m n) = (k + k_half) / rate."""
    bandwidth = out.value("memory_bandwidth_bytes_per_s", "copy")
    for (dtype,), chosen in groups(rows, "dtype"):
        rate = lambda r: r["flops"] / r["time_s"]
        large = [r for r in chosen if is_large(r)]
        out.add_median("gemm_large_flops_per_s", dtype, [rate(r) for r in large])
        if large:
            out.add("gemm_best_flops_per_s", dtype, max(map(rate, large)), len(large))
        for (layout,), same in groups(large, "layout"):
            out.add_median("gemm_large_flops_per_s", f"{dtype}/{layout}", [rate(r) for r in same])
        ramp = [r for r in chosen if r["purpose"] == "k_ramp" and min(r["m"], r["n"]) >= 4096
                and compute_bound(r, bandwidth)]
        if len(ramp) >= 3:
            per_output = [r["time_s"] / (2.0 * r["m"] * r["n"]) for r in ramp]
            slope, offset, deviation = fit_line([r["k"] for r in ramp], per_output)
            out.add("gemm_asymptotic_flops_per_s", dtype, 1.0 / slope, len(ramp), deviation)
            out.add("gemm_k_half", dtype, max(0.0, offset / slope), len(ramp), deviation)
        fit_gemm_small(dtype, chosen, out)


def fit_gemm_small(dtype, rows, out):
    stream = [r for r in rows if r["purpose"] == "inference" and r["m"] <= 64 and r["bytes"] >= STREAM_BYTES]
    out.add_median("gemm_weight_stream_bytes_per_s", dtype, [r["bytes"] / r["time_s"] for r in stream])
    out.add("gemm_shortest_s", dtype, min(r["time_s"] for r in rows), len(rows))
    times = {(r["m"], r["n"], r["k"]): r["time_s"] for r in rows if r["purpose"] == "tile_step"}
    for edge in (128, 256, 512, 1024, 2048):
        over = [times[m + 1, n, k] / times[m, n, k] for m, n, k in times if m == edge and (m + 1, n, k) in times]
        out.add_median("gemm_tile_step_ratio", f"{dtype}/{edge}", over)


def fit_attention(rows, out):
    """Equal query and key lengths: rate = asymptote x tokens / (tokens + tokens_half), on a filled device."""
    filled = [r for r in rows if r["query_tokens"] == r["kv_tokens"] and r["batch"] * r["heads"] >= 32]
    keys = ("direction", "backend", "dtype", "head_dim", "causal", "dropout_ratio")
    for (direction, backend, dtype, head_dim, causal, dropout), chosen in groups(filled, *keys):
        variant = f"{backend}/{dtype}/d{head_dim}/{'causal' if causal else 'full'}{'/dropout' if dropout else ''}"
        name = f"attention_{direction}"
        inverse = [r["time_s"] / r["flops"] for r in chosen]
        if backend != "unfused" and len({r["query_tokens"] for r in chosen}) >= 3:
            slope, offset, deviation = fit_line([1.0 / r["query_tokens"] for r in chosen], inverse)
            out.add(f"{name}_flops_per_s", variant, 1.0 / offset, len(chosen), deviation)
            out.add(f"{name}_tokens_half", variant, max(0.0, slope / offset), len(chosen), deviation)
        else:
            out.add_median(f"{name}_flops_per_s", variant, [1.0 / i for i in inverse])


def fit_decode(rows, out):
    """time = start + bytes of keys and values / bandwidth."""
    for (backend, heads, kv_heads), chosen in groups(rows, "backend", "heads", "kv_heads"):
        if len(chosen) >= 3:
            slope, start, deviation = fit_line([r["bytes"] for r in chosen], [r["time_s"] for r in chosen])
            variant = f"{backend}/{heads}q{kv_heads}kv"
            out.add("attention_decode_bytes_per_s", variant, 1.0 / slope, len(chosen), deviation)
            out.add("attention_decode_start_s", variant, max(0.0, start), len(chosen), deviation)


def fit_elementwise(rows, out):
    for (operation, direction, mode), chosen in groups(rows, "operation", "direction", "mode"):
        long = [r["bytes"] / r["time_s"] for r in chosen if r["bytes"] >= STREAM_BYTES]
        out.add_median("elementwise_bytes_per_s", f"{operation}/{direction}/{mode}", long)


def fit_launch(rows, out):
    for row in rows:
        variant = f"{row['operation']}/{row['direction']}/{row['mode']}"
        out.add("launch_host_s", variant, row["host_s"], 1)
        out.add("launch_total_s", variant, row["total_s"], 1)


def fit_layer(rows, out):
    for (kind, mode), chosen in groups(rows, "kind", "mode"):
        rates = [r["forward_flops"] / r["forward_s"] for r in chosen]
        out.add_median("layer_forward_flops_per_s", f"{kind}/{mode}", rates)
        ratios = [r["backward_s"] / r["forward_s"] for r in chosen]
        out.add_median("layer_backward_over_forward", f"{kind}/{mode}", ratios)


def fit_power(rows, out):
    for row in rows:
        out.add("power_w", row["activity"], row["power_w"], 1)
        if row["flops_per_s"]:
            out.add("sustained_flops_per_s", row["activity"], row["flops_per_s"], 1)
        elif row["bytes_per_s"]:
            out.add("sustained_bytes_per_s", row["activity"], row["bytes_per_s"], 1)


def relate(facts, out):
    """What was achieved, over the catalog's peaks."""
    for row in list(out.rows):
        name, variant = row["parameter"], row["variant"]
        if name.startswith("gemm_") and name.endswith("_flops_per_s"):
            peak = facts["peak"].get(variant.split("/")[0].removesuffix("_rowwise").upper())
        elif name.startswith("attention_") and name.endswith("_flops_per_s"):
            peak = facts["peak"].get(variant.split("/")[1].upper())
        elif name == "memory_bandwidth_bytes_per_s" and "_to_" not in variant:
            peak = facts["memory_bandwidth_bytes_per_s"]
        else:
            peak = None
        if peak:
            out.add(name.replace("_flops_per_s", "").replace("_bytes_per_s", "") + "_efficiency_ratio", variant,
                    row["value"] / peak, row["points"], row["deviation_ratio"])


def catalog_facts(path):
    """Peaks, memory bandwidth and TDP of a catalog entry (one field a line or several, comments dropped)."""
    with open(path, encoding="utf-8") as source:
        text = re.sub(r"#.*", "", source.read())
    peaks = re.findall(r"peak\s*:?\s*\{\s*dtype:\s*(\w+)[\s,;]+flops_per_s:\s*([-+.\deE]+)", text)
    single = lambda field: next((float(v) for v in re.findall(rf"\b{field}:\s*([-+.\deE]+)", text)), None)
    if not peaks:
        raise ValueError(f"{path}: no peak {{ dtype: .. flops_per_s: .. }} found; is it an accelerator entry?")
    return {"peak": {dtype: float(value) for dtype, value in peaks}, "tdp_w": single("tdp_w"),
            "memory_bandwidth_bytes_per_s": single("memory_bandwidth_bytes_per_s")}


POWER_FIELDS = {"matrix_power_ratio": "gemm_bf16_large", "memory_power_ratio": "memory_copy",
                "attention_power_ratio": "attention_forward"}


def textproto(out, facts, device, year):
    """Accelerator fields: power above idle over TDP above idle."""
    idle = out.value("power_w", "idle")
    tdp = facts.get("tdp_w")
    if idle is None or not tdp:
        return None
    values = {"idle_w": idle}
    for field, activity in POWER_FIELDS.items():
        power = out.value("power_w", activity)
        if power is not None:
            values[field] = (power - idle) / (tdp - idle)
    lines = [f"{field}: {value:.4g}" for field, value in values.items()]
    source = f"scripts/calibrate on {device['name']}, driver {device.get('driver')}, PyTorch {device['torch']}"
    fields = " ".join(f'field: "{field}"' for field in values)
    lines.append(f'evidence {{ {fields} kind: MEASURED source: "{source}" year: {year} }}')
    return "\n".join(lines) + "\n"


FITS = [("memory", fit_memory), ("gemm", fit_gemm), ("attention_forward", fit_attention),
        ("attention_backward", fit_attention), ("attention_decode", fit_decode), ("elementwise", fit_elementwise),
        ("launch", fit_launch), ("layer", fit_layer), ("power", fit_power)]


def fit(folder, facts=None):
    out = Parameters()
    for name, function in FITS:
        function(tables.read_csv(os.path.join(folder, f"{name}.csv")), out)
    if facts:
        relate(facts, out)
    return out


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", metavar="DIR", help="folder that measure.py wrote")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for the fitted files")
    parser.add_argument("--accelerator", metavar="FILE",
                        help="the device's catalog entry: adds the ratios to its peaks, and the textproto fields")
    parser.add_argument("--year", type=int, default=datetime.date.today().year, help="year of the measurement")
    options = parser.parse_args(arguments)
    try:
        facts = catalog_facts(options.accelerator) if options.accelerator else None
        out = fit(options.tables, facts)
    except (OSError, ValueError, KeyError) as error:
        print(f"fit.py: {error}", file=sys.stderr)
        return 2
    if not out.rows:
        print(f"fit.py: {options.tables}: none of {', '.join(name + '.csv' for name, _ in FITS)} is there",
              file=sys.stderr)
        return 2
    os.makedirs(options.out, exist_ok=True)
    tables.write_csv(os.path.join(options.out, "efficiencies.csv"), out.rows)
    return write_fields(options, out, facts)


def write_fields(options, out, facts):
    path = os.path.join(options.tables, "device.json")
    if facts and os.path.exists(path):
        with open(path, encoding="utf-8") as source:
            fields = textproto(out, facts, json.load(source), options.year)
        if fields:
            tables.write_text(os.path.join(options.out, "accelerator.textproto"), fields)
    return 0


if __name__ == "__main__":
    sys.exit(main())
