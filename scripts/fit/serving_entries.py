"""Serving kernels as text: of the measured classes, and of classes that take them from a relative."""

import copy
import re

import serving_fit as fits
import serving_model as model
import tables

PEER = "ai-dynamo/aiconfigurator performance database, Apache-2.0"
KERNELS = tables.ROOT / "platforms" / "catalog" / "kernels"
NAMES = {"bfloat16": {"weights": "BF16"}, "fp8": {"weights": "FP8", "scaling": "PER_TENSOR"},
         "fp8_block": {"weights": "FP8", "scaling": "PER_BLOCK"}, "nvfp4": {"weights": "FP4", "scaling": "NV"},
         "sq": {"weights": "INT8", "scaling": "PER_ROW"}, "int8_wo": {"weights": "INT8", "weights_only": "true"},
         "int4_wo": {"weights": "INT4", "weights_only": "true"}, "int4": {"weights": "INT4"},
         "w4a16_mxfp4": {"weights": "FP4", "scaling": "MX", "weights_only": "true"},
         "w4a8_mxfp4_mxfp8": {"weights": "FP4", "scaling": "MX"}}
ELEMENTS = {"bfloat16": "BF16", "fp8": "FP8"}
# vLLM's kernel that finds the scale of each row and rounds to it, on H100: from 13.65 us for 1,024 rows of 4,096
# elements to 402.2 us for 32,768 (vllm-project/vllm pull request 24342); on 132 units.
ROW_CAST_ELEMENT = (402.2e-6 - 13.65e-6) / ((32768 - 1024) * 4096) * 132
# FLOP/s at which vLLM's kernel for narrow weights (Marlin) saturates from 64 rows on, where cuBLAS reaches 235e12
# (vllm-project/vllm pull request 2497, benchmark of 24 January 2024; rates and bandwidth are an A100's).
MARLIN = ("nvidia-a100", 141.3e12, 312e12, ("int4_wo", "int8_wo"))
# Formats that a measured class has no table of come from a relative that has.
FORMATS_OF = {"nvidia-h100": "nvidia-h200", "nvidia-b200": "nvidia-h200", "nvidia-gb200": "nvidia-h200",
              "nvidia-b300": "nvidia-h200", "nvidia-gb300": "nvidia-h200", "nvidia-rtx-pro-6000": "nvidia-l40s"}
EXPERTS_OF = {"nvidia-a100": "nvidia-h100", "nvidia-b300": "nvidia-b200", "nvidia-gb300": "nvidia-gb200"}
# Classes without tables: everything from a relative, arithmetic and bandwidth by the ratio of the published products
# and streams that the rest of the entries holds.
RELATIVES = {
    "nvidia-h20": "nvidia-h200", "nvidia-h100-500w": "nvidia-h100", "nvidia-h100-pcie": "nvidia-h100",
    "nvidia-l20": "nvidia-l40s", "nvidia-v100": "nvidia-a100", "amd-mi300x": "nvidia-a100",
    "amd-mi325x": "nvidia-a100", "amd-mi355x": "nvidia-a100", "huawei-ascend-910a": "nvidia-a100",
    "huawei-ascend-910b": "nvidia-a100", "metax-c500": "nvidia-a100", "metax-c550": "nvidia-a100",
    "moore-threads-s4000": "nvidia-a100", "hygon-k100": "nvidia-a100", "iluvatar-bi-v150": "nvidia-a100",
    "google-tpu": "nvidia-a100"}


# Of such classes what somebody measured or what follows from how the part works, in place of the relative's: decode
# attention's share of the bandwidth, and 4-bit experts, of which 0.52 bytes an element are read, and 2 (1 with INT8
# activations) written and read again.
DECODE_MEMORY = {"huawei-ascend-910b": 0.55}
LATENT_DECODE = {"huawei-ascend-910b": {"memory": 0.84, "arithmetic": 0.65}}
WIDENED_BYTES = {"huawei-ascend-910b": {"int4_wo": 4.0, "int4": 2.0}}
INT4_BYTES = 0.52
PART_NOTES = {"huawei-ascend-910b": (
    "; decode memory_ratio measured: paged attention of 16 sequences of 4,096 tokens with 40 and 8 heads takes 343 us, 0.49 of "
    "the bandwidth (hw-native-sys/pypto-lib issue 622), of one of 131,072 with 32 and 8 heads 565 us, 0.59 (huawei-csl/pto-kernels "
    "pull request 193); latent decode 0.65 of the arithmetic and 0.84 of the bandwidth: CANN's kernel on a 910C die (arXiv "
    "2506.12708, recalled; AMLA, arXiv 2509.25224, later reaches 0.87 of the arithmetic); INT4 experts estimated: vector cores widen them to 16 bits, or 8 with INT8 activations, through memory "
    "(hw-native-sys/pypto issue 2040), at the bandwidth of streams")}


