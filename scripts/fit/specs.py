"""Which kernel class is fitted on what, and which numbers are carried over from a relative."""

PEER = "ai-dynamo/aiconfigurator performance database, Apache-2.0"
INFERSIM = "alibaba/InferSim bench_data, Apache-2.0"
MAMF = "stas00/ml-engineering, maximum achievable matmul tables"
TORCH = "zzc0721/torch-performance-test-data"
FLAGPERF = "FlagOpen/FlagPerf"
AZURE = "Azure/AI-benchmarking-guide"
DAO = "Dao 2023 (FlashAttention-2), sections 1 and 4.1, figure 4"
FOUNDRY = "LLM Foundry training benchmarks, rows of 16,384 tokens and more"
SHAH = "Shah et al. 2024 (FlashAttention-3), figures 5 and 6"
FLASH_ISSUES = "Dao-AILab/flash-attention, benchmarks in issues 1310 and 1589 and pull request 2280"

TABLE_NOTE = "fitted on the kernel tables by scripts/fit/kernels.py"
SETTLED_NOTE = "products looped for a second at the board's power limit, against the same ones in short loops"
CAST_NOTE = "median of casts of 64 million elements and more"
ACCUMULATION_NOTE = ("full_accumulation_ratio: sustained rate of block-scaled products, which add up in 32 bits too, over "
                     "that of products scaled per tensor")
LEVEL_NOTE = ("start-up and ramp fitted on the prefill table, inner loops on the published training kernels: "
              "serving kernels read paged caches")

