#!/usr/bin/env python3
"""Board power by activity, as a share of (limit - idle), from the tables that sampled it: power.csv.

A row is the median over long kernels of one kind; short ones fall between the sensor's samples.
"""

import csv

import pandas as pd

import tables

# Idle watts: shared/hardware, section 8, middle of the print-outs.
SYSTEMS = {"h200_sxm": ("nvidia-h200", "H200-141GB SXM", 75, 700), "b200_sxm": ("nvidia-b200", "B200 (HGX)", 150, 1000),
           "gb200": ("nvidia-gb200", "GB200 (per GPU, NVL72)", 170, 1200)}
STACK = "vllm-0.22.0"
LONG_US = 200


def watts(name, system, keep):
    table = pd.read_csv(tables.AICONFIGURATOR / f"{name}_{system}.csv.xz")
    table = table[(table["stack"] == STACK) & table.power_w.notna() & (table.lat_us >= LONG_US)]
    return table[keep(table)].power_w


def activities(system):
    yield "matrix", watts("gemm", system, lambda t: (t.dtype == "bfloat16") & (t.m >= 4096))
    yield "memory", watts("gemm", system, lambda t: (t.dtype == "bfloat16") & (t.m <= 32))
    yield "attention", watts("attn_context", system, lambda t: (t.attn_dtype == "bfloat16")
                             & (t.kv_dtype == "bfloat16") & (t.head_dim == 128) & (t.isl >= 2048))


def main():
    with open(tables.HERE / "power.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kernel_class", "accelerator_csv_name", "activity", "median_w", "rows", "idle_w", "limit_w",
                         "ratio", "source"])
        for system, (kernel_class, accelerator, idle, limit) in SYSTEMS.items():
            for activity, power in activities(system):
                median = power.median()
                ratio = (median - idle) / (limit - idle)
                writer.writerow([kernel_class, accelerator, activity, f"{median:.0f}", len(power), idle, limit,
                                 f"{ratio:.2f}", "ai-dynamo/aiconfigurator performance database, Apache-2.0"])


if __name__ == "__main__":
    main()
