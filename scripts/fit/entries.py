"""Builds the entries of specs.py with the fits of kernels.py, and collects their residuals."""

import copy

import numpy as np
import pandas as pd

import specs
import tables

# Backward over forward inner loops where only forward was measured: Dao 2023 has 63 % against 73 % of
# peak on A100; FlashAttention-4 on B200 1,209 to 1,360 against 1,418 to 1,535 TFLOP/s.
BACKWARD = 0.86
# Start-up of an attention kernel where only long sequences are published: as fitted on tables elsewhere.
START_UP = 5e-6
LONG_SEQUENCE = 8192
PRODUCT_FIELDS = ["matrix", "tile", "max_split", "min_split_depth", "split_latency_s", "start_up_s",
                  "overlap_loss_ratio"]


def named_format(name):
    return {"dtype": "FP8", "scaling": "PER_BLOCK"} if name == "FP8_BLOCK" else {"dtype": name}


class Builder:
    def __init__(self, fits):
        self.fits = fits
        self.entries = {}
        self.residuals = []

    def note(self, name, kernel, rows, result):
        self.residuals.append({"kernel_class": name, "kernel": kernel, "rows_are": rows} | result)

    def measured(self, spec):
        entry = {"name": spec["name"], "evidence": []}
        self.add_products(entry, spec)
        self.add_attention(entry, spec)
        ratio, source, year = spec["stream"]
        entry["stream_efficiency_ratio"] = ratio
        entry["stream_start_up_s"] = entry["start_up_s"]
        kind = "INFERRED" if source.startswith("as ") else "MEASURED"
        entry["evidence"].append((["stream_efficiency_ratio"], kind, source, year, ""))
        entry["evidence"].append((["stream_start_up_s"], "ASSUMED", "", 0, "as an empty matrix product"))
        if "settled" in spec:
            entry["settled_clock_ratio"], kind, note = spec["settled"]  # medians of clock.csv
            entry["evidence"].append((["settled_clock_ratio"], kind, specs.PEER, 2026, note))
        if "library" in spec:
            year, ratio, kind, source, note = spec["library"]
            entry["library"] = [{"until_year": year, "matrix_ratio": ratio}]
            entry["evidence"].append((["library"], kind, source, 2026, note))
        self.entries[spec["name"]] = entry
        return entry

    def rows_of(self, spec, dtype):
        if "infersim" in spec:
            rows = tables.infersim_products(spec["infersim"])
        else:
            rows = tables.products(spec["products"], dtype, spec.get("full_grid", False))
        width = tables.FORMATS[dtype][1]
        cached = (rows.n * rows.k * width < spec.get("cached_bytes", 0)) & (rows.m < 512)
        return rows[~cached].reset_index(drop=True)

    def add_products(self, entry, spec):
        for dtype in spec["formats"]:
            device = tables.device(spec["accelerator"], dtype)
            train, held = self.fits.split_rows(self.rows_of(spec, dtype))
            quantisation = None
            if "matrix" not in entry:
                kernels, matrix = self.fits.fit_products(device, train, spec.get("memory", [None])[0])
                entry.update(kernels)
                entry["matrix"] = []
            else:
                matrix, quantisation = self.fits.fit_format(entry, device, train)
            entry["matrix"].append(named_format(dtype) | matrix)
            parts = {"training shapes": held[self.fits.training_shaped(held)],
                     "all shapes": held[(held.n >= 256) & (held.k >= 256)]}
            for label, part in parts.items():
                self.note(spec["name"], f"gemm {dtype}, {label}", "held out",
                          self.fits.product_errors(entry, device, matrix, part, quantisation))
        if spec.get("full_accumulation"):
            self.add_full_accumulation(entry)
        self.add_points(entry, spec)
        if "FP8" in spec["formats"]:
            bandwidth = tables.device(spec["accelerator"], "FP8")["bandwidth"]
            entry["quantise_efficiency_ratio"] = tables.cast_efficiency(spec["products"], bandwidth)
            entry["evidence"].append((["quantise_efficiency_ratio"], "MEASURED", specs.PEER, 2026, specs.CAST_NOTE))
        source = specs.INFERSIM if "infersim" in spec else specs.PEER
        entry["evidence"].append((PRODUCT_FIELDS, "MEASURED", source, 2026, specs.TABLE_NOTE))
        memory = ("INFERRED", source, 2026, spec["memory"][1]) if "memory" in spec else (
            "MEASURED", source, 2026, specs.TABLE_NOTE)
        entry["evidence"].append((["memory_efficiency_ratio"], *memory))

    def add_full_accumulation(self, entry):
        """Hopper's FP8 units add with fewer than 32 bits; block-scaled kernels move the sums out, as products
        with full accumulation do."""
        formats = {(m["dtype"], m.get("scaling", "")): m for m in entry["matrix"]}
        tensor, block = formats["FP8", ""], formats["FP8", "PER_BLOCK"]
        tensor["full_accumulation_ratio"] = block["sustained_ratio"] / tensor["sustained_ratio"]
        entry["evidence"].append((["matrix"], "INFERRED", specs.PEER, 2026, specs.ACCUMULATION_NOTE))

    def add_points(self, entry, spec):
        """Formats known by their best product alone take the first table's other ratios."""
        base = entry["matrix"][0]
        plain = {key: value for key, value in base.items() if key != "scaling"}
        for dtype, sustained in spec.get("points", {}).items():
            unit = min(1.0, max(sustained, base["unit_ratio"]))
            point = plain | {"dtype": dtype, "unit_ratio": unit, "sustained_ratio": sustained}
            entry["matrix"].insert(0 if dtype == "BF16" else len(entry["matrix"]), point)
            source, year = spec["points_source"]
            entry["evidence"].append((["matrix"], "MEASURED", source, year,
                                      f"{dtype}: sustained_ratio; the rest as {base['dtype']}"))

    def add_attention(self, entry, spec):
        device = tables.device(spec["accelerator"], "BF16")
        made = {}
        for part in sorted(spec["attention"], key=lambda part: "like" in part):
            made[part["generation"]] = self.generation(entry, spec, part, device, made)
        entry["attention"] = [{"generation": name} | made[name] for name in sorted(made)]
        entry["evidence"] += [(["attention"], *part["evidence"]) for part in spec["attention"]]

    def generation(self, entry, spec, part, device, made):
        name = f"attention {part['generation']}"
        table = tables.attention(*part["table"]) if "table" in part else None
        published = tables.published_attention(part["published"], part["generation"]) if "published" in part else None
        if "copy" in part:
            source = self.entries[part["copy"]]["attention"]
            flash = copy.deepcopy(next(f for f in source if f["generation"] == part["generation"]))
            del flash["generation"]
            long = table[table.queries >= LONG_SEQUENCE] if table is not None else None
            for size in part.get("levels_from_table", []):
                self.set_levels(flash, entry, device, long[long.head_dim == size])
            if table is not None:
                self.note_attention(spec, f"{name} forward", entry, flash, device, table, "not fitted, serving kernel")
            return flash
        if "like" in part:
            flash = copy.deepcopy(made[part["like"]])
        elif table is not None and not part.get("check_table"):
            train, held = self.fits.split_rows(table)
            flash = self.fits.fit_attention(entry, device, train, part["sizes"], part["tile"], BACKWARD)
            self.note_attention(spec, f"{name} forward", entry, flash, device, held, "held out, serving kernel")
        else:
            rows = published
            if "infersim" in part:
                rows = pd.concat([tables.infersim_attention(part["infersim"]), published])
            flash = self.fits.fit_attention(entry, device, rows, part["sizes"], part["tile"], BACKWARD, START_UP)
            for label in ("forward", "backward"):
                self.note_attention(spec, f"{name} {label}", entry, flash, device, rows[rows["pass"] == label], "fitted")
            if table is not None:
                self.note_attention(spec, f"{name} forward", entry, flash, device, table, "not fitted, serving kernel")
            return flash
        if published is not None:
            self.set_levels(flash, entry, device, published)
            self.note_attention(spec, name, entry, flash, device, published, "levels fitted")
        return flash

    def set_levels(self, flash, entry, device, rows):
        """Scales the inner loops' ratios so that the rows are met in the mean."""
        for point in flash["point"]:
            scale = {}
            for key, label in (("forward_ratio", "forward"), ("backward_ratio", "backward")):
                part = rows[(rows.head_dim == point["head_dim"]) & (rows["pass"] == label)]
                if len(part):
                    time = self.fits.attention_seconds(flash, entry, device, part)
                    scale[key] = float(np.exp(np.mean(np.log(time / part.seconds))))
            for key in ("forward_ratio", "backward_ratio"):
                point[key] *= scale.get(key, scale.get("forward_ratio", 1.0))

    def note_attention(self, spec, kernel, entry, flash, device, rows, kind):
        parts = {"": rows}
        if "serving" in kind:
            training = (rows.queries >= 1024) & (rows.batch * rows.heads >= 16)
            parts = {", training shapes": rows[training], ", all shapes": rows}
        for label, part in parts.items():
            if len(part):
                time = self.fits.attention_seconds(flash, entry, device, part)
                self.note(spec["name"], kernel + label, kind, self.fits.errors(time, part.seconds.to_numpy()))

    def published(self, spec):
        """A relative's entry with the published sustained ratios; attention scales with them."""
        relative = self.entries[spec["relative"]]
        entry = copy.deepcopy(relative) | {"name": spec["name"], "evidence": [], "matrix": []}
        entry.pop("settled_clock_ratio", None)  # another board, another limit
        entry.pop("library", None)
        if "settled" in spec:
            entry["settled_clock_ratio"], kind, note = spec["settled"]
            entry["evidence"].append((["settled_clock_ratio"], kind, specs.PEER, 2026, note))
        base = relative["matrix"][0]
        for dtype, sustained in spec["points"].items():
            unit = min(1.0, base["unit_ratio"] * sustained / base["sustained_ratio"])
            entry["matrix"].append({"dtype": dtype, "unit_ratio": unit, "sustained_ratio": sustained,
                                    "ramp_depth": base["ramp_depth"]})
        first = entry["matrix"][0]["sustained_ratio"]
        scale = min(1.0, first / base["sustained_ratio"])
        generations = spec.get("generations", [f["generation"] for f in relative["attention"]])
        entry["attention"] = [f for f in entry["attention"] if f["generation"] in generations]
        for flash in entry["attention"]:
            for point in flash["point"]:
                point["forward_ratio"] *= scale
                point["backward_ratio"] *= scale
        if "libraries" in spec:
            years, kind, source, note = spec["libraries"]
            entry["library"] = [{"until_year": year, "matrix_ratio": ratio} for year, ratio in years]
            entry["evidence"].append((["library"], kind, source, 2026, note))
        if "levels" in spec:
            for flash in entry["attention"]:
                flash["point"] = [{"head_dim": size, "forward_ratio": forward, "backward_ratio": backward}
                                  for size, forward, backward in spec["levels"][0]]
        if "stream" in spec:
            ratio, source, year = spec["stream"]
            entry["memory_efficiency_ratio"] *= ratio / entry["stream_efficiency_ratio"]
            entry["stream_efficiency_ratio"] = ratio
            entry["evidence"].append((["stream_efficiency_ratio"], "MEASURED", source, year, ""))
        self.published_evidence(entry, spec)
        self.entries[spec["name"]] = entry
        return entry

    def published_evidence(self, entry, spec):
        note = f"as {spec['relative']}; no kernel tables of this part are public"
        source, year = spec["source"]
        kind, caution = spec.get("kind", ("MEASURED", ""))
        entry["evidence"].append((["matrix"], kind, source, year,
                                  f"sustained_ratio: best shape over peak{caution}; the rest as {spec['relative']}"))
        rest = [f for f in PRODUCT_FIELDS if f != "matrix"] + ["memory_efficiency_ratio", "stream_start_up_s"]
        if "stream" not in spec:
            rest.append("stream_efficiency_ratio")
        entry["evidence"].append((rest, "INFERRED", specs.PEER, 2026, note))
        attention = ("INFERRED", f"{specs.PEER}; {specs.DAO}", 2023,
                     f"as {spec['relative']}, scaled by the ratio of the sustained matrix products")
        if "levels" in spec:
            kind, source, note = spec["levels"][1:]
            attention = (kind, source, 2026, f"{note}; tiles and ramp as {spec['relative']}")
        entry["evidence"].append((["attention"], *attention))
        if "notes" in spec:
            entry["notes"] = spec["notes"]