# Classes with kernel tables of their own, relatives first. `cached_bytes`: the tables' loops serve
# smaller weights from cache, so their small-m rows say nothing of memory and are left out.
MEASURED = [
    {"name": "nvidia-a100", "accelerator": "A100-80GB SXM", "products": "a100_sxm", "full_grid": True,
     "formats": ["BF16"], "points": {"TF32": 0.793, "FP32": 0.98}, "points_source": (f"{FLAGPERF}; {TORCH}", 2026),
     "stream": (0.86, AZURE, 2024),
     "library": (2022, 0.95, "ESTIMATED", "microsoft/vidur layer operator profiles (GitHub)",
                 "FP16 products of 1,024 tokens and more take 5 to 8 % longer there than by this class; the smaller "
                 "figure for CUDA 11, which the runs of 2021 and 2022 used"),
     "attention": [
         {"generation": "FLASH1", "like": "FLASH2", "published": "A100", "sizes": [64, 128],
          "evidence": ("REPORTED", FOUNDRY, 2023, "FLASH1: the Triton kernel, from attention-bound steps; within the shares of "
                       "peak of Dao 2023, section 1; start-up and ramp of FLASH2")},
         {"generation": "FLASH2", "table": ("a100_sxm", "vllm-0.14.0"), "published": "A100",
          "sizes": [64, 128], "tile": 64,
          "evidence": ("REPORTED", f"{PEER}; {DAO}", 2023,
                       f"FLASH2: {LEVEL_NOTE}; the paper's points from memory of it")}]},
    {"name": "nvidia-h100", "accelerator": "H100-80GB SXM", "products": "h100_sxm", "full_grid": True,
     "formats": ["BF16", "FP8", "FP8_BLOCK"], "full_accumulation": True, "points": {"TF32": 0.813, "FP32": 0.774}, "points_source": (TORCH, 2026),
     "stream": (0.91, AZURE, 2024),
     "settled": (0.87, "INFERRED", "as nvidia-h200: the same processor and power limit"),
     "library": (2023, 0.85, "ESTIMATED", "fitted on the published H100 rows of family mosaic-mpt",
                 "products of short sequences with the libraries of 2023, against this class's"),
     "attention": [
         {"generation": "FLASH1", "like": "FLASH2", "published": "H100", "sizes": [64, 128],
          "evidence": ("ESTIMATED", FOUNDRY, 2023, "FLASH1: the Triton kernel, from attention-bound steps")},
         {"generation": "FLASH2", "published": "H100", "sizes": [64, 128, 256], "tile": 128,
          "evidence": ("MEASURED", SHAH, 2024, "FLASH2: fitted on the figures' values, read from a transcription")},
         {"generation": "FLASH3", "published": "H100", "sizes": [64, 128, 256], "tile": 128,
          "table": ("h100_sxm", "vllm-0.24.0"), "check_table": True,
          "evidence": ("MEASURED", SHAH, 2024, "FLASH3: fitted on the figures' values, read from a transcription")}]},
    {"name": "nvidia-h200", "accelerator": "H200-141GB SXM", "products": "h200_sxm",
     "formats": ["BF16", "FP8", "FP8_BLOCK", "INT8"], "full_accumulation": True,
     "stream": (0.90, AZURE, 2024),
     "settled": (0.87, "MEASURED", SETTLED_NOTE),
     "attention": [
         {"generation": "FLASH2", "copy": "nvidia-h100",
          "evidence": ("INFERRED", SHAH, 2024, "FLASH2: the same processor as nvidia-h100")},
         {"generation": "FLASH3", "copy": "nvidia-h100", "table": ("h200_sxm", "vllm-0.22.0"),
          "evidence": ("INFERRED", SHAH, 2024, "FLASH3: the same processor as nvidia-h100")}]},
    {"name": "nvidia-h20", "accelerator": "H20-96GB", "infersim": "h20", "formats": ["FP8_BLOCK"],
     "points": {"BF16": 0.961, "TF32": 0.970, "FP32": 0.726}, "points_source": (TORCH, 2026), "cached_bytes": 60e6,
     "memory": (0.85, "as nvidia-h200"), "stream": (0.90, AZURE, 2024),
     "attention": [
         {"generation": "FLASH2", "published": "H20", "sizes": [64, 128], "tile": 128,
          "evidence": ("MEASURED", FLASH_ISSUES, 2024, "FLASH2: fitted on the published points")},
         {"generation": "FLASH3", "infersim": "h20", "published": "H20", "sizes": [64, 128, 256], "tile": 128,
          "evidence": ("MEASURED", f"{INFERSIM}; {FLASH_ISSUES}", 2024,
                       "FLASH3: fitted on both; backward as forward at the ratio of nvidia-a100")}]},
    {"name": "nvidia-b200", "accelerator": "B200 (HGX)", "products": "b200_sxm", "full_grid": True,
     "formats": ["BF16", "FP8", "FP8_BLOCK", "FP4"], "points": {"FP32": 0.828}, "points_source": (TORCH, 2026),
     "stream": (0.90, "as nvidia-h200", 2024), "settled": (0.91, "MEASURED", SETTLED_NOTE),
     "attention": [
         {"generation": "FLASH2", "published": "B200", "sizes": [64], "tile": 128,
          "evidence": ("MEASURED", FLASH_ISSUES, 2025, "FLASH2: fitted on the published points of head size 64")},
         {"generation": "FLASH3", "table": ("b200_sxm", "vllm-0.22.0"), "published": "B200",
          "sizes": [64, 128], "tile": 128,
          "evidence": ("MEASURED", f"{PEER}; {FLASH_ISSUES}", 2026, f"FLASH3: {LEVEL_NOTE}")}]},
    {"name": "nvidia-gb200", "accelerator": "GB200 (per GPU, NVL72)", "products": "gb200",
     "formats": ["BF16", "FP8", "FP8_BLOCK", "FP4"], "stream": (0.90, "as nvidia-h200", 2024),
     "settled": (0.88, "MEASURED", SETTLED_NOTE),
     "attention": [
         {"generation": "FLASH2", "copy": "nvidia-b200",
          "evidence": ("INFERRED", FLASH_ISSUES, 2025, "FLASH2: as nvidia-b200")},
         {"generation": "FLASH3", "copy": "nvidia-b200", "table": ("gb200", "vllm-0.22.0"),
          "evidence": ("INFERRED", FLASH_ISSUES, 2026, "FLASH3: as nvidia-b200")}]},
    {"name": "nvidia-b300", "accelerator": "B300 (HGX)", "products": "b300_sxm",
     "formats": ["BF16", "FP8", "FP8_BLOCK", "FP4"], "stream": (0.90, "as nvidia-h200", 2024),
     "settled": (0.91, "INFERRED", "as nvidia-b200"),
     "attention": [
         {"generation": "FLASH2", "copy": "nvidia-b200",
          "evidence": ("INFERRED", FLASH_ISSUES, 2025, "FLASH2: as nvidia-b200")},
         {"generation": "FLASH3", "copy": "nvidia-b200", "table": ("b300_sxm", "trtllm-1.3.0rc20"),
          "levels_from_table": [64],
          "evidence": ("INFERRED", f"{PEER}; {FLASH_ISSUES}", 2026,
                       "FLASH3: as nvidia-b200; head size 64, which twice the exponential units speed up, "
                       "from the long sequences of the prefill table")}]},
    {"name": "nvidia-gb300", "accelerator": "GB300 (per GPU, NVL72)", "products": "gb300",
     "formats": ["BF16", "FP8", "FP8_BLOCK", "FP4"], "stream": (0.90, "as nvidia-h200", 2024),
     "settled": (0.88, "INFERRED", "as nvidia-gb200"),
     "attention": [
         {"generation": "FLASH2", "copy": "nvidia-b200",
          "evidence": ("INFERRED", FLASH_ISSUES, 2025, "FLASH2: as nvidia-b200")},
         {"generation": "FLASH3", "copy": "nvidia-b200", "table": ("gb300", "trtllm-1.3.0rc20"),
          "levels_from_table": [64],
          "evidence": ("INFERRED", f"{PEER}; {FLASH_ISSUES}", 2026,
                       "FLASH3: as nvidia-b200; head size 64, which twice the exponential units speed up, "
                       "from the long sequences of the prefill table")}]},
    {"name": "nvidia-l40s", "accelerator": "L40S", "products": "l40s", "cached_bytes": 96e6,
     "formats": ["BF16", "FP8", "FP8_BLOCK", "INT8"], "stream": (0.90, "as nvidia-h200", 2024),
     "attention": [
         {"generation": "FLASH2", "table": ("l40s", "vllm-0.24.0"), "sizes": [64, 128], "tile": 128,
          "evidence": ("MEASURED", PEER, 2026, f"{TABLE_NOTE}; backward at the ratio of nvidia-a100")}]},
    {"name": "nvidia-rtx-pro-6000", "accelerator": "RTX PRO 6000", "products": "rtx_pro_6000_server",
     "cached_bytes": 128e6, "formats": ["BF16", "FP8", "FP8_BLOCK", "FP4"], "stream": (0.90, "as nvidia-h200", 2024),
     "attention": [
         {"generation": "FLASH2", "table": ("rtx_pro_6000_server", "trtllm-1.3.0rc20"),
          "sizes": [64, 128], "tile": 128,
          "evidence": ("MEASURED", PEER, 2026, f"{TABLE_NOTE}; backward at the ratio of nvidia-a100")}]},
]

