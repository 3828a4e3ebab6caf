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
# class: table name, accelerator of units.csv, products by engine, engine of attention, formats of experts, and
# whether the loops show weights in the cache. Attention comes from vLLM where its kernels are of the FlashAttention-3
# or FlashInfer generation on this part.
MEASURED = [
    ("nvidia-a100", "a100_sxm", "A100-80GB SXM", {"sglang-0.5.10": ["bfloat16"], "trtllm-1.0.0": ["sq", "int8_wo", "int4_wo"]},
     "trtllm-1.0.0", ("trtllm-1.0.0", ["bfloat16"]), False),
    ("nvidia-h100", "h100_sxm", "H100-80GB SXM", {TRT: ["bfloat16", "fp8", "fp8_block"]}, "vllm-0.24.0",
     (TRT, ["bfloat16", "fp8", "fp8_block", "w4a16_mxfp4"]), False),
    ("nvidia-h200", "h200_sxm", "H200-141GB SXM", {TRT: ["bfloat16", "fp8", "fp8_block"], "trtllm-1.2.0rc5": ["sq", "int8_wo", "int4_wo"]},
     "vllm-0.22.0", (TRT, ["bfloat16", "fp8", "fp8_block", "w4a16_mxfp4"]), False),
    ("nvidia-b200", "b200_sxm", "B200 (HGX)", {TRT: BLACKWELL}, "vllm-0.22.0", (TRT, EXPERTS_BLACKWELL), False),
    ("nvidia-gb200", "gb200", "GB200 (per GPU, NVL72)", {TRT: BLACKWELL}, "vllm-0.22.0", (TRT, EXPERTS_BLACKWELL), False),
    ("nvidia-b300", "b300_sxm", "B300 (HGX)", {TRT: BLACKWELL}, TRT, (TRT, EXPERTS_BLACKWELL), False),
    ("nvidia-gb300", "gb300", "GB300 (per GPU, NVL72)", {TRT: BLACKWELL}, TRT, (TRT, EXPERTS_BLACKWELL), False),
    ("nvidia-l40s", "l40s", "L40S", {TRT: ["bfloat16", "fp8", "fp8_block"], "trtllm-1.0.0": ["sq", "int8_wo", "int4_wo"]},
     TRT, (TRT, ["bfloat16", "fp8"]), True),
    ("nvidia-rtx-pro-6000", "rtx_pro_6000_server", "RTX PRO 6000", {TRT: BLACKWELL}, TRT,
     (TRT, ["bfloat16", "fp8", "fp8_block", "nvfp4", "w4a8_mxfp4_mxfp8"]), True),
]
# Expert kernels of vLLM, written in Triton.
TRITON_EXPERTS = {"nvidia-h200": "vllm-0.22.0"}
# Name and the rows that an expert's tokens are rounded up to, by the end of the kernel's name.
LIBRARIES = {"": ("", 64), fits.LOW_LATENCY: (fits.LOW_LATENCY_NAME, 8), "fused_moe": ("triton", 16)}
H20_CACHE, FEWEST_ROWS = 60e6, 30
MLA_STACK = {"a100_sxm": "trtllm-1.0.0", "l40s": "trtllm-1.0.0"}


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

    def attention(self, name, system, accelerator, stack):
        device, prefill, decode = tables.device(accelerator, "BF16"), [], []
        for cache, width in (("bfloat16", 2), ("fp8", 1)):
            rows = fits.decode_rows(system, stack, cache)
            if len(rows):
                result = fits.fit_decode(rows, device, lambda part, w=width: fits.decode_shape(part, w), fits.CACHE[system])
                decode.append((cache, False, self.note(name, f"attention decode, cache {cache}", result)))
            mla = fits.latent_rows(system, MLA_STACK.get(system, TRT), "decode", cache)
            result = fits.fit_decode(mla, device, lambda part, w=width: fits.latent_shape(part, w), fits.CACHE[system])
            decode.append((cache, True, self.note(name, f"latent decode, cache {cache}", result)))
            rows = fits.prefill_rows(system, stack, "bfloat16", cache)
            if len(rows):
                found = self.note(name, f"attention prefill, cache {cache}", fits.fit_prefill(rows, device, width))
                if not (rows.head_dim == 64).any():  # as far below size 128 as with the cache in 16 bits, or in training
                    wide = prefill[0][-1] if prefill else None
                    found["ratio64"] = found["ratio128"] * (
                        wide["ratio64"] / wide["ratio128"] if wide else serving_entries.Training(name).small_head)
                prefill.append(("bfloat16", cache, False, found))
        rows = fits.prefill_rows(system, TRT, "fp8", "fp8")
        if len(rows):
            result = fits.fit_prefill(rows, tables.device(accelerator, "FP8"), 1)
            prefill.append(("fp8", "fp8", False, self.note(name, "attention prefill in fp8", result)))
        mla = fits.latent_rows(system, MLA_STACK.get(system, TRT), "context", "bfloat16")
        result = fits.fit_prefill(mla, device, 2, latent=True)
        prefill.append(("bfloat16", "bfloat16", True, self.note(name, "latent prefill", result)))
        return prefill, decode

    def experts(self, name, system, accelerator, stack, formats):
        """Each library's kernels of a format apart: an engine takes the faster of them."""
        kinds = [(dtype, stack, "") for dtype in formats] + [(dtype, stack, fits.LOW_LATENCY) for dtype in formats]
        kinds += [(dtype, TRITON_EXPERTS[name], "fused_moe") for dtype in formats if name in TRITON_EXPERTS]
        found = []
        for dtype, engine, kernel in kinds:
            weight, _, peak = fits.FORMATS[dtype]
            rows = fits.expert_rows(system, engine, dtype, kernel)
            if rows.empty:
                continue  # measured with skewed routing alone, or no such kernel
            library, row_tile = LIBRARIES[kernel]
            result = fits.fit_experts(rows, tables.device(accelerator, peak), weight, row_tile)
            found.append((dtype, library, self.note(name, f"experts {dtype} {library}".rstrip(), result)))
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
        name, system, accelerator, stacks, engine, experts, cached = spec
        start_ups = self.quantise(system)
        prefill, decode = self.attention(name, system, accelerator, engine)
        return {"name": name, "products": self.products(name, system, accelerator, stacks, start_ups, cached),
                "prefill": prefill, "decode": decode, "experts": self.experts(name, system, accelerator, *experts),
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
