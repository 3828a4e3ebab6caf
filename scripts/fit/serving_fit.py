"""Fits of the serving kernels on measured tables: each returns parameters and the held-out errors."""

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

import serving_model as model
import tables

LOW_LATENCY, LOW_LATENCY_NAME = "min_latency", "low latency"
HELD_OUT, SAMPLE, SOFT = 0.1, 1500, 0.05
LARGEST_GROUP = 32  # query heads a key head; above, engines fall back to kernels that no known model meets
SHORTEST_PREFILL = 16
# Decodes that read so little are mostly start-up; steps of engines spend their time in the others.
SHORT_READING, SHORT_WEIGHT = 20e-6, .3
# Weight and activation bytes of an element with its scales, and the peak used, by the tables' names.
FORMATS = {"bfloat16": (2, 2, "BF16"), "fp8": (1, 1, "FP8"), "fp8_block": (1 + 4 / 128, 1 + 4 / 128, "FP8"),
           "nvfp4": (0.5625, 0.5625, "FP4"), "sq": (1, 1, "INT8"), "int8_wo": (1, 2, "BF16"),
           "int4_wo": (0.5 + 4 / 128, 2, "BF16"), "w4a16_mxfp4": (0.5 + 1 / 32, 2, "BF16"),
           "w4a8_mxfp4_mxfp8": (0.5 + 1 / 32, 1, "FP8")}
# Last-level caches: the tables' loops serve caches and weights smaller than these from there.
CACHE = {"a100_sxm": 40e6, "h100_sxm": 50e6, "h200_sxm": 50e6, "b200_sxm": 126e6, "b300_sxm": 126e6, "gb200": 126e6,
         "gb300": 126e6, "l40s": 96e6, "rtx_pro_6000_server": 128e6}


class Free:
    """Free parameters: name, start, low, high; those named in `logarithmic` are searched by their logarithm."""

    def __init__(self, rows, logarithmic):
        self.names, self.start, self.low, self.high = zip(*rows)
        self.log = np.array([name in logarithmic for name in self.names])

    def to(self, values):
        values = np.array(values, float)
        values[self.log] = np.log(values[self.log])
        return values

    def named(self, x):
        return dict(zip(self.names, np.where(self.log, np.exp(np.where(self.log, x, 0)), x)))


def draw(rows):
    """Marks the rows that are held out, before a table is taken apart."""
    return rows.assign(held=np.random.RandomState(0).rand(len(rows)) < HELD_OUT)


def split(rows):
    held = (rows if "held" in rows else draw(rows)).held
    train, test = rows[~held], rows[held]
    if len(train) > SAMPLE:
        train = train.iloc[np.random.RandomState(1).choice(len(train), SAMPLE, replace=False)]
    return train.reset_index(drop=True), test.reset_index(drop=True)


def fit(free, predict, rows, weigh=lambda rows: 1.0):
    """Least squares of log errors on the rows not held out; `predict(parameters, rows)` gives seconds."""
    train, test = split(rows)
    target = train.lat_us.to_numpy() * 1e-6
    prepared = predict(train)
    weights = weigh(train)
    found = least_squares(lambda x: weights * np.log(prepared(free.named(x)) / target), free.to(free.start),
                          bounds=(free.to(free.low), free.to(free.high)), loss="soft_l1", f_scale=SOFT,
                          diff_step=3e-3, max_nfev=60)
    parameters = free.named(found.x)
    ratio = predict(test)(parameters) / (test.lat_us.to_numpy() * 1e-6)
    error = np.abs(ratio - 1)
    return parameters, {"rows": len(test), "median_error": np.median(error), "p90_error": np.percentile(error, 90),
                        "median_bias": np.median(ratio) - 1}, found.cost, error


def best(fits):
    return min(fits, key=lambda one: one[2])


def table(name, stack, **columns):
    rows = pd.read_csv(tables.AICONFIGURATOR / f"{name}.csv.xz")
    rows = rows[rows["stack"] == stack]
    for column, value in columns.items():
        rows = rows[rows[column] == value]
    return rows


def gemm_rows(system, stack, dtype):
    return table(f"gemm_{system}", stack, dtype=dtype).drop_duplicates(["m", "n", "k"]).reset_index(drop=True)