class Training:
    """What the rest of an entry says of its products, attention and memory."""

    def __init__(self, name):
        self.text = (KERNELS / f"{name}.textproto").read_text()
        self.sustained = {}
        for dtype, ratio in re.findall(r"matrix \{ dtype: (\w+).*?sustained_ratio: ([\d.e-]+)", self.text):
            self.sustained.setdefault(dtype, float(ratio))
        self.first = next(iter(self.sustained.values()))
        self.memory = float(re.search(r"memory_efficiency_ratio: ([\d.e-]+)", self.text)[1])
        self.stream = float(re.search(r"stream_efficiency_ratio: ([\d.e-]+)", self.text)[1])
        self.stream_start_up = float(re.search(r"stream_start_up_s: ([\d.e-]+)", self.text)[1])
        points = re.findall(r"point \{ head_dim: (\d+) forward_ratio: ([\d.e-]+)", self.text)
        sizes = {size: float(ratio) for size, ratio in points}  # of the latest generation
        self.small_head = sizes["64"] / sizes["128"] if "128" in sizes else 1.0
        self.attention = float(next((ratio for size, ratio in reversed(points) if size == "128"), points[-1][1]))


def scaled(relative, name, of):
    """The relative's serving kernels at this class's own products, attention and bandwidth."""
    here, there = Training(name), Training(of)
    memory, attention = here.memory / there.memory, here.attention / there.attention
    entry = copy.deepcopy(relative) | {"name": name}
    # What only runs on Nvidia's; products of one library are tuned to one generation.
    for part in ("products",) if name.startswith("nvidia") else ("products", "prefill", "decode", "experts"):
        entry[part] = [one for one in entry[part] if "library" not in one[-1]]
    general = here.first / there.first
    for dtype, product in entry["products"]:
        element = NAMES[dtype]["weights"]
        known = here.sustained.get(element) if "weights_only" not in NAMES[dtype] else None
        scale = known / product["sustained"] if known else general
        for key in ["sustained"] + [f"tile{i}" for i in range(len(model.TILES))]:
            product[key] = min(1.0, product[key] * scale)
        product["memory"] = min(1.0, product["memory"] * memory)
    wide = next(product for dtype, product in entry["products"] if dtype == "bfloat16")
    have = {NAMES[dtype]["weights"] for dtype, _ in entry["products"] if "weights_only" not in NAMES[dtype]}
    for dtype in ("fp8", "sq"):  # a best product is published, the relative has no such units
        known = here.sustained.get(NAMES[dtype]["weights"])
        if known and NAMES[dtype]["weights"] not in have:
            entry["products"].append((dtype, wide | {
                key: value * min(1.0, known / wide["sustained"]) for key, value in wide.items()
                if key == "sustained" or key.startswith("tile")}))
    for *_, kernel in entry["prefill"]:
        for key in [f"ratio{size}" for size in kernel["sizes"]]:
            kernel[key] = min(1.0, kernel[key] * attention)
        kernel["memory"] = min(1.0, kernel["memory"] * memory)
    for *_, kernel in entry["decode"]:
        for key in ["memory"] + [f"memory{size}" for size in kernel.get("sizes", ())]:
            kernel[key] = min(1.0, kernel[key] * memory)
        kernel["arithmetic"] = min(1.0, kernel["arithmetic"] * attention)
    for dtype, kernel in entry["experts"]:
        element = NAMES[dtype]["weights"]
        narrow = here.sustained.get(element, here.first) / here.first if "weights_only" not in NAMES[dtype] else 1.0
        kernel["arithmetic"] = min(1.0, kernel["arithmetic"] * general) * narrow
        kernel["memory"] = min(1.0, kernel["memory"] * memory)
    for _, latent, kernel in ((one[0], one[1], one[-1]) for one in entry["decode"] if name in DECODE_MEMORY):
        if not latent:
            for key in ["memory"] + [f"memory{size}" for size in kernel.get("sizes", ())]:
                kernel[key] = DECODE_MEMORY[name]
        else:
            kernel.update(LATENT_DECODE[name])
    experts = next(kernel for dtype, kernel in entry["experts"] if dtype == "bfloat16")
    for dtype, widened in WIDENED_BYTES.get(name, {}).items():
        rate = here.sustained["INT8"] / here.first if dtype == "int4" else 1.0
        entry["experts"].append((dtype, experts | {
            "arithmetic": experts["arithmetic"] * rate, "memory": INT4_BYTES / (INT4_BYTES + widened) * here.stream}))
    return entry


