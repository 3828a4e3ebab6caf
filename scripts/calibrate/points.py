"""What the calibration kit measures: one list of points per suite, the most telling ones first.

Standard library only. A point knows its own work: `flops` (a multiply-add is 2) and `bytes`, the fewest bytes the
operation can move through device memory (each input read once, each output written once).
"""

import dataclasses

ELEMENT_BYTES = {"bf16": 2, "fp16": 2, "fp32": 4, "fp8": 1, "fp8_rowwise": 1, "int8": 1}
MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Gemm:
    """C[m,n] = A[m,k] B[k,n]. The layout is read row-major: `n` as stored, `t` transposed.

    nt is a linear layer's forward pass (weights stored [n,k]), nn its input gradient, tn its weight gradient.
    """
    purpose: str
    dtype: str
    layout: str
    m: int
    n: int
    k: int
    batch: int = 1

    @property
    def flops(self):
        return 2 * self.batch * self.m * self.n * self.k

    @property
    def bytes(self):
        size = ELEMENT_BYTES[self.dtype]
        output = 4 if self.dtype == "int8" else 2  # int8 products leave as int32, fp8 products as bf16
        return self.batch * (size * (self.m * self.k + self.n * self.k) + output * self.m * self.n)


@dataclasses.dataclass(frozen=True)
class Attention:
    """softmax(Q K^T) V without the projections around it. A causal mask halves the counted flops."""
    backend: str
    direction: str
    dtype: str
    causal: int
    batch: int
    heads: int
    kv_heads: int
    query_tokens: int
    kv_tokens: int
    head_dim: int
    dropout_ratio: float = 0.0

    @property
    def flops(self):
        # Forward: two products. Backward of a fused kernel: five, as it computes the scores again
        # (Dao 2022, FlashAttention, algorithm 4); unfused it keeps the scores and needs four.
        forward = 4 * self.batch * self.heads * self.query_tokens * self.kv_tokens * self.head_dim
        products = {"forward": 1.0, "backward": 2.0 if self.backend == "unfused" else 2.5}[self.direction]
        return forward * products * (0.5 if self.causal else 1.0)

    @property
    def bytes(self):
        size = ELEMENT_BYTES[self.dtype] * self.batch * self.head_dim
        query, keys_values = size * self.heads * self.query_tokens, 2 * size * self.kv_heads * self.kv_tokens
        if self.direction == "forward":
            return 2 * query + keys_values
        return 4 * query + 2 * keys_values  # reads q, k, v, out, grad_out; writes the gradients of q, k, v


@dataclasses.dataclass(frozen=True)
class Transfer:
    operation: str  # copy, read, write, triad, host_to_device, device_to_host
    buffer_bytes: int

    @property
    def bytes(self):
        return self.buffer_bytes * {"copy": 2, "triad": 3}.get(self.operation, 1)


@dataclasses.dataclass(frozen=True)
class Elementwise:
    """`bytes_per_element` counts the fewest bytes for each of the rows x columns elements."""
    operation: str
    direction: str
    mode: str  # eager or compiled
    dtype: str
    rows: int
    columns: int
    bytes_per_element: float

    @property
    def bytes(self):
        return self.rows * self.columns * self.bytes_per_element


@dataclasses.dataclass(frozen=True)
class Launch:
    operation: str
    mode: str  # eager or graph
    direction: str


@dataclasses.dataclass(frozen=True)
class Layer:
    kind: str  # gpt: layernorm, gelu, biases, dropout; llama: rmsnorm, rotary, swiglu, grouped heads
    mode: str  # eager or compiled
    hidden: int
    heads: int
    kv_heads: int
    ffn: int
    batch: int
    tokens: int
    dropout_ratio: float

    @property
    def parameters(self):
        head_dim = self.hidden // self.heads
        attention = self.hidden * head_dim * (2 * self.heads + 2 * self.kv_heads)
        return attention + self.hidden * self.ffn * (2 if self.kind == "gpt" else 3)  # biases and norms left out

    @property
    def flops(self):
        """Forward pass: the weight products and half of the score products (causal)."""
        tokens = self.batch * self.tokens
        return 2 * self.parameters * tokens + 2 * tokens * self.tokens * self.hidden