def fit_product(rows, device, dtype, quantise_start_up, cached_bytes):
    """`quantise_start_up`: of the rounding of A that the tables of narrow formats include; None: not included."""
    weight, activation, _ = FORMATS[dtype]
    tiles = [(f"tile{i}", s, 0.01, 1.15) for i, s in enumerate([.2, .3, .4, .5, .5, .6, .6, .8, .8])]
    free = Free([("start_up", 4e-6, 5e-7, 3e-5), ("memory", .8, .2, 1), ("overlap", .2, 0, 1),
                 ("split_latency", 3e-6, 1e-7, 5e-5), ("sustained", .7, .1, 1), ("ramp", 200, 1, 4000),
                 ("vector_start_up", 5e-6, 1e-6, 1e-4), ("vector", .003, 1e-5, .1), ("cache", 1.5, 1, 10),
                 ("round_bytes", 3, 0, 20)] + tiles,
                {"start_up", "split_latency", "ramp", "vector_start_up", "vector"})

    def predict(part):
        products = model.Products(device, part.m, part.n, part.k, weight, activation)
        elements = (part.m * part.k).to_numpy()

        def seconds(p):
            p = p | {"unit": 1.0, "tiles": np.array([p[f"tile{i}"] for i in range(len(model.TILES))])}
            time = products.time(p, p["cache"], cached_bytes)
            if quantise_start_up is not None:
                time = time + quantise_start_up + p["round_bytes"] * elements / device["bandwidth"]
            return time

        return seconds

    return fit(free, predict, rows)


# Of one kernel: most parts of a cache, and the keys that parts are made of.
HABITS = tuple({"max_split": most, "key_tile": 64} for most in (1, 32, 256))
# TensorRT-LLM's XQA kernels cut a cache into n = t / 128 parts, no more than sqrt(8 n), until units have eight each
# (cpp/tensorrt_llm/kernels/decoderMaskedMultiheadAttention, computeMultiBlockCount: kMinHistoryTokensPerBlock,
# kTargetWaveFactor).
XQA = {"max_split": 256, "key_tile": 128, "parts_per_unit": 8}


def fit_decode(rows, device, shape_of, cached_bytes, sizes=(), habits=HABITS):
    """The best of engines' habits of splitting. With `sizes` of heads each has its own share of the bandwidth."""
    shares = [f"memory{size}" for size in sizes] or ["memory"]
    free = Free([("start_up", 6e-6, 5e-7, 3e-5), ("unit_share", 1.1, .5, 6),
                 ("ramp", 100, 0, 2000), ("arithmetic", .3, .01, 1), ("split_latency", 3e-6, 1e-8, 5e-5),
                 ("cache", 1.3, 1, 10), ("query_latency", 1e-7, 1e-10, 1e-5)] + [(name, .85, .3, 1) for name in shares],
                {"start_up", "split_latency", "arithmetic", "query_latency"})

    def weigh(part):
        shape = shape_of(part)
        reading = shape["pieces"] * shape["keys"] * shape["key_bytes"] / device["bandwidth"]
        return np.where(reading < SHORT_READING, SHORT_WEIGHT, 1.0)

    fits = []
    for fixed in habits:

        def predict(part, fixed=fixed):
            shape = shape_of(part)

            def seconds(p):
                memory = np.interp(part.head_dim, sizes, [p[name] for name in shares]) if sizes else p["memory"]
                return model.decode_time(p | fixed | {"memory": memory}, device, shape, p["cache"], cached_bytes)

            return seconds

        found = fit(free, predict, rows, weigh)
        fits.append((found[0] | fixed | ({"sizes": list(sizes), "memory": found[0][shares[-1]]} if sizes else {}),) + found[1:])
    return best(fits)


def decode_rows(system, stack, cache):
    rows = table(f"attn_decode_{system}", stack, kv_dtype=cache)
    rows = rows.drop_duplicates(["batch", "past", "isl", "n_heads", "n_kv_heads", "head_dim"])
    rows = rows[rows.n_heads <= LARGEST_GROUP * rows.n_kv_heads]
    # TensorRT-LLM's grouped heads on A100: the rows imply more than the memory's bandwidth.
    beyond = system == "a100_sxm" and stack.startswith("trtllm")
    return (rows[rows.n_heads == rows.n_kv_heads] if beyond else rows).reset_index(drop=True)


def decode_shape(part, width):
    c = {name: part[name].to_numpy().astype(float) for name in ("batch", "n_heads", "n_kv_heads", "head_dim")}
    return model.decode_shape(c["batch"], c["n_heads"], c["n_kv_heads"], c["head_dim"],
                              (part.past + part.isl).to_numpy().astype(float), width)


def latent_shape(part, width):
    return model.latent_shape(*(part[name].to_numpy().astype(float) for name in ("batch", "n_heads")),
                              (part.past + part.isl).to_numpy().astype(float), width)


def prefill_rows(system, stack, arithmetic, cache):
    rows = table(f"attn_context_{system}", stack, attn_dtype=arithmetic, kv_dtype=cache)
    rows = rows[rows.isl >= SHORTEST_PREFILL]
    return rows.drop_duplicates(["batch", "past", "isl", "n_heads", "n_kv_heads", "head_dim"]).reset_index(drop=True)