def add_formats(entry, relative, part):
    def of(one):
        return (one[0], one[1].get("library"), one[1].get("variant"))

    have = [of(one) for one in entry[part]]
    entry[part] += [copy.deepcopy(one) for one in relative[part] if of(one) not in have]
    return [" of ".join(filter(None, of(one))) for one in entry[part] if of(one) not in have]


def add_low_latency(entry):
    """TensorRT-LLM's low-latency kernels exist for FP8 too (FlashInfer: trtllm_fp8_block_scale_moe,
    trtllm_fp8_per_tensor_scale_moe); the tables have those of NVFP4: its latencies and the share of the usual kernel's arithmetic, FP8's
    bandwidth."""
    found = {(dtype, kernel.get("variant")): kernel for dtype, kernel in entry["experts"]}
    narrow = found.get(("nvfp4", fits.LOW_LATENCY_NAME))
    if narrow is None:
        return ""
    share = narrow["arithmetic"] / found["nvfp4", None]["arithmetic"]
    low = [("nvfp4", narrow)]
    for dtype in ("fp8", "fp8_block"):
        usual = found[dtype, None]
        low.append((dtype, narrow | {"arithmetic": usual["arithmetic"] * share, "memory": usual["memory"]}))
    # SGLang runs these alone where the parts have them (server_args.py, moe_runner_backend).
    entry["experts"] += low[1:] + [(dtype, kernel | {"library": "SGLANG"}) for dtype, kernel in low]
    return (f"; experts fp8, fp8_block {fits.LOW_LATENCY_NAME}: latencies of nvfp4's and its share of the arithmetic;"
            " library SGLANG: what it runs on such parts (server_args.py, moe_runner_backend)")


def marks(kernel):
    """Whose engines a kernel is for, and whether for heads that share keys alone."""
    return {key: kernel[key] for key in ("library", "grouped") if key in kernel}


def add_marlin(entry):
    """vLLM's products of narrow weights: TensorRT-LLM's but for the rate of full tiles."""
    name, rate, peak, formats = MARLIN
    if entry["name"] != name:
        return ""
    known = dict(entry["products"])
    entry["products"] += [(dtype, known[dtype] | {"sustained": rate / peak, "library": "VLLM"}) for dtype in formats]
    return f"; sustained_ratio of {', '.join(formats)} of vLLM: vllm-project/vllm pull request 2497"


def fields(values):
    return " ".join(f"{key}: {value if isinstance(value, str) else f'{value:.4g}'}" for key, value in values.items())


def product_line(dtype, p):
    tiles = ", ".join(f"{p[f'tile{i}']:.3g}" for i in range(len(model.TILES)))
    return f"  product {{\n    {fields(NAMES[dtype] | marks(p))} tile_ratio: [{tiles}]\n    " + fields({
        "sustained_ratio": p["sustained"], "ramp_depth": p["ramp"], "memory_ratio": p["memory"],
        "overlap_loss_ratio": p["overlap"], "start_up_s": p["start_up"], "split_latency_s": p["split_latency"],
        "vector_start_up_s": p["vector_start_up"], "vector_ratio": p["vector"]}) + "\n  }"


def prefill_line(arithmetic, cache, latent, p):
    head = {"arithmetic": ELEMENTS[arithmetic], "cache": ELEMENTS[cache]} | ({"latent": "true"} if latent else {})
    packs = {"packs_groups": "true"} if p["packs_groups"] else {}
    points = "\n".join(f"    point {{ head_dim: {size} ratio: {p[f'ratio{size}']:.4g} }}" for size in p["sizes"])
    return f"  prefill {{\n    {fields(head | marks(p) | packs)} " + fields({
        "query_tile": p["query_tile"], "key_tile": p["key_tile"], "start_up_s": p["start_up"],
        "ramp_tokens": p["ramp"], "tail_rounds": p["tail_rounds"], "memory_ratio": p["memory"],
        "overlap_loss_ratio": p["overlap"]}) + f"\n{points}\n  }}"


