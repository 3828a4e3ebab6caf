"""Which class is fitted on what, and how an entry is built and written."""

import copy

import numpy as np

import tables

PEER = "ai-dynamo/aiconfigurator performance database, Apache-2.0"
INFERSIM = "alibaba/InferSim bench_data, Apache-2.0"
MAMF = "stas00/ml-engineering, maximum achievable matmul tables"
TORCH = "zzc0721/torch-performance-test-data"
FLAGPERF = "FlagOpen/FlagPerf"
STREAM = "Azure/AI-benchmarking-guide, stream range"
FLASH = "Dao 2023 (FlashAttention-2) and Shah et al. 2024 (FlashAttention-3)"
FLASH_ISSUES = "Dao-AILab/flash-attention, benchmarks in issues and pull requests"

# Backward over forward where only forward was measured: Dao 2023 has 63 % against 73 % of peak on
# A100; FlashAttention-4 on B200 1,209 to 1,360 against 1,418 to 1,535 TFLOP/s.
BACKWARD = 0.86

# Classes with kernel tables of their own, in an order where a relative comes first.
MEASURED = [
    {"name": "nvidia-a100", "accelerator": "A100-80GB SXM", "products": "a100_sxm", "full_grid": True,
     "formats": ["BF16"], "stream": (0.86, STREAM),
     "attention": [
         {"generation": "FLASH2", "table": ("a100_sxm", "vllm-0.14.0"), "published": "A100",
          "sizes": [64, 128], "tile": 64},
         {"generation": "FLASH1", "like": "FLASH2", "published": "A100", "sizes": [64, 128]}]},
    {"name": "nvidia-h100", "accelerator": "H100-80GB SXM", "products": "h100_sxm", "full_grid": True,
     "formats": ["BF16", "FP8"], "stream": (0.91, STREAM),
     "attention": [
         {"generation": "FLASH2", "published": "H100", "sizes": [64, 128, 256], "tile": 128},
         {"generation": "FLASH3", "published": "H100", "sizes": [64, 128, 256], "tile": 128}]},
]

# Of an attention kernel where only long sequences are published: as fitted on tables elsewhere.
START_UP = 5e-6

# Rounding of what is written.
DIGITS = 4