# Classes known by their best matrix products alone: sustained share of peak by format; everything
# else is the relative's. `stream`: measured share of memory bandwidth, absent where unknown.
PUBLISHED = [
    {"name": "nvidia-h100-500w", "relative": "nvidia-h100", "points": {"BF16": 0.7935}, "source": (TORCH, 2026),
     "settled": (0.70, "INFERRED", "as nvidia-h200 at 500 of 700 W: products follow the limit to the power 0.65, as "
                 "between nvidia-h100-pcie (350 W) and nvidia-h100")},
    {"name": "nvidia-h100-pcie", "relative": "nvidia-h100", "points": {"BF16": 0.656, "TF32": 0.636},
     "source": (TORCH, 2026)},
    {"name": "nvidia-l20", "relative": "nvidia-l40s", "points": {"BF16": 0.955, "TF32": 0.973, "FP32": 0.623},
     "source": (TORCH, 2026)},
    {"name": "nvidia-v100", "relative": "nvidia-a100", "points": {"FP16": 0.75}, "generations": ["FLASH1"],
     "source": ("Jia et al. 2018, Dissecting the NVIDIA Volta GPU Architecture", 2018),
     "kind": ("REPORTED", ", recalled: with the libraries of its time")},
    {"name": "amd-mi300x", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.511, "FP8": 0.4088}, "source": (MAMF, 2026)},
    {"name": "amd-mi325x", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.601, "FP8": 0.4808}, "source": (MAMF, 2026)},
    {"name": "amd-mi355x", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.626, "FP8": 0.5008}, "source": (MAMF, 2026)},
    {"name": "huawei-ascend-910a", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"FP16": 0.844},
     "source": ("AIBench", 2021)},
    {"name": "huawei-ascend-910b", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.839, "INT8": 0.809},
     "source": (f"{TORCH}; {FLAGPERF}", 2026), "stream": (0.802, "limulidae README", 2024),
     "libraries": ([(2024, 0.73), (2026, 0.90)], "ESTIMATED",
                   "set by hand on the published rows of families ascend-mindspeed, ascend-ci and ascend-mindformers",
                   "products of a step against the best shape of a loop; releases of 2025 are faster at the same configuration"),
     "levels": ([(64, 0.27, 0.20), (128, 0.45, 0.33), (256, 0.56, 0.42)], "ESTIMATED",
                "pto-isa.gitcode.com, flash attention for 910B (172 to 190 TFLOP/s forward on 24 cores); rows as for library",
                "softmax on the vector units bounds the core, so that rates grow with the head size; backward set by hand "
                "on the rows with 8K tokens and more")},
    {"name": "metax-c500", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.942}, "source": (TORCH, 2026)},
    {"name": "metax-c550", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.828, "INT8": 0.793},
     "source": (FLAGPERF, 2025), "stream": (0.802, FLAGPERF, 2025)},
    {"name": "moore-threads-s4000", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.782, "TF32": 0.813},
     "source": (TORCH, 2026)},
    {"name": "hygon-k100", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.469}, "source": (TORCH, 2026)},
    {"name": "iluvatar-bi-v150", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 1.0}, "source": (FLAGPERF, 2025),
     "notes": "196.8 TFLOP/s were measured against a peak of 190 that follows from a stated TPP"},
    {"name": "google-tpu", "relative": "nvidia-a100", "generations": ["FLASH2"], "points": {"BF16": 0.80},
     "source": ("casys-kaist/LLMServingSim, layer profiles of TPU v6e, MIT", 2026),
     "stream": (0.90, "casys-kaist/LLMServingSim, layer profiles of TPU v6e, MIT", 2026),
     "notes": "median of the projections with 512 tokens and more; streams from those with few tokens"},
]
