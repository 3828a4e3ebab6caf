#!/usr/bin/env python3
"""Board power by activity, as a share of (limit - idle), from tables that sampled it. Writes power.csv and, with
--write, the ratios into the accelerators' catalog entries.

A row is the median over kernels of one kind: large ones for what they draw, the emptiest loops for waiting. A tenth of
the kernels is held out; `held_out_error` is the median distance of their power from the row's median.
"""

import argparse
import csv
import re

import numpy as np
import pandas as pd

import tables

# Idle watts: shared/hardware, section 8, middle of the print-outs. Bandwidths are the catalog's.
SYSTEMS = {"h200_sxm": ("nvidia-h200", "nvidia-h200-sxm-141gb", 75, 700, 4.8e12),
           "b200_sxm": ("nvidia-b200", "nvidia-b200-sxm-180gb", 150, 1000, 8e12),
           "gb200": ("nvidia-gb200", "nvidia-gb200-186gb", 170, 1200, 8e12)}
STACK = "vllm-0.22.0"  # TensorRT-LLM's tables draw a third less at the same rate: their operands hold fewer ones
LONG_US = 200
EMPTY_US = 6      # a product that is all launch
STREAMING = 0.7   # of the memory bandwidth
HELD_OUT = 0.1
FORMATS = {"bfloat16": "matrix", "fp8": "matrix fp8", "fp8_block": "matrix fp8 block", "nvfp4": "matrix fp4"}
PEER = "ai-dynamo/aiconfigurator performance database, Apache-2.0"
SPLITWISE = "Mutinifni/splitwise-sim performance table, MIT"
# Accelerators of the same processor and limit.
FIELDS = {"matrix": "matrix_power_ratio", "memory": "memory_power_ratio", "attention": "attention_power_ratio",
          "waiting": "waiting_power_ratio"}


def table_of(name, system):
    table = pd.read_csv(tables.AICONFIGURATOR / f"{name}_{system}.csv.xz")
    return table[(table["stack"] == STACK) & table.power_w.notna()]


def activities(system, bandwidth):
    """Kind, power of its kernels, and the quantile that stands for it."""
    products = table_of("gemm", system)
    large = products[(products.lat_us >= LONG_US) & (products.m >= 4096) & (products.n >= 2048) & (products.k >= 2048)]
    for dtype, name in FORMATS.items():
        yield name, large[large["dtype"] == dtype].power_w, 0.5
    decode = table_of("attn_decode", system)
    decode = decode[(decode.lat_us >= LONG_US) & (decode.kv_dtype == "bfloat16")]
    # Keys and values, two bytes each.
    rate = 4 * decode.batch * decode.head_dim * (decode.past + 1) * decode.n_kv_heads / (decode.lat_us * 1e-6)
    yield "memory", decode[rate >= STREAMING * bandwidth].power_w, 0.5
    prompt = table_of("attn_context", system)
    prompt = prompt[(prompt.lat_us >= LONG_US) & (prompt.attn_dtype == "bfloat16") & (prompt.kv_dtype == "bfloat16")
                    & (prompt.head_dim == 128) & (prompt.isl >= 2048)]
    yield "attention", prompt.power_w, 0.5
    # The board with a process on it, clocks up, nearly nothing to do.
    yield "waiting", products[(products["dtype"] == "bfloat16") & (products.lat_us < EMPTY_US)].power_w, 0.05


def measured():
    for system, (kernel_class, accelerator, idle, limit, bandwidth) in SYSTEMS.items():
        for activity, power, quantile in activities(system, bandwidth):
            if power.empty:
                continue
            held_out = np.random.default_rng(0).random(len(power)) < HELD_OUT
            value = power[~held_out].quantile(quantile)
            error = (power[held_out] / power[~held_out].median() - 1).abs().median()
            yield [kernel_class, accelerator, activity, value, len(power), idle, limit, error, PEER]


def a100():
    """Splitwise: peak of prompts of 1,024 tokens and more, mean while two devices decode (their weights stream)."""
    idle, limit = 62, 400
    table = pd.read_csv(tables.SHARED / "measured/splitwise/perf_model.csv")
    table = table[(table.hardware == "a100-80gb") & (table.avg_power_norm > 0)]
    prompts = table[table.prompt * table.batch >= 1024].peak_power_norm.clip(upper=1) * limit
    decode = table[(table.model == "llama2-70b") & (table.tp == 2) & (table.prompt <= 512)
                   & (table.batch == 1)].avg_power_norm * limit
    for activity, power in (("matrix", prompts), ("memory", decode)):
        yield ["nvidia-a100", "nvidia-a100-sxm-80gb", activity, power.median(), len(power), idle, limit, float("nan"),
               SPLITWISE]


def write_entry(name, ratios):
    path = tables.HERE.parents[1] / "platforms/catalog/accelerators" / f"{name}.textproto"
    text = path.read_text()
    for activity, ratio in ratios.items():
        field = FIELDS[activity]
        line = f"{field}: {ratio:.2f}\n"
        if re.search(rf"^{field}:", text, re.M):
            text = re.sub(rf"^{field}:.*\n", line, text, flags=re.M)
        else:
            raise SystemExit(f"{path}: add {line}with its evidence first")
    path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="the ratios into the catalog")
    arguments = parser.parse_args()
    rows = list(measured()) + list(a100())
    with open(tables.HERE / "power.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kernel_class", "accelerator", "activity", "watts", "kernels", "idle_w", "limit_w", "ratio",
                         "held_out_error", "source"])
        entries = {}
        for kernel_class, accelerator, activity, watts, count, idle, limit, error, source in rows:
            ratio = (watts - idle) / (limit - idle)
            shown = "" if np.isnan(error) else f"{error:.3f}"
            writer.writerow([kernel_class, accelerator, activity, f"{watts:.0f}", count, idle, limit, f"{ratio:.2f}",
                             shown, source])
            if activity in FIELDS:
                entries.setdefault(accelerator, {})[activity] = ratio
    if arguments.write:
        for accelerator, ratios in entries.items():
            write_entry(accelerator, ratios)


if __name__ == "__main__":
    main()
