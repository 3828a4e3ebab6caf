#!/usr/bin/env python3
"""What the popularity of experts (sim/model/expert_popularity.h) explains: measured layers of experts with routing by a
power law against the cost of balanced routing and of the law, by class and kernel. Nothing is fitted: the law is the
tables' own (aiconfigurator, collector/helper.py), the kernels are the catalog's, which saw balanced rows alone.

Needs numpy, scipy and pandas, and the measured tables under FLEETSIM_SHARED. Writes scripts/fit/expert_popularity.csv."""

import functools
import re

import numpy as np
import pandas as pd

import serving_fit as fits
import serving_model as model
import tables
from serving_entries import NAMES

EXPONENT, SPREADS = 1.2, 32
CLASSES = [("nvidia-h100", "h100_sxm", "H100-80GB SXM"), ("nvidia-h200", "h200_sxm", "H200-141GB SXM"),
           ("nvidia-b200", "b200_sxm", "B200 (HGX)"), ("nvidia-gb200", "gb200", "GB200 (per GPU, NVL72)"),
           ("nvidia-b300", "b300_sxm", "B300 (HGX)"), ("nvidia-gb300", "gb300", "GB300 (per GPU, NVL72)")]
STACKS = ("trtllm-1.3.0rc20", "vllm-0.22.0")
VARIANTS = {"min_latency": fits.LOW_LATENCY_NAME, "fused_moe": "triton"}
FIELDS = {"start_up_s": "start_up", "touched_latency_s": "touched_latency", "held_latency_s": "held_latency",
          "routed_latency_s": "routed_latency", "arithmetic_ratio": "arithmetic", "memory_ratio": "memory",
          "copy_passes": "copy_passes", "overlap_loss_ratio": "overlap", "row_tile": "row_tile"}
KEYS = ["tokens", "hidden", "inter", "topk", "experts", "moe_tp", "moe_ep"]


def tokens_of_experts(experts, topk, tokens):
    """Tokens of each expert, the most popular first."""
    low, high = (1, max(1, .8 * tokens)) if tokens * topk > experts else (.01, 2)
    quantiles, power = 1 - (np.arange(experts) + .5) / experts, 1 - EXPONENT
    shares = (low**power + (high**power - low**power) * quantiles) ** (1 / power)
    counts = np.minimum(tokens, np.round(shares / shares.sum() * tokens * topk))
    while (left := int(tokens * topk - counts.sum())):
        free = np.flatnonzero(counts < tokens)[:left] if left > 0 else np.flatnonzero(counts > 0)[left:]
        counts[free] += np.sign(left)
    return counts


@functools.lru_cache(maxsize=None)
def busiest(experts, topk, tokens, ranks):
    """Tokens of the experts of the busiest rank, in so many spreads over ranks."""
    counts = tokens_of_experts(experts, topk, tokens)
    if ranks == 1:
        return counts[None]
    generator = np.random.default_rng(1)
    spread = [generator.permutation(counts).reshape(ranks, -1) for _ in range(SPREADS)]
    return np.array([ranks_of[ranks_of.sum(1).argmax()] for ranks_of in spread])


def kernels_of(name):
    """Layers of experts of a class: fields of its entries, with the variant that the comment names."""
    text = (tables.ROOT / f"platforms/catalog/kernels/{name}.textproto").read_text()
    for block in re.findall(r"  experts \{\n(.*?)\n  \}", text, re.S):
        comment, entry = re.search(r"# (.*)", block), re.sub(r"#.*", "", block)
        yield (comment.group(1) if comment else "",
               entry, {FIELDS[k]: float(v) for k, v in re.findall(r"(\w+): ([\d.e+-]+)", entry) if k in FIELDS})


def kernel_of(name, dtype, kernel):
    variant = next((v for end, v in VARIANTS.items() if kernel.endswith(end)), "")
    wanted = " ".join(f"{k}: {v}" for k, v in NAMES[dtype].items()) + " row_tile"
    return next((p for comment, entry, p in kernels_of(name) if comment == variant and wanted in entry), None)


def shape(row, weight, copies, touched, rows):
    held = row.experts / row.moe_ep
    return {"copies": copies, "routed": row.tokens * row.topk, "hidden": row.hidden, "inter": row.inter / row.moe_tp,
            "experts": held, "touched": touched, "weight_bytes": weight, "rows": rows}


def costs(row, p, device, weight):
    """Of balanced routing and of the law, in microseconds."""
    held = row.experts / row.moe_ep
    copies = max(1, row.tokens * row.topk / row.moe_ep)
    touched = min(held, copies)
    even = np.ceil(copies / touched / p["row_tile"]) * p["row_tile"] * touched
    counts = busiest(int(row.experts), int(row.topk), int(row.tokens), int(row.moe_ep))
    tiles = np.ceil(counts / p["row_tile"]).sum(1).mean() * p["row_tile"]
    law = shape(row, weight, counts.sum(1).mean(), (counts > 0).sum(1).mean(), tiles)
    return [model.expert_time(p, device, s) * 1e6 for s in (shape(row, weight, copies, touched, even), law)]


def main():
    found = []
    for name, system, accelerator in CLASSES:
        rows = pd.read_csv(tables.AICONFIGURATOR / f"moe_{system}.csv.xz")
        rows = rows[rows["stack"].isin(STACKS) & (rows.routing == f"power_law_{EXPONENT}") & (rows.tokens <= 16384)]
        for (stack, kernel, dtype), part in rows.groupby(["stack", "kernel", "dtype"]):
            p = kernel_of(name, dtype, kernel) if dtype in NAMES else None
            if p is None:
                continue
            weight, _, peak = fits.FORMATS[dtype]
            device = tables.device(accelerator, peak)
            part = part.groupby(KEYS, as_index=False).lat_us.mean()
            part = part[part.experts % part.moe_ep == 0]
            times = np.array([costs(row, p, device, weight) for row in part.itertuples()])
            for ranks, chosen in (("1", part.moe_ep == 1), ("2 and more", part.moe_ep > 1)):
                if not chosen.any():
                    continue
                errors = times[chosen] / part.lat_us[chosen].to_numpy()[:, None] - 1
                found.append({"kernel_class": name, "stack": stack, "kernel": kernel, "dtype": dtype,
                              "expert_ranks": ranks, "rows": len(errors)}
                             | {f"{label}_{what}": f"{value:.3f}" for label, e in zip(("balanced", "law"), errors.T)
                                for what, value in (("median", np.median(abs(e))), ("p90", np.quantile(abs(e), .9)),
                                                    ("bias", np.median(e)))})
                print(found[-1], flush=True)
    pd.DataFrame(found).to_csv(tables.HERE / "expert_popularity.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