@dataclasses.dataclass(frozen=True)
class Activity:
    activity: str
    window_s: float


# (n, k) of a layer's linear operators as one device holds them.
GPT_WEIGHTS = {1024: 4096, 2048: 8192, 4096: 16384, 6144: 24576, 8192: 32768, 12288: 49152}
LLAMA_WEIGHTS = [(6144, 4096), (28672, 4096), (4096, 14336), (10240, 8192), (57344, 8192), (8192, 28672),
                 (15360, 5120), (27648, 5120), (5120, 13824)]
K_RAMP = [64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 32768]
TILE_STEPS = [16, 32, 48, 64, 65, 96, 127, 128, 129, 160, 192, 193, 255, 256, 257, 320, 384, 385, 511, 512, 513, 768,
              1024, 1025, 1536, 2048, 2049]


def gpt_weights(hidden):
    ffn = GPT_WEIGHTS[hidden]
    return [(ffn, hidden), (hidden, ffn), (3 * hidden, hidden), (hidden, hidden)]


def training(dtype, weights, tokens, layouts=("nt", "nn", "tn")):
    """The forward, input-gradient and weight-gradient products of each linear operator."""
    points = []
    for m in tokens:
        for n, k in weights:
            shapes = {"nt": (m, n, k), "nn": (m, k, n), "tn": (n, k, m)}
            points += [Gemm("training", dtype, layout, *shapes[layout]) for layout in layouts]
    return points


def k_ramp(dtype, size=8192):
    return [Gemm("k_ramp", dtype, "nt", size, size, k) for k in K_RAMP]


def squares(dtype):
    return [Gemm("square", dtype, "nt", s, s, s) for s in (8192, 4096, 16384, 2048, 1024, 512, 256)]


def steps(dtype, multiple=1):
    """m across tile edges, and tile counts across one and two waves of 132 multiprocessors (tiles of 128 x 256)."""
    rows = [m for m in TILE_STEPS if m % multiple == 0]
    tiles = [Gemm("tile_step", dtype, "nt", m, n, k) for n, k in ((8192, 8192), (4096, 4096)) for m in rows]
    waves = [(11, 11), (11, 12), (7, 19), (12, 12), (12, 22), (5, 53), (18, 22), (20, 20), (33, 16), (33, 17)]
    return tiles + [Gemm("wave_step", dtype, "nt", 128 * a, 256 * b, 4096) for a, b in waves]


def small_m(dtype, weights, rows=(16, 32, 64, 128, 256, 512, 1024)):
    return [Gemm("inference", dtype, "nt", m, n, k) for n, k in weights for m in rows]


def batched(dtype):
    """Score and value products of unfused attention, and one small product per expert."""
    points = []
    for batch, tokens, head_dim in ((128, 2048, 128), (256, 1024, 64), (96, 2048, 128), (32, 4096, 128)):
        points.append(Gemm("attention", dtype, "nt", tokens, tokens, head_dim, batch))
        points.append(Gemm("attention", dtype, "nn", tokens, head_dim, tokens, batch))
    for rows in (64, 256, 1024, 4096):
        points += [Gemm("experts", dtype, "nt", rows, n, k, 8) for n, k in ((14336, 4096), (4096, 14336), (4096, 7168))]
    return points


def unique(points):
    return list(dict.fromkeys(points))


