"""A stand-in for PyTorch on a device with a known clock: shapes are checked, and every kernel takes KERNEL_S.

It lets the calibration kit run without a GPU, so that its timing, its shapes and its tables can be tested. It knows
nothing of PyTorch's own rules about formats or alignment.
"""

import contextlib
import math
import sys
import types

KERNEL_S = 1e-5


class Clock:
    now_s = 0.0
    recording = None

    @classmethod
    def tick(cls, kernels=1):
        if cls.recording is None:
            cls.now_s += kernels * KERNEL_S
        else:
            cls.recording.kernels += kernels


def broadcast(a, b):
    longest = max(len(a), len(b))
    a, b = (1,) * (longest - len(a)) + tuple(a), (1,) * (longest - len(b)) + tuple(b)
    for x, y in zip(a, b):
        if x != y and 1 not in (x, y):
            raise RuntimeError(f"shapes {a} and {b} do not match")
    return tuple(max(x, y) for x, y in zip(a, b))


def sizes_of(arguments):
    return tuple(arguments[0]) if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)) else arguments


def compute(shape, *inputs):
    Clock.tick()
    return Tensor(shape, any(isinstance(i, Tensor) and i.requires_grad for i in inputs))


class Tensor:
    def __init__(self, shape, requires_grad=False):
        self.shape = tuple(shape)
        self.requires_grad = requires_grad
        self.grad = None

    def _like(self, shape):
        return Tensor(shape, self.requires_grad)

    def numel(self):
        return math.prod(self.shape)

    def view(self, *shape):
        if isinstance(shape[0], str):
            return self._like(self.shape)
        shape = sizes_of(shape)
        known = math.prod(s for s in shape if s != -1)
        shape = tuple(self.numel() // known if s == -1 else s for s in shape)
        if math.prod(shape) != self.numel():
            raise RuntimeError(f"view of {self.shape} as {shape}")
        return self._like(shape)

    reshape = view

    def detach(self):
        return Tensor(self.shape)

    def requires_grad_(self):
        self.requires_grad = True
        return self

    def transpose(self, a, b):
        shape = list(self.shape)
        shape[a], shape[b] = shape[b], shape[a]
        return self._like(shape)

    def t(self):
        return self.transpose(0, 1)

    def split(self, sizes, dim=0):
        whole = self.shape[dim]
        if isinstance(sizes, int):
            sizes = [min(sizes, whole - begin) for begin in range(0, whole, sizes)]
        if sum(sizes) != whole:
            raise RuntimeError(f"split of {whole} into {sizes}")
        dim %= len(self.shape)
        return tuple(self._like(self.shape[:dim] + (s,) + self.shape[dim + 1:]) for s in sizes)

    def chunk(self, count, dim):
        return self.split([self.shape[dim] // count] * count, dim)

    def unbind(self, dim):
        return tuple(self._like(self.shape[:dim] + self.shape[dim + 1:]) for _ in range(self.shape[dim]))

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        shape = []
        for i, size in zip(index + (slice(None),) * (len(self.shape) - len(index)), self.shape):
            if isinstance(i, slice):
                shape.append(len(range(*i.indices(size))))
        return self._like(shape)

    def copy_(self, other, non_blocking=False):
        if broadcast(self.shape, other.shape) != self.shape:
            raise RuntimeError("copy_ of another shape")
        Clock.tick()
        return self

    def fill_(self, *_):
        Clock.tick()
        return self

    add_ = square_ = fill_

    def sum(self):
        return compute((), self)

    def to(self, *_):
        return compute(self.shape, self)

    def float(self):
        return compute(self.shape, self)

    contiguous = cos = sin = float

    def triu(self, _):
        return compute(self.shape, self)

    def item(self):
        return 1.0

    def backward(self, gradient):
        if gradient.shape != self.shape or not self.requires_grad:
            raise RuntimeError("backward")
        Clock.tick(2)

    def _binary(self, other):
        return compute(broadcast(self.shape, getattr(other, "shape", ())), self, other)

    __add__ = __radd__ = __sub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _binary


def matmul(a, b):
    if a.shape[-1] != b.shape[-2]:
        raise RuntimeError(f"matmul of {a.shape} and {b.shape}")
    return compute(broadcast(a.shape[:-2], b.shape[:-2]) + (a.shape[-2], b.shape[-1]), a, b)


def scaled_mm(a, b, scale_a, scale_b, out_dtype, use_fast_accum):
    if (scale_a.shape, scale_b.shape) not in (((), ()), ((a.shape[0], 1), (1, b.shape[1]))):
        raise RuntimeError("scales")
    return matmul(a, b)


def attention(q, k, v, dropout_p=0.0, is_causal=False, enable_gqa=False):
    if (q.shape[1] != k.shape[1]) != enable_gqa or k.shape != v.shape or q.shape[3] != k.shape[3]:
        raise RuntimeError(f"attention of {q.shape} and {k.shape}")
    return compute(q.shape, q, k, v)


def grad(output, inputs, gradient=None, retain_graph=False):
    if not output.requires_grad or not all(i.requires_grad for i in inputs):
        raise RuntimeError("an input needs no gradient")
    if (gradient.shape if gradient else ()) != output.shape:
        raise RuntimeError("gradient of another shape")
    Clock.tick(2)
    return tuple(Tensor(i.shape) for i in inputs)


class Module:
    training = True

    def __init__(self):
        pass

    def parameters(self):
        for value in vars(self).values():
            if isinstance(value, Module):
                yield from value.parameters()
            elif isinstance(value, Tensor) and value.requires_grad:
                yield value

    def register_buffer(self, name, value):
        setattr(self, name, value)

    def to(self, *_):
        return self

    def eval(self):
        self.training = False

    def __call__(self, x):
        return self.forward(x)


class Linear(Module):
    def __init__(self, inputs, outputs, bias=True):
        self.weight = Tensor((outputs, inputs), True)

    def forward(self, x):
        return matmul(x, self.weight.t())


class Norm(Module):
    def __init__(self, width):
        self.weight = Tensor((width,), True)

    def forward(self, x):
        return compute(broadcast(x.shape, self.weight.shape), x)


class Event:
    def __init__(self, enable_timing=False):
        self.at_s = 0.0

    def record(self):
        self.at_s = Clock.now_s

    def synchronize(self):
        pass

    def elapsed_time(self, other):
        return (other.at_s - self.at_s) * 1e3


class CUDAGraph:
    def __init__(self):
        self.kernels = 0

    def replay(self):
        Clock.tick(self.kernels)


@contextlib.contextmanager
def capture(graph, stream=None):
    Clock.recording = graph
    try:
        yield
    finally:
        Clock.recording = None


class AdamW:
    def __init__(self, parameters, lr, fused=False, foreach=False):
        self.step = Clock.tick


def create(*shape, **_):
    return compute(sizes_of(shape))


def functional():
    same = lambda x, *_, **__: compute(x.shape, x)
    return types.SimpleNamespace(
        layer_norm=same, rms_norm=same, gelu=same, silu=same, dropout=same, softmax=same,
        scaled_dot_product_attention=attention, linear=lambda x, w, b: matmul(x, w.t()),
        cross_entropy=lambda x, targets: compute((), x),
        embedding=lambda tokens, weight: compute(tokens.shape + weight.shape[1:], weight))


def cuda(memory_bytes, l2_bytes):
    properties = types.SimpleNamespace(name="Fake GPU", major=9, minor=0, multi_processor_count=132,
                                       total_memory=memory_bytes, L2_cache_size=l2_bytes, uuid="0000-11")
    nothing = lambda *_: None
    return types.SimpleNamespace(
        Stream=object, set_stream=nothing, Event=Event, CUDAGraph=CUDAGraph, graph=capture, synchronize=nothing,
        empty_cache=nothing, is_available=lambda: True, get_device_properties=lambda _: properties,
        memory_allocated=lambda: 7, max_memory_allocated=lambda: 9, reset_peak_memory_stats=nothing)


def install(memory_bytes=141_000_000_000, l2_bytes=60_000_000):
    """Puts the stand-in where `import torch` finds it, and returns it."""
    torch, functional_module = types.ModuleType("torch"), functional()
    attention_module = types.ModuleType("torch.nn.attention")
    attention_module.SDPBackend = types.SimpleNamespace(FLASH_ATTENTION=1, CUDNN_ATTENTION=2)
    attention_module.sdpa_kernel = contextlib.nullcontext
    nn = types.ModuleType("torch.nn")
    nn.__dict__.update(functional=functional_module, Module=Module, Linear=Linear, LayerNorm=Norm, RMSNorm=Norm,
                       attention=attention_module, init=types.SimpleNamespace(normal_=lambda p, std: None))
    functorch, config = types.ModuleType("torch._functorch"), types.ModuleType("torch._functorch.config")
    functorch.config = config
    foreach = lambda tensors, *_: (Clock.tick(), [Tensor(()) for _ in tensors])[1]
    torch.__dict__.update(
        __version__="0.fake", version=types.SimpleNamespace(cuda="0"), nn=nn, cuda=cuda(memory_bytes, l2_bytes),
        backends=types.SimpleNamespace(cudnn=types.SimpleNamespace(version=lambda: 0)),
        optim=types.SimpleNamespace(AdamW=AdamW),
        bfloat16="bf16", float16="fp16", float32="fp32", float8_e4m3fn="fp8", int8="int8", uint8="uint8",
        randn=create, rand=create, empty=create, ones=create, randn_like=lambda x: Tensor(x.shape),
        full=lambda shape, *_, **__: Tensor(shape), randint=lambda low, high, shape, **_: Tensor(shape),
        matmul=matmul, _int_mm=matmul, _scaled_mm=scaled_mm, softmax=functional_module.softmax,
        add=lambda a, b, alpha, out: compute(broadcast(a.shape, b.shape), a), compile=lambda f, dynamic: f,
        cat=lambda parts, dim: compute(parts[0].shape[:-1] + (sum(p.shape[-1] for p in parts),), *parts),
        stack=lambda parts: compute((len(parts),)), clamp=lambda x, max: compute(x.shape),
        linalg=types.SimpleNamespace(vector_norm=lambda x: compute(())), _foreach_norm=foreach, _foreach_mul_=foreach,
        _fused_adamw_=lambda *_, **__: Clock.tick(), autograd=types.SimpleNamespace(grad=grad),
        no_grad=contextlib.nullcontext, device=contextlib.nullcontext, _functorch=functorch)
    for module in (torch, nn, attention_module, functorch, config):
        sys.modules[module.__name__] = module
    Clock.now_s, Clock.recording = 0.0, None
    return torch
