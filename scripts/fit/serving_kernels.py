#!/usr/bin/env python3
"""Fits the kernels of serving engines; writes `serving` of platforms/catalog/kernels/*.textproto and
serving_residuals.csv. Run after kernels.py, which writes the rest of the entries.

Needs numpy, scipy and pandas, and the measured tables under FLEETSIM_SHARED (default ../shared).
Usage: scripts/fit/serving_kernels.py
"""

import csv

import numpy as np

import serving_entries
import serving_fit as fits
import tables

TRT = "trtllm-1.3.0rc20"
BLACKWELL = ["bfloat16", "fp8", "fp8_block", "nvfp4"]
EXPERTS_BLACKWELL = ["bfloat16", "fp8", "fp8_block", "nvfp4", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8"]
# Attention is vLLM's where there is a table (FlashAttention, FlashInfer: what most engines run), and TensorRT-LLM's for
# its own engines.
BLACKWELL_EXPERTS = {None: (TRT, EXPERTS_BLACKWELL)}
HOPPER_EXPERTS = ["bfloat16", "fp8", "fp8_block", "w4a16_mxfp4"]
# class: table name, accelerator of units.csv, products by engine, engines of attention and of experts by library (None:
# for all that have none of their own), and whether the loops show weights in the cache.
MEASURED = [
    ("nvidia-a100", "a100_sxm", "A100-80GB SXM", {"sglang-0.5.10": ["bfloat16"], "trtllm-1.0.0": ["sq", "int8_wo", "int4_wo"]},
     {None: "vllm-0.14.0", "TENSORRT_LLM": "trtllm-1.0.0"}, {None: ("trtllm-1.0.0", ["bfloat16"])}, False),
    ("nvidia-h100", "h100_sxm", "H100-80GB SXM", {TRT: ["bfloat16", "fp8", "fp8_block"]},
     {None: "vllm-0.24.0", "TENSORRT_LLM": TRT}, {None: (TRT, HOPPER_EXPERTS)}, False),
    ("nvidia-h200", "h200_sxm", "H200-141GB SXM", {TRT: ["bfloat16", "fp8", "fp8_block"], "trtllm-1.2.0rc5": ["sq", "int8_wo", "int4_wo"]},
     {None: "vllm-0.22.0", "TENSORRT_LLM": TRT},
     {None: (TRT, HOPPER_EXPERTS)}, False),
    ("nvidia-b200", "b200_sxm", "B200 (HGX)", {TRT: BLACKWELL}, {None: "vllm-0.22.0", "TENSORRT_LLM": TRT}, BLACKWELL_EXPERTS, False),
    ("nvidia-gb200", "gb200", "GB200 (per GPU, NVL72)", {TRT: BLACKWELL}, {None: "vllm-0.22.0", "TENSORRT_LLM": TRT},
     BLACKWELL_EXPERTS, False),
    ("nvidia-b300", "b300_sxm", "B300 (HGX)", {TRT: BLACKWELL}, {None: TRT}, BLACKWELL_EXPERTS, False),
    ("nvidia-gb300", "gb300", "GB300 (per GPU, NVL72)", {TRT: BLACKWELL}, {None: TRT}, BLACKWELL_EXPERTS, False),
    ("nvidia-l40s", "l40s", "L40S", {TRT: ["bfloat16", "fp8", "fp8_block"], "trtllm-1.0.0": ["sq", "int8_wo", "int4_wo"]},
     {None: "vllm-0.24.0", "TENSORRT_LLM": TRT}, {None: (TRT, ["bfloat16", "fp8"])}, True),
    ("nvidia-rtx-pro-6000", "rtx_pro_6000_server", "RTX PRO 6000", {TRT: BLACKWELL}, {None: TRT},
     {None: (TRT, ["bfloat16", "fp8", "fp8_block", "nvfp4", "w4a8_mxfp4_mxfp8"])}, True),
]
# Layers of experts written in Triton, which vLLM and SGLang share.
TRITON_EXPERTS = {"nvidia-h200": "vllm-0.22.0"}
# Name, and the rows that an expert's tokens are rounded up to, by the end of the kernel's name in the tables.
EXPERT_KERNELS = {"": ("", 64), fits.LOW_LATENCY: (fits.LOW_LATENCY_NAME, 8), "fused_moe": ("triton", 16)}
# Where grouped heads on 16-bit caches run TensorRT-LLM's XQA kernels; narrow caches have others.
XQA_CLASSES = ("nvidia-h100", "nvidia-h200", "nvidia-l40s", "nvidia-rtx-pro-6000")
H20_CACHE, FEWEST_ROWS = 60e6, 30
MLA_STACK = {"a100_sxm": "trtllm-1.0.0", "l40s": "trtllm-1.0.0"}


def marks(library):
    return {"library": library} if library else {}


def label(library):
    return f", {library}" if library else ""


class Fitter:
    def __init__(self):
        self.residuals, self.errors = [], {"gemm": [], "attention": []}

    def note(self, name, kernel, result):
        self.residuals.append({"kernel_class": name, "kernel": kernel} | result[1])
        print(name, kernel, {k: round(float(v), 3) for k, v in result[1].items()}, flush=True)
        for group in self.errors:
            if kernel.startswith(group):
                self.errors[group].append(result[3])
        return result[0]

    def quantise(self, system):
        """Start-ups of finding a tensor's scale and of rounding: medians of the smallest tables' rows."""
        rows = fits.table("quantize", TRT, system=system)
        small = rows[(rows.m == 1) & (rows.k <= 4096)].groupby("op").lat_us.median() * 1e-6
        return (small["compute_scale"], small["scale_matrix"]) if len(small) else None

    def products(self, name, system, accelerator, stacks, start_ups, cached):
        found = []
        for stack, formats in stacks.items():
            for dtype in formats:
                device = tables.device(accelerator, fits.FORMATS[dtype][2])
                scale, cast = start_ups or (0.0, 0.0)
                included = {"fp8": scale + cast, "fp8_block": cast, "nvfp4": cast}.get(dtype)
                result = fits.fit_product(fits.gemm_rows(system, stack, dtype), device, dtype, included,
                                          fits.CACHE[system] if cached else 0.0)
                found.append((dtype, self.note(name, f"gemm {dtype}", result)))
        return found

    def decode(self, name, system, stack, library, device):
        """One set a width of the cache; TensorRT-LLM has kernels of their own for heads that share keys (XQA)."""
        found = []
        for cache, width in (("bfloat16", 2), ("fp8", 1)):
            rows = fits.draw(fits.decode_rows(system, stack, cache))
            grouped = rows.n_heads > rows.n_kv_heads
            parts = [("", rows)]
            if stack.startswith("trtllm") and grouped.any():
                parts = [("", rows[~grouped]), (", grouped", rows[grouped])]
            for kind, part in parts:
                if not len(part):
                    continue
                habits = (fits.XQA,) if kind and cache == "bfloat16" and name in XQA_CLASSES else fits.HABITS
                result = fits.fit_decode(part.reset_index(drop=True), device, lambda p, w=width: fits.decode_shape(p, w),
                                         fits.CACHE[system], sorted(part.head_dim.unique()), habits)
                kernel = self.note(name, f"attention decode, cache {cache}{kind}{label(library)}", result)
                found.append((cache, False, kernel | marks(library) | ({"grouped": "true"} if kind else {})))
        return found

    def prefill(self, name, system, stack, library, device):
        found = []
        for cache, width in (("bfloat16", 2), ("fp8", 1)):
            rows = fits.prefill_rows(system, stack, "bfloat16", cache)
            if not len(rows):
                continue
            kernel = self.note(name, f"attention prefill, cache {cache}{label(library)}", fits.fit_prefill(rows, device, width))
            if not (rows.head_dim == 64).any():  # as far below size 128 as with the cache in 16 bits, or in training
                wide = found[0][-1] if found else None
                kernel["ratio64"] = kernel["ratio128"] * (
                    wide["ratio64"] / wide["ratio128"] if wide else serving_entries.Training(name).small_head)
            found.append(("bfloat16", cache, False, kernel | marks(library)))
        return found

    def latent(self, name, system, device):
        """TensorRT-LLM's alone are measured, and its prefill with everything in FP8."""
        prefill, decode, stack = [], [], MLA_STACK.get(system, TRT)
        for cache, width in (("bfloat16", 2), ("fp8", 1)):
            result = fits.fit_decode(fits.latent_rows(system, stack, "decode", cache), device,
                                     lambda part, w=width: fits.latent_shape(part, w), fits.CACHE[system])
            decode.append((cache, True, self.note(name, f"latent decode, cache {cache}", result)))
        result = fits.fit_prefill(fits.latent_rows(system, stack, "context", "bfloat16"), device, 2, latent=True)
        prefill.append(("bfloat16", "bfloat16", True, self.note(name, "latent prefill", result)))
        return prefill, decode

    def attention(self, name, system, accelerator, stacks):
        device, prefill, decode = tables.device(accelerator, "BF16"), [], []
        for library, stack in stacks.items():
            prefill += self.prefill(name, system, stack, library, device)
            decode += self.decode(name, system, stack, library, device)
        rows = fits.prefill_rows(system, TRT, "fp8", "fp8")
        if len(rows):
            result = fits.fit_prefill(rows, tables.device(accelerator, "FP8"), 1)
            prefill.append(("fp8", "fp8", False, self.note(name, "attention prefill in fp8", result)))
        latent = self.latent(name, system, device)
        return prefill + latent[0], decode + latent[1]

    def experts(self, name, system, accelerator, stacks):
        """Each library's kernels of a format apart: of what an engine may take, the fastest runs."""
        kinds = [(library, stack, dtype, kernel) for library, (stack, formats) in stacks.items()
                 for kernel in ("", fits.LOW_LATENCY) for dtype in formats]
        kinds += [(None, TRITON_EXPERTS[name], dtype, "fused_moe") for dtype in ("bfloat16", "fp8", "fp8_block")
                  if name in TRITON_EXPERTS]
        found = []
        for library, stack, dtype, kernel in kinds:
            weight, _, peak = fits.FORMATS[dtype]
            rows = fits.expert_rows(system, stack, dtype, kernel)
            if rows.empty:
                continue  # measured with skewed routing alone, or there is no such kernel
            variant, row_tile = EXPERT_KERNELS[kernel]
            result = fits.fit_experts(rows, tables.device(accelerator, peak), weight, row_tile)
            noted = self.note(name, f"experts {dtype} {variant}".rstrip() + label(library), result)
            found.append((dtype, noted | marks(library) | ({"variant": variant} if variant else {})))
        return found

    def h20(self):
        """What InferSim measured on H20: products in FP8 blocks, decode, latent decode."""
        name, device, decode = "nvidia-h20", tables.device("H20-96GB", "BF16"), []
        for cache, width in (("bfloat16", 2), ("fp8", 1)):
            for latent, rows, shape in ((False, fits.infersim_decode("h20", cache), fits.decode_shape),
                                        (True, fits.infersim_latent("h20", cache), fits.latent_shape)):
                if len(rows) < FEWEST_ROWS:
                    continue
                result = fits.fit_decode(rows, device, lambda part, s=shape, w=width: s(part, w), H20_CACHE)
                kind = "latent decode" if latent else "attention decode"
                decode.append((cache, latent, self.note(name, f"{kind}, cache {cache}", result)))
        result = fits.fit_product(fits.infersim_gemm("h20"), tables.device("H20-96GB", "FP8"), "fp8_block", 0.0, H20_CACHE)
        return {"products": [("fp8_block", self.note(name, "gemm fp8_block", result))], "decode": decode}

    def measured(self, spec):
        name, system, accelerator, stacks, engines, experts, cached = spec
        start_ups = self.quantise(system)
        prefill, decode = self.attention(name, system, accelerator, engines)
        return {"name": name, "products": self.products(name, system, accelerator, stacks, start_ups, cached),
                "prefill": prefill, "decode": decode, "experts": self.experts(name, system, accelerator, experts),
                "start_ups": start_ups}


def main():
    fitter = Fitter()
    entries = [fitter.measured(spec) for spec in MEASURED]
    serving_entries.write_all(entries, {"nvidia-h20": fitter.h20()})
    for group, errors in fitter.errors.items():
        pooled = np.concatenate(errors)
        fitter.residuals.append({"kernel_class": "all", "kernel": group, "rows": len(pooled),
                                 "median_error": np.median(pooled), "p90_error": np.percentile(pooled, 90),
                                 "median_bias": ""})
        print(fitter.residuals[-1])
    with open(tables.HERE / "serving_residuals.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, fitter.residuals[0].keys(), lineterminator="\n")
        writer.writeheader()
        for row in fitter.residuals:
            writer.writerow({k: f"{v:.3f}" if isinstance(v, float) else v for k, v in row.items()})


if __name__ == "__main__":
    main()