def gemm_points():
    core = squares("bf16") + k_ramp("bf16") + training("bf16", gpt_weights(4096) + gpt_weights(8192), (4096, 16384))
    low = [p for dtype in ("fp8", "int8") for p in squares(dtype) + k_ramp(dtype)]
    stream = small_m("bf16", LLAMA_WEIGHTS[3:6]) + small_m("fp8", LLAMA_WEIGHTS[3:6])
    stream += small_m("int8", LLAMA_WEIGHTS[3:6], (32, 64, 128, 256, 512, 1024))
    wide = training("bf16", gpt_weights(12288) + gpt_weights(2048) + gpt_weights(1024), (2048, 8192))
    wide += training("bf16", LLAMA_WEIGHTS, (4096, 32768))
    rest = steps("bf16") + squares("fp16") + k_ramp("fp16") + batched("bf16")
    rest += training("fp8", LLAMA_WEIGHTS, (512, 4096, 16384), ("nt",))
    rest += training("int8", LLAMA_WEIGHTS, (512, 4096, 16384), ("nt",))
    rest += squares("fp8_rowwise") + training("fp8_rowwise", LLAMA_WEIGHTS, (4096,), ("nt",))
    rest += small_m("bf16", LLAMA_WEIGHTS[:3]) + small_m("fp8", LLAMA_WEIGHTS[:3])
    rest += steps("fp8", 16) + training("fp16", gpt_weights(4096) + gpt_weights(12288), (2048, 16384)) + batched("fp16")
    rest += k_ramp("bf16", 2048) + training("bf16", gpt_weights(6144) + gpt_weights(4096), (512, 1024, 2048, 32768))
    return unique(core + low + stream + wide + rest)


