"""The kernel cost model of sim/hardware/kernel.cc, over arrays of shapes. Formulas: docs/kernels.md."""

import numpy as np

PARTIAL_BYTES = 8  # 32-bit partial results of a split product, written and read once
BACKWARD_PRODUCTS = 2.5
BACKWARD_START_UPS = 2


def rounds(units, pieces):
    return np.ceil(pieces / units) if units else pieces


def gemm_time(kernels, device, matrix, m, n, k, batch=1.0):
    """kernels: parameters of the class; device: units, memory bandwidth and the format's peak."""
    units, peak = device["units"], device["peak"]
    memory = device["bandwidth"] * kernels["memory_efficiency_ratio"]
    rate = peak * matrix["unit_ratio"] / (units or 1)
    best = np.full(np.shape(m * n * k * batch), np.inf)
    for tile in kernels["tile"]:
        tiles = np.ceil(m / tile["rows"]) * np.ceil(n / tile["columns"]) * batch
        per_depth = 2 * tile["rows"] * tile["columns"] / (rate * tile["efficiency_ratio"])
        split = 1
        while split <= kernels["max_split"]:
            depth = np.ceil(k / split) + matrix["ramp_depth"]
            time = rounds(units, tiles * split) * per_depth * depth
            if split > 1:
                time = time + kernels["split_latency_s"] + PARTIAL_BYTES * split * m * n * batch / memory
                allowed = (tiles * split <= 2 * units) & (k >= split * kernels["min_split_depth"])
                time = np.where(allowed, time, np.inf)
            best = np.minimum(best, time)
            split *= 2
    arithmetic = np.maximum(best, 2 * m * n * k * batch / (peak * matrix["sustained_ratio"]))
    width = device["width"]
    traffic = batch * (width * (m * k + k * n) + max(2.0, width) * m * n)
    other = traffic / memory
    return (kernels["start_up_s"] + np.maximum(arithmetic, other)
            + kernels["overlap_loss_ratio"] * np.minimum(arithmetic, other))


def attention_time(flash, memory_efficiency, device, shape, backward=False):
    """shape: arrays batch, heads, kv_heads, head_dim, queries, keys, causal."""
    units, tile = device["units"], flash["query_tile"]
    most = np.ceil(shape["keys"] / flash["kv_tile"]) * flash["kv_tile"]
    blocks = np.ceil(shape["queries"] / tile)
    before = np.maximum(0, shape["keys"] - shape["queries"])
    mean = np.where(shape["causal"], np.minimum(most, before + (blocks + 1) / 2 * tile), most)
    sizes = [point["head_dim"] for point in flash["point"]]
    key = "backward_ratio" if backward else "forward_ratio"
    ratio = np.interp(shape["head_dim"], sizes, [point[key] for point in flash["point"]])
    per_key = 4 * tile * shape["head_dim"] * (units or 1) / (device["peak"] * ratio)
    turns = rounds(units, shape["batch"] * shape["heads"] * blocks)
    ramp = flash["ramp_tokens"]
    core = per_key * np.maximum(turns * (mean + ramp), most + ramp)
    elements = 2 * shape["batch"] * shape["head_dim"] * (
        shape["heads"] * shape["queries"] + shape["kv_heads"] * shape["keys"])
    memory = elements * device["width"] / (device["bandwidth"] * memory_efficiency)
    if backward:
        return BACKWARD_START_UPS * flash["start_up_s"] + np.maximum(core * BACKWARD_PRODUCTS, 2 * memory)
    return flash["start_up_s"] + np.maximum(core, memory)
