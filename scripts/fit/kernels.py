#!/usr/bin/env python3
"""Fits the kernel classes and writes platforms/catalog/kernels/*.textproto and residuals.csv.

Needs numpy, scipy and pandas, and the measured tables under FLEETSIM_SHARED (default ../shared).
Usage: scripts/fit/kernels.py
"""

import csv
import sys

import numpy as np
from scipy.optimize import least_squares

import entries
import kernel_model as model
import specs
import tables
import textproto

TILES = [(128, 256), (256, 128), (128, 128), (64, 256), (256, 64), (64, 128), (128, 64), (64, 64)]
# Free tile efficiencies: tiles with the same number share one.
TILE_GROUP = [0, 0, 1, 2, 2, 3, 3, 4]
MAX_SPLIT, MIN_SPLIT_DEPTH = 16, 256
HELD_OUT = 0.1
SAMPLE = 6000
SOFT = 0.05  # log error where the loss turns from square to linear


def training_shaped(t):
    return ((t.m >= 1024) & (t.n >= 512) & (t.k >= 512)).to_numpy()


def product_weights(t):
    """Training shapes count whole, decode shapes a quarter, slivers hardly."""
    weights = np.where(training_shaped(t), 1.0, 0.25)
    return np.where((t.n < 256) | (t.k < 256), 0.05, weights)


def split_rows(t, seed=0):
    held = np.random.RandomState(seed).rand(len(t)) < HELD_OUT
    return t[~held].reset_index(drop=True), t[held].reset_index(drop=True)


def sample(t, weights, seed=0):
    chosen = np.random.RandomState(seed).choice(
        len(t), min(SAMPLE, len(t)), replace=False, p=weights / weights.sum())
    return t.iloc[chosen].reset_index(drop=True)


def shared_parameters(x):
    """Parameters that all formats of a class share, from the optimizer's vector."""
    groups = x[5:10]
    tiles = [{"rows": r, "columns": c, "efficiency_ratio": min(1.0, groups[g])}
             for (r, c), g in zip(TILES, TILE_GROUP)]
    return {"start_up_s": np.exp(x[0]), "memory_efficiency_ratio": x[1], "overlap_loss_ratio": x[2],
            "split_latency_s": np.exp(x[3]), "max_split": MAX_SPLIT, "min_split_depth": MIN_SPLIT_DEPTH,
            "tile": tiles}


def matrix_parameters(x):
    return {"unit_ratio": x[0], "sustained_ratio": x[1], "ramp_depth": np.exp(x[2])}


def fit_products(device, rows, memory=None):
    """Class and format parameters on one format's products; `memory`: a memory efficiency to keep."""
    rows = sample(rows, product_weights(rows))
    weights = np.sqrt(product_weights(rows))
    m, n, k, target = (rows[c].to_numpy() for c in ("m", "n", "k", "seconds"))

    def residuals(x):
        time = model.gemm_time(shared_parameters(x), device, matrix_parameters(x[10:]), m, n, k)
        return weights * np.log(time / target)

    start = [np.log(3e-6), 0.82, 0.15, np.log(2e-6), 0, 0.99, 0.9, 0.85, 0.8, 0.7, 0.93, 0.8, np.log(150)]
    low = [np.log(1e-6), 0.3, 0, np.log(1e-7), -1, 0.7, 0.5, 0.4, 0.3, 0.2, 0.3, 0.3, 0]
    high = [np.log(2e-5), 1.0, 1, np.log(3e-5), 1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.05, 1.0, np.log(2000)]
    if memory:
        start[1], low[1], high[1] = memory, memory - 1e-6, memory + 1e-6
    found = least_squares(residuals, start, bounds=(low, high), loss="soft_l1", f_scale=SOFT,
                          diff_step=3e-3, max_nfev=60).x
    kernels, matrix = shared_parameters(found), matrix_parameters(found[10:])
    best = max(tile["efficiency_ratio"] for tile in kernels["tile"])
    for tile in kernels["tile"]:
        tile["efficiency_ratio"] /= best
    matrix["unit_ratio"] *= best
    return kernels, matrix


def quantisation_time(device, x, m, k):
    """Scales and rounding of A, which the tables of narrow formats include: kernels of their own."""
    return np.exp(x[0]) + x[1] * m * k / device["bandwidth"]


