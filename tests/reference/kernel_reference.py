#!/usr/bin/env python3
"""Expected values of tests/unit/hardware/kernel_test.cc, derived by walking through the work piece by
piece (every tile, every block of queries) instead of by the closed forms of sim/hardware/kernel.cc."""

import math

UNITS, PEAK, MEMORY_RATE = 100, 400e12, 2e12  # the test's accelerator
FP8_PEAK = 800e12
TILES = [(128, 256, 1.0), (128, 128, 0.9), (64, 64, 0.6)]
FORMATS = {"bf16": (PEAK, 2, 0.95, 0.8, 200), "fp8": (FP8_PEAK, 1, 0.9, 0.7, 300)}
MAX_SPLIT, MIN_SPLIT_DEPTH, SPLIT_LATENCY = 8, 256, 2e-6
START_UP, OVERLAP_LOSS, MEMORY_EFFICIENCY = 3e-6, 0.1, 0.8
QUERY_TILE, KV_TILE, FLASH_START_UP, RAMP = 128, 128, 5e-6, 150
POINTS = {64: (0.4, 0.3), 128: (0.6, 0.5)}
STREAM_EFFICIENCY, STREAM_START_UP = 0.9, 3e-6


def makespan(jobs):
    """Equal jobs handed to units in turn: the busiest unit's share."""
    busy = [0.0] * UNITS
    for i, job in enumerate(jobs):
        busy[i % UNITS] += job
    return max(busy)


def gemm(fmt, m, n, k, batch=1):
    peak, width, unit, sustained, ramp = FORMATS[fmt]
    bandwidth = MEMORY_RATE * MEMORY_EFFICIENCY
    candidates = []
    for rows, columns, efficiency in TILES:
        tiles = sum(1 for _ in range(batch) for _ in range(0, m, rows) for _ in range(0, n, columns))
        for split in [1, 2, 4, 8]:
            if split > 1 and (split > MAX_SPLIT or tiles * split > 2 * UNITS or k / split < MIN_SPLIT_DEPTH):
                continue
            depth = math.ceil(k / split) + ramp
            job = rows * columns * depth * 2 / (peak * unit * efficiency / UNITS)
            time = makespan([job] * (tiles * split))
            if split > 1:
                partials = split * m * n * batch
                time += SPLIT_LATENCY + (4 * partials + 4 * partials) / bandwidth
            candidates.append(time)
    math_time = max(min(candidates), 2 * m * n * k * batch / (sustained * peak))
    traffic = batch * (width * m * k + width * k * n + max(2, width) * m * n) / bandwidth
    long, short = max(math_time, traffic), min(math_time, traffic)
    return START_UP + long + OVERLAP_LOSS * short


def flash(batch, heads, kv_heads, head_dim, queries, keys, causal, backward):
    ratio = POINTS[head_dim][backward] if head_dim in POINTS else (
        POINTS[64][backward] + POINTS[128][backward]) / 2  # only 96 is asked for
    rate = PEAK / UNITS * ratio
    lengths = []
    for first in range(0, queries, QUERY_TILE):
        last = keys - queries + first + QUERY_TILE if causal else keys
        lengths.append(math.ceil(min(last, keys) / KV_TILE) * KV_TILE + RAMP)
    products = 5 if backward else 2
    per_key = products * 2 * QUERY_TILE * head_dim
    mean = sum(lengths) / len(lengths)
    core = max(makespan([mean] * (batch * heads * len(lengths))), max(lengths)) * per_key / rate
    q, kv = batch * heads * queries * head_dim, batch * kv_heads * keys * head_dim
    elements = (4 * q + 4 * kv) if backward else (2 * q + 2 * kv)
    memory = 2 * elements / (MEMORY_RATE * MEMORY_EFFICIENCY)
    return (2 if backward else 1) * FLASH_START_UP + max(core, memory)


def main():
    for fmt, *shape in [("bf16", 4096, 4096, 4096), ("bf16", 4097, 4096, 4096), ("bf16", 1024, 1024, 16384),
                        ("bf16", 16, 8192, 8192), ("bf16", 2048, 12288, 1536), ("bf16", 1, 1, 1),
                        ("bf16", 2048, 2048, 128, 96), ("fp8", 8192, 8192, 8192), ("fp8", 300, 5120, 640)]:
        print(f"gemm {fmt} {shape}: {gemm(fmt, *shape):.9e}")
    for shape in [(1, 32, 32, 128, 4096, 4096, True), (2, 8, 2, 64, 2048, 2048, True),
                  (4, 16, 16, 128, 1024, 1024, False), (1, 1, 1, 128, 8192, 8192, True),
                  (1, 40, 8, 96, 512, 4096, True), (64, 12, 12, 64, 128, 128, False)]:
        print(f"flash {shape}: {flash(*shape, False):.9e} {flash(*shape, True):.9e}")
    for traffic in (0, 1e6, 1e9):
        print(f"stream {traffic:g}: {STREAM_START_UP + traffic / (STREAM_EFFICIENCY * MEMORY_RATE):.9e}")


if __name__ == "__main__":
    main()