def decode_line(cache, latent, p):
    head = {"cache": ELEMENTS[cache]} | ({"latent": "true"} if latent else {})
    points = "".join(f"    point {{ head_dim: {size} ratio: {p[f'memory{size}']:.4g} }}\n" for size in p.get("sizes", ()))
    return f"  decode {{\n    {fields(head | marks(p))} " + fields({
        "memory_ratio": p["memory"], "arithmetic_ratio": p["arithmetic"], "unit_share": p["unit_share"],
        "key_tile": p["key_tile"], "max_split": p["max_split"]}
        | {key: p[key] for key in ("parts_per_unit",) if key in p} | {"ramp_tokens": p["ramp"],
        "start_up_s": p["start_up"], "split_latency_s": p["split_latency"],
        "query_latency_s": p["query_latency"]}) + f"\n{points}  }}"


def experts_line(dtype, p):
    comment = f"    # {p['variant']}\n" if "variant" in p else ""
    return f"  experts {{\n{comment}    {fields(NAMES[dtype] | marks(p))} " + fields({
        "row_tile": p["row_tile"], "arithmetic_ratio": p["arithmetic"], "memory_ratio": p["memory"],
        "copy_passes": p["copy_passes"], "overlap_loss_ratio": p["overlap"], "start_up_s": p["start_up"],
        "touched_latency_s": p["touched_latency"], "held_latency_s": p["held_latency"],
        "routed_latency_s": p["routed_latency"]}) + "\n  }"


def serving_text(entry, start_ups):
    lines = ["serving {"] + [f"  tile {{ rows: {r} columns: {c} }}" for r, c in model.TILES]
    lines += [product_line(*one) for one in entry["products"]]
    lines += [prefill_line(*one) for one in entry["prefill"]]
    lines += [decode_line(*one) for one in entry["decode"]]
    lines += [experts_line(*one) for one in entry["experts"]]
    lines.append("  " + fields({"scale_start_up_s": start_ups[0], "cast_start_up_s": start_ups[1],
                                "row_cast_element_s": ROW_CAST_ELEMENT}))
    return "\n".join(lines + ["}"]) + "\n"


def evidence_text(kind, note):
    return (f'evidence {{\n  field: "serving"\n  kind: {kind}\n  source: "{PEER}"\n  year: 2026\n'
            f'  note: "{note}; row_cast_element_s: vllm-project/vllm pull request 24342"\n}}\n')


def write(entry, kind, note):
    path = KERNELS / f"{entry['name']}.textproto"
    text = re.sub(r"(?ms)^serving \{.*?^\}\n", "", path.read_text())
    text = re.sub(r'(?ms)^evidence \{\n  field: "serving"\n.*?^\}\n', "", text)
    start_ups = entry["start_ups"] or (Training(entry["name"]).stream_start_up,) * 2
    block = serving_text(entry, start_ups) + evidence_text(kind, note)
    position = text.index("\nevidence {") + 1
    path.write_text(text[:position] + block + text[position:])


def replace(entry, parts):
    """Kernels that were measured on the part itself take the places of the relative's."""
    for part, found in parts.items():
        known = [one[:-1] for one in found]
        entry[part] = [one for one in entry[part] if tuple(one[:-1]) not in [tuple(k) for k in known]] + found


def write_all(entries, partly):
    """`partly`: of classes that take the rest from a relative, what InferSim measured."""
    by_name = {entry["name"]: entry for entry in entries}
    notes = {name: "fitted on the tables by scripts/fit/serving_kernels.py" for name in by_name}
    for part, relatives in (("products", FORMATS_OF), ("experts", FORMATS_OF), ("experts", EXPERTS_OF)):
        for name, relative in relatives.items():
            added = add_formats(by_name[name], by_name[relative], part)
            notes[name] += f"; {part} {', '.join(added)} as {relative}" if added else ""
    for entry in entries:
        write(entry, "MEASURED", notes[entry["name"]] + add_low_latency(entry) + add_marlin(entry))
    for name, of in RELATIVES.items():
        entry = scaled(by_name[of], name, of)
        note = f"as {of}, arithmetic and bandwidth scaled by this part's published products and streams"
        if name in partly:
            replace(entry, partly[name])
            note += "; decode, latent decode and FP8 products fitted on alibaba/InferSim bench_data, Apache-2.0"
        write(entry, "INFERRED", note + PART_NOTES.get(name, ""))