class Builder:
    """Builds entries with the fits of scripts/fit/kernels.py; remembers them for their relatives."""

    def __init__(self, fits):
        self.fits = fits
        self.entries = {}
        self.residuals = []

    def note(self, name, kernel, source, result):
        self.residuals.append({"kernel_class": name, "kernel": kernel, "source": source} | result)

    def build(self, spec):
        entry = {"name": spec["name"], "evidence": []}
        self.add_products(entry, spec)
        self.add_attention(entry, spec)
        ratio, source = spec["stream"]
        entry["stream_efficiency_ratio"] = ratio
        entry["stream_start_up_s"] = entry["start_up_s"]
        entry["evidence"].append((["stream_efficiency_ratio"], "MEASURED", source, 2024, ""))
        entry["evidence"].append((["stream_start_up_s"], "ASSUMED", "", 0, "as an empty matrix product"))
        self.entries[spec["name"]] = entry
        return entry

    def add_products(self, entry, spec):
        for dtype in spec["formats"]:
            device = tables.device(spec["accelerator"], dtype)
            rows = tables.products(spec["products"], dtype, spec.get("full_grid", False))
            train, held = self.fits.split_rows(rows)
            if "matrix" not in entry:
                kernels, matrix = self.fits.fit_products(device, train)
                quantisation = None
                entry.update(kernels)
                entry["matrix"] = []
            else:
                matrix, quantisation = self.fits.fit_format(entry, device, train)
            entry["matrix"].append({"dtype": dtype} | matrix)
            training = held[self.fits.training_shaped(held)]
            usual = held[(held.n >= 256) & (held.k >= 256)]
            for label, part in (("training shapes", training), ("all shapes", usual)):
                self.note(spec["name"], f"gemm {dtype}, {label}", "held-out rows",
                          self.fits.product_errors(entry, device, matrix, part, quantisation))
        entry["evidence"].append(
            (["matrix", "tile", "max_split", "min_split_depth", "split_latency_s", "start_up_s",
              "overlap_loss_ratio", "memory_efficiency_ratio"], "MEASURED", PEER, 2026,
             "fitted on its matrix product table by scripts/fit/kernels.py"))

    def add_attention(self, entry, spec):
        device = tables.device(spec["accelerator"], "BF16")
        made = {}
        for part in spec["attention"]:
            flash = self.fit_generation(entry, spec, part, device, made)
            made[part["generation"]] = flash
        entry["attention"] = [made[g] for g in sorted(made)]
        entry["evidence"].append((["attention"], "MEASURED", "; ".join(sorted(
            {FLASH} | ({PEER} if any("table" in p for p in spec["attention"]) else set()))), 2024,
            "inner loops at the papers' long sequences, ramp and start-up on the tables"))

    def fit_generation(self, entry, spec, part, device, made):
        generation = part["generation"]
        published = None
        if "published" in part:
            published = tables.published_attention(part["published"], generation)
        if "like" in part:
            flash = copy.deepcopy(made[part["like"]])
        else:
            rows = tables.attention(*part["table"]) if "table" in part else published
            train, held = self.fits.split_rows(rows) if "table" in part else (rows, rows)
            flash = self.fits.fit_attention(entry, device, train, part["sizes"], part["tile"], BACKWARD,
                                            None if "table" in part else START_UP)
            for label in ("forward", "backward"):
                self.note_attention(spec, f"{generation} {label}", entry, flash, device,
                                    held[held["pass"] == label],
                                    "held-out rows" if "table" in part else "published points, fitted")
        if published is not None and ("table" in part or "like" in part):
            self.set_levels(flash, entry, device, published)
            self.note_attention(spec, f"{generation} both", entry, flash, device, published,
                                "published points, levels fitted")
        return {"generation": generation} | {k: v for k, v in flash.items() if k != "generation"}

    def set_levels(self, flash, entry, device, rows):
        """Scales the ratios so that the published points are met in the mean."""
        for point in flash["point"]:
            for key, label in (("forward_ratio", "forward"), ("backward_ratio", "backward")):
                part = rows[(rows.head_dim == point["head_dim"]) & (rows["pass"] == label)]
                if len(part):
                    time = self.fits.attention_seconds(flash, entry, device, part)
                    point[key] *= float(np.exp(np.mean(np.log(time / part.seconds))))

    def note_attention(self, spec, kernel, entry, flash, device, rows, source):
        if len(rows):
            time = self.fits.attention_seconds(flash, entry, device, rows)
            self.note(spec["name"], f"attention {kernel}", source,
                      self.fits.errors(time, rows.seconds.to_numpy()))


def number(value):
    if isinstance(value, str):
        return value
    return f"{value:.{DIGITS}g}"


def message(fields):
    return " ".join(f"{key}: {number(value)}" for key, value in fields.items())


def quoted(text):
    return '"' + text.replace('"', '\\"') + '"'


def text_of(entry):
    lines = [f"name: {quoted(entry['name'])}"]
    lines += [f"tile {{ {message(tile)} }}" for tile in entry["tile"]]
    lines += [f"matrix {{ {message(matrix)} }}" for matrix in entry["matrix"]]
    for key in ("max_split", "min_split_depth", "split_latency_s", "start_up_s", "overlap_loss_ratio",
                "memory_efficiency_ratio"):
        lines.append(f"{key}: {number(entry[key])}")
    for flash in entry["attention"]:
        plain = {k: v for k, v in flash.items() if k != "point"}
        lines.append(f"attention {{\n  {message(plain)}")
        lines += [f"  point {{ {message(point)} }}" for point in flash["point"]]
        lines.append("}")
    for key in ("stream_efficiency_ratio", "stream_start_up_s"):
        lines.append(f"{key}: {number(entry[key])}")
    for fields, kind, source, year, note in entry["evidence"]:
        lines.append("evidence {")
        lines += [f"  field: {quoted(field)}" for field in fields]
        lines.append(f"  kind: {kind}")
        if source:
            lines.append(f"  source: {quoted(source)}")
        if year:
            lines.append(f"  year: {year}")
        if note:
            lines.append(f"  note: {quoted(note)}")
        lines.append("}")
    if entry.get("notes"):
        lines.append(f"notes: {quoted(entry['notes'])}")
    return "\n".join(lines) + "\n"


def write(entry):
    folder = tables.ROOT / "platforms" / "catalog" / "kernels"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{entry['name']}.textproto").write_text(text_of(entry))
