"""The cost model of sim/hardware/serving_*.cc, over arrays of shapes. Formulas: docs/kernels.md."""

import numpy as np

MAX_SPLIT, MIN_SPLIT_DEPTH, PARTIAL_BYTES = 16, 256, 8
LEAST_ROWS = 16  # of the smallest matrix instruction
TILES = np.array([(16, 128), (32, 128), (64, 64), (64, 128), (128, 64), (128, 128), (64, 256), (128, 256), (256, 128)])


class Products:
    """Products m, n, k (x batch) with all that does not depend on parameters worked out once."""

    def __init__(self, device, m, n, k, weight_bytes, activation_bytes, batch=1.0):
        self.device = device
        self.m, self.n, self.k, self.batch = (np.asarray(x, float) for x in (m, n, k, batch))
        self.splits = 2.0 ** np.arange(int(np.log2(MAX_SPLIT)) + 1)
        rows, columns = TILES[:, :1], TILES[:, 1:]
        tiles = np.ceil(self.m / rows) * np.ceil(self.n / columns) * self.batch
        pieces = tiles[:, None, :] * self.splits[None, :, None]
        units = device["units"]
        allowed = (pieces <= 2 * units) & (self.k >= self.splits[:, None] * MIN_SPLIT_DEPTH)
        allowed[:, 0] = True
        self.rounds = np.where(allowed, np.ceil(pieces / units), np.inf)
        self.depth = np.ceil(self.k / self.splits[:, None])[None]
        self.partials = np.where(self.splits[:, None] > 1, PARTIAL_BYTES * self.splits[:, None] * self.m * self.n * self.batch, 0)
        self.flops = 2 * self.m * self.n * self.k * self.batch
        self.weights = weight_bytes * self.n * self.k * self.batch
        self.traffic = self.weights + self.batch * (min(2.0, activation_bytes) * self.m * self.k + 2 * self.m * self.n)

    def time(self, p, cache=1.0, cached_bytes=0.0):
        """p: unit, sustained, ramp, memory, overlap, start_up, split_latency, tiles, vector_start_up, vector."""
        peak, units = self.device["peak"], self.device["units"]
        memory = self.device["bandwidth"] * p["memory"]
        rate = peak * p["unit"] / units
        per_depth = (2 * TILES[:, 0] * TILES[:, 1] / (rate * p["tiles"]))[:, None, None]
        time = self.rounds * (self.depth + p["ramp"]) * per_depth
        time = time + np.where(self.splits[:, None] > 1, p["split_latency"] + self.partials / memory, 0)
        arithmetic = np.maximum(time.min(axis=(0, 1)), self.flops / (peak * p["sustained"]))
        reading = self.traffic / memory / np.where(self.weights < cached_bytes, cache, 1.0)
        tiled = p["start_up"] + np.maximum(arithmetic, reading) + p["overlap"] * np.minimum(arithmetic, reading)
        vector = p["vector_start_up"] + np.maximum(reading, self.flops / (peak * p["vector"]))
        return np.minimum(tiled, vector)


def decode_time(p, device, shape, cache=1.0, cached_bytes=0.0):
    """shape: batch, heads, kv_heads, keys, key_bytes of one piece, flops_width, result_width, pieces."""
    units, memory = device["units"], device["bandwidth"] * p["memory"]
    pieces, keys, key_bytes = shape["pieces"], shape["keys"], shape["key_bytes"]
    most = np.minimum(np.maximum(1, np.ceil(keys / p["key_tile"])), p["max_split"])
    parts = p.get("parts_per_unit", 1)
    if parts > 1:
        most = np.clip(np.floor(keys / p["key_tile"]), 1, p["max_split"])
        most = np.minimum(most, np.round(np.sqrt(parts * most)))
    splits = np.clip(np.floor(parts * units / pieces), 1, most)
    part = np.ceil(keys / splits / p["key_tile"]) * p["key_tile"]
    rounds = np.maximum(1, pieces * splits / units) if parts > 1 else np.ceil(pieces * splits / units)
    total = pieces * keys * key_bytes
    hit = np.where(total < cached_bytes, cache, 1.0)
    unit = rounds * (part / hit + p["ramp"]) * key_bytes * units / (memory * p["unit_share"])
    reading = np.maximum(unit, total / memory / hit)
    arithmetic = pieces * keys * shape["key_flops"] / (device["peak"] * p["arithmetic"])
    time = p["start_up"] + np.maximum(reading, arithmetic) + p["query_latency"] * shape["queries"] / units
    return time + np.where(splits > 1, p["split_latency"] + PARTIAL_BYTES * splits * shape["results"] / memory, 0)


def decode_shape(batch, heads, kv_heads, head_dim, keys, width):
    rows = np.maximum(LEAST_ROWS, heads / kv_heads)
    return {"pieces": batch * kv_heads, "keys": keys, "key_bytes": 2 * head_dim * width,
            "key_flops": 4 * rows * head_dim, "queries": batch * heads, "results": batch * heads * head_dim}


def latent_shape(batch, heads, keys, width, latent=512, rope=64):
    rows = np.maximum(LEAST_ROWS, heads)
    return {"pieces": batch, "keys": keys, "key_bytes": (latent + rope) * width,
            "key_flops": 2 * rows * (2 * latent + rope), "queries": batch * heads, "results": batch * heads * latent}


def prefill_time(p, device, s):
    """s: batch, heads, kv_heads, width (of key and value together), queries, past, cache_width."""
    units, tile = device["units"], p["query_tile"]
    group = s["heads"] / s["kv_heads"] if p["packs_groups"] else 1.0
    blocks = np.ceil(s["queries"] * group / tile)
    most = np.ceil((s["past"] + s["queries"]) / p["key_tile"]) * p["key_tile"]
    mean = np.minimum(most, s["past"] + (blocks + 1) / 2 * tile / group)
    ratio = np.interp(s["width"] / 2, p["sizes"], p["ratios"])
    per_key = 2 * tile * s["width"] * units / (device["peak"] * ratio)
    rounds = np.maximum(1, s["batch"] * s["heads"] / group * blocks / units + p["tail_rounds"])
    core = per_key * np.maximum(rounds * (mean + p["ramp"]), most + p["ramp"])
    traffic = s["batch"] * s["width"] * (2 * s["heads"] * s["queries"]
                                         + s["cache_width"] * s["kv_heads"] * (s["past"] + s["queries"]))
    reading = traffic / (device["bandwidth"] * p["memory"])
    return p["start_up"] + np.maximum(core, reading) + p["overlap"] * np.minimum(core, reading)




def expert_time(p, device, s):
    """s: copies, routed, hidden, inter, experts (held), touched, weight_bytes of an element; rows of whole tiles where
    experts have not all the same."""
    each = np.ceil(s["copies"] / s["touched"] / p["row_tile"]) * p["row_tile"]
    rows = s.get("rows", each * s["touched"])
    weights = 3 * s["hidden"] * s["inter"]
    arithmetic = 2 * rows * weights / (device["peak"] * p["arithmetic"])
    reading = s["touched"] * weights * s["weight_bytes"] / (device["bandwidth"] * p["memory"])
    copies = p["copy_passes"] * s["copies"] * 2 * (4 * s["hidden"] + 4 * s["inter"]) / device["bandwidth"]
    return (p["start_up"] + p["touched_latency"] * s["touched"] + p["held_latency"] * s["experts"]
            + p["routed_latency"] * s["routed"] + copies + np.maximum(arithmetic, reading)
            + p["overlap"] * np.minimum(arithmetic, reading))
