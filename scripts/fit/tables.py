"""Readers of the measured tables and of the accelerators' published peaks."""

import os
import pathlib

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHARED = pathlib.Path(os.environ.get("FLEETSIM_SHARED", ROOT.parent / "shared"))
AICONFIGURATOR = SHARED / "measured" / "aiconfigurator"

# Column of the table of peaks, bytes of an element, and the tables' names of the format.
FORMATS = {
    "BF16": ("bf16_TFLOPS", 2, "bfloat16"),
    "FP8": ("fp8_TFLOPS", 1, "fp8"),
    "FP8_BLOCK": ("fp8_TFLOPS", 1, "fp8_block"),
    "INT8": ("int8_TOPS", 1, "sq"),
    "FP4": ("fp4_TFLOPS", 0.5, "nvfp4"),
}

# Smaller casts are served from the cache in part.
CAST_ELEMENTS = 2**26

# Peaks that the table of accelerators lacks: dense TFLOPS and GB/s of the data sheets.
EXTRA = {
    "RTX PRO 6000": {"bf16_TFLOPS": 480, "fp8_TFLOPS": 960, "fp4_TFLOPS": 1920, "mem_bw_GBps": 1597},
}


def device(accelerator, dtype):
    """Compute units, peak, memory bandwidth and element width of an accelerator of units.csv."""
    column, width, _ = FORMATS[dtype]
    units = pd.read_csv(HERE / "units.csv").set_index("accelerator_csv_name").compute_units
    if accelerator in EXTRA:
        row = EXTRA[accelerator]
    else:
        rows = pd.read_csv(SHARED / "hardware" / "accelerators.csv").set_index("name")
        row = rows.loc[accelerator]
    return {"units": int(units[accelerator]), "peak": float(row[column]) * 1e12,
            "bandwidth": float(row["mem_bw_GBps"]) * 1e9, "width": width}


def products(system, dtype, full_grid=False):
    """Columns m, n, k and seconds of one accelerator's matrix products in the stack's own table."""
    stack = {"a100_sxm": "sglang-0.5.10"}.get(system, "trtllm-1.3.0rc20")
    name = f"gemm_fullgrid_{system}.csv.xz" if full_grid else f"gemm_{system}.csv.xz"
    table = pd.read_csv(AICONFIGURATOR / name)
    if dtype == "INT8":
        stack = {"h200_sxm": "trtllm-1.2.0rc5"}.get(system, "trtllm-1.0.0")
    table = table[(table["stack"] == stack) & (table["dtype"] == FORMATS[dtype][2])]
    table = table.drop_duplicates(["m", "n", "k"])
    return pd.DataFrame({"m": table.m.astype(float), "n": table.n.astype(float), "k": table.k.astype(float),
                         "seconds": table.lat_us * 1e-6}).reset_index(drop=True)


def cast_efficiency(system, bandwidth):
    """Share of memory bandwidth that large casts to FP8 reach: two bytes read, one written."""
    table = pd.read_csv(AICONFIGURATOR / "quantize.csv.xz")
    table = table[(table.system == system) & (table["stack"] == "trtllm-1.3.0rc20") & (table.op == "scale_matrix")
                  & (table.m * table.k >= CAST_ELEMENTS)]
    return float(np.median(3 * table.m * table.k / (table.lat_us * 1e-6) / bandwidth))


def infersim_products(gpu):
    table = pd.read_csv(SHARED / "measured" / "infersim" / "gemm.csv")
    table = table[table.gpu == gpu]
    return pd.DataFrame({"m": table.m.astype(float), "n": table.n.astype(float), "k": table.k.astype(float),
                         "seconds": table.latency_us * 1e-6}).reset_index(drop=True)


def attention(system, stack):
    """Prefill attention in 16 bits without cached tokens, with columns as attention_time() wants."""
    table = pd.read_csv(AICONFIGURATOR / f"attn_context_{system}.csv.xz")
    table = table[(table["stack"] == stack) & (table.attn_dtype == "bfloat16")
                  & (table.kv_dtype == "bfloat16") & (table.isl >= 128) & (table.past == 0)]
    return pd.DataFrame({
        "batch": table.batch, "heads": table.n_heads, "kv_heads": table.n_kv_heads,
        "head_dim": table.head_dim, "queries": table.isl, "keys": table.isl, "causal": True,
        "seconds": table.lat_us * 1e-6, "pass": "forward"}).reset_index(drop=True)


def infersim_attention(gpu):
    table = pd.read_csv(SHARED / "measured" / "infersim" / "mha_prefill.csv")
    table = table[table.gpu == gpu]
    shape = table["shape"].str.split("-", expand=True).astype(int)
    return pd.DataFrame({
        "batch": 1, "heads": shape[0], "kv_heads": shape[1], "head_dim": shape[2], "queries": table.seq_len,
        "keys": table.seq_len, "causal": True, "seconds": table.latency_us * 1e-6,
        "pass": "forward"}).reset_index(drop=True)


def published_attention(accelerator, generation):
    table = pd.read_csv(HERE / "published_attention.csv")
    table = table[(table.accelerator == accelerator) & (table.generation == generation)]
    flops = 4 * table.batch * table.heads * table.head_dim * table.sequence.astype(float) ** 2
    flops *= np.where(table.causal, 0.5, 1.0) * np.where(table["pass"] == "backward", 2.5, 1.0)
    return pd.DataFrame({
        "batch": table.batch, "heads": table.heads, "kv_heads": table.kv_heads, "head_dim": table.head_dim,
        "queries": table.sequence, "keys": table.sequence, "causal": table.causal,
        "seconds": flops / table.tflops / 1e12, "pass": table["pass"]}).reset_index(drop=True)