def latent_rows(system, stack, phase, cache):
    rows = table("mla_core", stack, system=system, phase=phase, kv_dtype=cache)
    rows = rows if phase == "decode" else rows[rows.isl >= SHORTEST_PREFILL]
    return rows.drop_duplicates(["batch", "past", "isl", "n_heads"]).reset_index(drop=True)


def fit_prefill(rows, device, cache_width, latent=False):
    """The best query tile, with or without the heads of a group packed into it."""
    sizes = [160] if latent else [64, 128]
    free = Free([("start_up", 6e-6, 5e-7, 5e-5), ("ramp", 100, 0, 3000), ("memory", .8, .2, 1), ("overlap", .1, 0, 1),
                 ("tail_rounds", .5, 0, 1)] + [(f"ratio{s}", .4, .02, 1) for s in sizes], {"start_up"})
    fits = []
    for tile in (64, 128, 256):
        for packs in ((False,) if latent else (False, True)):
            fixed = {"query_tile": tile, "key_tile": 128, "packs_groups": packs, "sizes": sizes}

            def predict(part, fixed=fixed):
                c = {name: part[name].to_numpy().astype(float) for name in ("batch", "isl", "past", "n_heads")}
                shape = {"batch": c["batch"], "heads": c["n_heads"], "queries": c["isl"], "past": c["past"],
                         "kv_heads": c["n_heads"] if latent else part.n_kv_heads.to_numpy().astype(float),
                         "width": 320.0 if latent else 2.0 * part.head_dim.to_numpy(), "cache_width": cache_width}
                return lambda p: model.prefill_time(p | fixed | {"ratios": [p[f"ratio{s}"] for s in sizes]}, device, shape)

            found = fit(free, predict, rows)
            fits.append((found[0] | fixed,) + found[1:])
    return best(fits)


def expert_rows(system, stack, dtype, kernel):
    """`kernel`: end of the kernel's name; empty: all but those that run on some shapes only."""
    rows = table(f"moe_{system}", stack, dtype=dtype, routing="balanced")
    rows = rows[rows.kernel.str.endswith(kernel) if kernel else ~rows.kernel.str.endswith(LOW_LATENCY)]
    keys = ["tokens", "hidden", "inter", "topk", "experts", "moe_tp", "moe_ep"]
    return rows.groupby(keys, as_index=False).lat_us.min()  # of two variants the engine takes the faster


def fit_experts(rows, device, weight_bytes, row_tile):
    free = Free([("start_up", 2e-5, 1e-6, 2e-4), ("touched_latency", 1e-7, 1e-10, 5e-6),
                 ("held_latency", 1e-8, 1e-11, 2e-6), ("routed_latency", 1e-10, 1e-13, 5e-8),
                 ("arithmetic", .5, .02, .85), ("memory", .7, .1, 1), ("copy_passes", 1, 0, 10), ("overlap", .2, 0, 1)],
                {"start_up", "touched_latency", "held_latency", "routed_latency"})

    def predict(part):
        c = {name: part[name].to_numpy().astype(float) for name in part.columns}
        held = c["experts"] / c["moe_ep"]
        copies = np.maximum(1, c["tokens"] * c["topk"] / c["moe_ep"])
        shape = {"copies": copies, "routed": c["tokens"] * c["topk"], "hidden": c["hidden"],
                 "inter": c["inter"] / c["moe_tp"], "experts": held, "touched": np.minimum(held, copies),
                 "weight_bytes": weight_bytes}
        return lambda p: model.expert_time(p | {"row_tile": row_tile}, device, shape)

    found = fit(free, predict, rows)
    return (found[0] | {"row_tile": row_tile},) + found[1:]


INFERSIM = tables.SHARED / "measured" / "infersim"
CACHES = {"bfloat16": "bf16", "fp8": "fp8"}


def infersim(name, gpu, columns, cache=None):
    """A table of InferSim with the columns of the others; `columns`: names of the parts of `shape`."""
    rows = pd.read_csv(INFERSIM / f"{name}.csv")
    rows = rows[rows.gpu == gpu]
    if cache:
        rows = rows[rows.kv_dtype == CACHES[cache]]
    if columns and len(rows):
        rows = rows.join(rows["shape"].str.split("-", expand=True).astype(int).set_axis(columns, axis=1))
    rows = rows.rename(columns={"latency_us": "lat_us", "batch_size": "batch", "kv_len": "past", "seq_len": "isl"})
    for column, value in (("isl", 0), ("past", 0), ("batch", 1)):
        rows[column] = rows.get(column, value)
    return rows.reset_index(drop=True)


def infersim_decode(gpu, cache):
    return infersim("mha_decode", gpu, ["n_heads", "n_kv_heads", "head_dim"], cache)


def infersim_latent(gpu, cache):
    return infersim("mla_decode", gpu, ["n_heads", "latent", "rope"], cache)


def infersim_gemm(gpu):
    return infersim("gemm", gpu, [])