def fit_format(kernels, device, rows):
    """Parameters of a further format, with those of the class as they are, and of the tables'
    quantisation, which is no part of the product."""
    rows = sample(rows, product_weights(rows))
    weights = np.sqrt(product_weights(rows))
    m, n, k, target = (rows[c].to_numpy() for c in ("m", "n", "k", "seconds"))

    def residuals(x):
        time = model.gemm_time(kernels, device, matrix_parameters(x), m, n, k)
        return weights * np.log((time + quantisation_time(device, x[3:], m, k)) / target)

    found = least_squares(residuals, [0.85, 0.7, np.log(200), np.log(5e-6), 4],
                          bounds=([0.2, 0.2, 0, np.log(1e-7), 0], [1.0, 1.0, np.log(4000), np.log(1e-4), 20]),
                          loss="soft_l1", f_scale=SOFT, diff_step=3e-3, max_nfev=60).x
    return matrix_parameters(found), found[3:]


def errors(time, target):
    ratio = time / target
    return {"rows": len(ratio), "median_error": np.median(np.abs(ratio - 1)),
            "p90_error": np.percentile(np.abs(ratio - 1), 90), "median_bias": np.median(ratio) - 1}


def product_errors(kernels, device, matrix, rows, quantisation=None):
    m, n, k = (rows[c].to_numpy() for c in ("m", "n", "k"))
    time = model.gemm_time(kernels, device, matrix, m, n, k)
    if quantisation is not None:
        time = time + quantisation_time(device, quantisation, m, k)
    return errors(time, rows.seconds.to_numpy())


def shape_of(rows):
    return {c: rows[c].to_numpy().astype(float)
            for c in ("batch", "heads", "kv_heads", "head_dim", "queries", "keys")} | {
                "causal": rows.causal.to_numpy().astype(bool)}


def attention_seconds(flash, kernels, device, rows):
    shape, memory = shape_of(rows), kernels["memory_efficiency_ratio"]
    backward = (rows["pass"] == "backward").to_numpy()
    return np.where(backward, model.attention_time(flash, memory, device, shape, True),
                    model.attention_time(flash, memory, device, shape, False))


def attention_weights(rows):
    busy = (rows.queries >= 512) & (rows.batch * rows.heads >= 8)
    return np.where(busy, 1.0, 0.15)


def fit_attention(kernels, device, rows, sizes, query_tile, backward, start_up=None):
    """Start-up (unless given), ramp and the inner loop's ratio at each head size. Where a size was
    not measured backward, its ratio is `backward` of the forward one."""
    weights = np.sqrt(attention_weights(rows))
    target, count = rows.seconds.to_numpy(), len(sizes)
    measured = [((rows["pass"] == "backward") & (rows.head_dim == size)).any() for size in sizes]

    def unpack(x):
        points = [{"head_dim": s, "forward_ratio": f, "backward_ratio": b if seen else backward * f}
                  for s, f, b, seen in zip(sizes, x[2:2 + count], x[2 + count:], measured)]
        return {"query_tile": query_tile, "kv_tile": 128, "start_up_s": start_up or np.exp(x[0]),
                "ramp_tokens": x[1], "point": points}

    def residuals(x):
        return weights * np.log(attention_seconds(unpack(x), kernels, device, rows) / target)

    found = least_squares(residuals, [np.log(5e-6), 100] + [0.4] * (2 * count),
                          bounds=([np.log(1e-6), 0] + [0.05] * (2 * count),
                                  [np.log(3e-5), 1000] + [1.0] * (2 * count)),
                          loss="soft_l1", f_scale=SOFT, diff_step=3e-3, max_nfev=60).x
    return unpack(found)


def main():
    builder = entries.Builder(sys.modules[__name__])
    for spec in specs.MEASURED:
        textproto.write(builder.measured(spec))
    for spec in specs.PUBLISHED:
        textproto.write(builder.published(spec))
    with open(tables.HERE / "residuals.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, builder.residuals[0].keys(), lineterminator="\n")
        writer.writeheader()
        for row in builder.residuals:
            row = {k: f"{v:.3f}" if isinstance(v, float) else v for k, v in row.items()}
            writer.writerow(row)
            print(*row.values(), sep=", ")


if __name__ == "__main__":
    main()