def attention_points(direction):
    """About 16K tokens a call, as in training; then few heads (tensor parallel), grouped heads, dropout, unfused."""
    points = []

    def add(backend, causal, heads, kv_heads, head_dim, lengths, dtype="bf16", dropout=0.0, tokens=16384):
        for s in lengths:
            points.append(Attention(backend, direction, dtype, causal, max(1, tokens // s), heads, kv_heads, s, s,
                                    head_dim, dropout))

    lengths = (4096, 2048, 8192, 16384, 1024, 32768)
    for causal in (1, 0):
        for backend in ("flash", "cudnn"):
            add(backend, causal, 32, 32, 128, lengths)
    for backend in ("flash", "cudnn"):
        add(backend, 1, 32, 8, 128, lengths)
        add(backend, 1, 32, 32, 64, lengths)
    for s, heads, head_dim in ((2048, 32, 128), (1024, 16, 64), (2048, 96, 128), (4096, 32, 128), (2048, 16, 64)):
        points.append(Attention("unfused", direction, "bf16", 1, 4, heads, heads, s, s, head_dim, 0.1))
    for backend in ("flash", "cudnn"):
        add(backend, 1, 8, 1, 128, (2048, 4096, 8192, 32768), tokens=8192)
        add(backend, 0, 32, 32, 64, (512,) + lengths)
        add(backend, 1, 4, 4, 128, (2048, 4096, 8192), tokens=1)
    add("flash", 1, 32, 32, 128, (1024, 2048, 4096), dropout=0.1)
    add("flash", 1, 32, 32, 128, (2048, 8192), dtype="fp16")
    add("flash", 1, 64, 8, 128, (4096, 8192))
    return unique(points)


def decode_points():
    points = []
    for heads, kv_heads in ((32, 8), (32, 32), (64, 8), (8, 1)):
        for kv_tokens in (4096, 1024, 16384, 65536):
            for batch in (64, 16, 1, 256, 4):
                point = Attention("flash", "forward", "bf16", 0, batch, heads, kv_heads, 1, kv_tokens, 128)
                if point.bytes < 20e9:
                    points += [point, dataclasses.replace(point, backend="cudnn")]
    return unique(points)


def memory_points():
    sizes = [s * MIB for s in (1024, 256, 64, 4096, 16, 4, 1, 8192)]
    points = [Transfer(op, s) for s in sizes for op in ("copy", "read", "write", "triad")]
    return points + [Transfer(op, s) for s in sizes if s <= 1024 * MIB for op in ("host_to_device", "device_to_host")]


# Operation, direction, fewest bytes per element at two bytes each; a dropout mask is one byte, statistics are left out.
ELEMENTWISE = [
    ("layernorm", "forward", 4), ("layernorm", "backward", 6), ("rmsnorm", "forward", 4), ("rmsnorm", "backward", 6),
    ("gelu", "forward", 4), ("gelu", "backward", 6), ("silu_mul", "forward", 6), ("silu_mul", "backward", 10),
    ("bias_dropout_add", "forward", 7), ("bias_dropout_add", "backward", 5), ("softmax", "forward", 4),
    ("softmax", "backward", 6), ("add", "forward", 6), ("dropout", "forward", 5), ("dropout", "backward", 5),
    ("rotary", "forward", 4), ("rotary", "backward", 4), ("fp32_to_bf16", "forward", 6), ("bf16_to_fp32", "forward", 6),
    ("bf16_to_fp8", "forward", 3), ("transpose_copy", "forward", 4)]
COMPILED = ("layernorm", "rmsnorm", "silu_mul", "bias_dropout_add", "rotary", "gelu", "bf16_to_fp8")


def elementwise_points():
    shapes = [(8192, 8192), (2048, 4096), (16384, 4096), (4096, 12288), (512, 1024), (32768, 8192)]
    points = [Elementwise(op, direction, "eager", "bf16", *shapes[0], b) for op, direction, b in ELEMENTWISE]
    for parameters in (1 << 28, 1 << 24, 1 << 30, 1 << 20):  # fp32: read p, g, m, v; write p, m, v
        points += [Elementwise("adamw_fused", "step", "eager", "fp32", 1, parameters, 28),
                   Elementwise("grad_norm", "step", "eager", "fp32", 1, parameters, 4),
                   Elementwise("clip_grad", "step", "eager", "fp32", 1, parameters, 12)]
    points.append(Elementwise("adamw_foreach", "step", "eager", "fp32", 1, 1 << 28, 28))
    for vocabulary in (32000, 128256, 50304):  # logits in bf16, the loss in fp32 as training stacks do
        points += [Elementwise("cross_entropy", d, "eager", "bf16", t, vocabulary, b)
                   for t in (4096, 8192) for d, b in (("forward", 2), ("backward", 4))]
    for rows, columns in ((16384, 4096), (16384, 8192), (4096, 12288)):
        points += [Elementwise("embedding", d, "eager", "bf16", rows, columns, 4) for d in ("forward", "backward")]
    points += [Elementwise(op, d, "compiled", "bf16", *shapes[0], b) for op, d, b in ELEMENTWISE if op in COMPILED]
    points += [Elementwise(op, d, "eager", "bf16", *s, b) for s in shapes[1:] for op, d, b in ELEMENTWISE]
    return unique(points)


def launch_points():
    points = [Launch("empty_add", mode, "forward") for mode in ("eager", "graph")]
    for op in ("linear", "add", "layernorm", "rmsnorm", "gelu", "dropout", "softmax", "attention", "embedding",
               "gpt_layer", "llama_layer"):
        points += [Launch(op, "eager", direction) for direction in ("forward", "backward")]
    points += [Launch(op, "graph", "forward") for op in ("linear", "layernorm", "gpt_layer", "llama_layer")]
    return points + [Launch(op, "eager", "step") for op in ("adamw_fused_300_tensors", "item", "synchronize")]


def layer_points():
    gpt = [(4096, 32), (2048, 16), (8192, 64), (12288, 96), (1024, 16), (6144, 48)]
    points = [Layer("gpt", "eager", h, a, a, 4 * h, b, 2048, p) for h, a in gpt for b, p in ((1, 0.0), (4, 0.1))]
    llama = [(4096, 32, 8, 14336), (8192, 64, 8, 28672), (5120, 40, 40, 13824), (4096, 32, 32, 11008)]
    points += [Layer("llama", "eager", *sizes, b, s, 0.0) for sizes in llama for b, s in ((1, 8192), (2, 4096))]
    compiled = [Layer("llama", "compiled", *llama[0], 1, 8192, 0.0),
                Layer("gpt", "compiled", 4096, 32, 32, 16384, 4, 2048, 0.0),
                Layer("llama", "compiled", *llama[1], 1, 8192, 0.0)]
    return points[:4] + points[12:16] + compiled[:2] + points[4:12] + points[16:] + compiled[2:]


def power_points(window_s=3.0):
    names = ("idle_context", "gemm_bf16_large", "memory_copy", "attention_forward", "attention_backward",
             "gemm_fp8_large", "decode_attention", "layer_training", "elementwise", "gemm_int8_large",
             "gemm_bf16_small", "gemm_bf16_medium", "gemm_fp16_large", "memory_read", "memory_write",
             "gemm_weight_stream", "adamw", "launch_bound", "idle_context_hot")
    return [Activity(name, window_s) for name in names]
