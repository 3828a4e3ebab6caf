"""Kernel times from CUDA events, and operands that do not sit in the L2 cache."""

import dataclasses
import math
import statistics

GRAPH_BELOW_S = 5e-4  # shorter calls are replayed from a CUDA graph: launched one by one, the host would be timed
GRAPH_CALLS = 32
MAX_SETS = 64


def run_all(calls):
    for call in calls:  # a loop, not a list: a list would keep every result alive
        call()


@dataclasses.dataclass
class Timing:
    time_s: float
    spread_ratio: float  # (slowest - fastest) / median of the samples
    method: str          # graph or eager


class Timer:
    def __init__(self, torch, samples=5, sample_s=0.01):
        self.torch = torch
        self.samples = samples
        self.sample_s = sample_s
        # One side stream for everything: graphs cannot be captured on the default stream, and a backward pass
        # runs on the stream of its forward pass.
        self.stream = torch.cuda.Stream()
        torch.cuda.set_stream(self.stream)

    def elapsed_s(self, body):
        begin, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        body()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) * 1e-3

    def time(self, calls, graph=True):
        """Median time of one call; `calls` do the same work on different operands, and take turns."""
        run_all(calls[:3] + calls[:1])
        self.torch.cuda.synchronize()
        once = self.elapsed_s(calls[-1])
        if graph and once < GRAPH_BELOW_S:
            captured = self._capture(calls)
            if captured is not None:
                return self._sample(captured[0].replay, captured[1], "graph")
        return self._sample(lambda: run_all(calls), len(calls), "eager")

    def _sample(self, body, calls_per_body, method):
        body()
        repeats = max(1, min(500, round(self.sample_s / max(self.elapsed_s(body), 1e-7))))
        times = [self.elapsed_s(lambda: run_all([body] * repeats)) / (repeats * calls_per_body)
                 for _ in range(self.samples)]
        median = statistics.median(times)
        return Timing(median, (max(times) - min(times)) / median if median else 0.0, method)

    def _capture(self, calls):
        count = len(calls) * math.ceil(GRAPH_CALLS / len(calls))
        graph = self.torch.cuda.CUDAGraph()
        try:
            with self.torch.cuda.graph(graph, stream=self.stream):
                for i in range(count):
                    calls[i % len(calls)]()
        except RuntimeError:  # the operation synchronises or allocates outside the graph: time it launched one by one
            self.torch.cuda.synchronize()
            return None
        return graph, count


class Pool:
    """Random data, never zeros: zeros draw less power and so run faster. Tensors are views at advancing offsets."""

    ALIGNMENT_BYTES = 512

    def __init__(self, torch, pool_bytes, l2_bytes):
        self.torch = torch
        self.pool_bytes = pool_bytes
        self.l2_bytes = l2_bytes
        self.flat = {}
        self.cursor = {}
        self.dtypes = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32,
                       "fp8": getattr(torch, "float8_e4m3fn", None), "int8": torch.int8}

    def sets(self, call_bytes, most=MAX_SETS):
        """How many operand sets keep each call's operands out of the cache."""
        return max(1, min(most, math.ceil(3 * self.l2_bytes / max(call_bytes, 1))))

    def random(self, elements, dtype):
        torch = self.torch
        if dtype == "int8":
            return torch.randint(-127, 128, (elements,), dtype=torch.int8, device="cuda")
        if dtype == "fp8":
            flat = torch.empty(elements, dtype=torch.uint8, device="cuda").view(self.dtypes["fp8"])
            step = 1 << 28
            for begin in range(0, elements, step):
                part = torch.randn(min(step, elements - begin), dtype=torch.bfloat16, device="cuda")
                flat[begin:begin + step].copy_(part)
            return flat
        return torch.randn(elements, dtype=self.dtypes[dtype], device="cuda")

    def take(self, shape, dtype):
        elements, size = math.prod(shape), {"fp32": 4, "bf16": 2, "fp16": 2}.get(dtype, 1)
        capacity = self.pool_bytes // size
        if elements > capacity:
            return self.random(elements, dtype).view(shape)
        if dtype not in self.flat:
            self.flat[dtype], self.cursor[dtype] = self.random(capacity, dtype), 0
        begin = self.cursor[dtype]
        if begin + elements > capacity:
            begin = 0
        step = self.ALIGNMENT_BYTES // size
        self.cursor[dtype] = begin + math.ceil(elements / step) * step
        return self.flat[dtype][begin:begin + elements].view(shape)

    def leaf(self, shape, dtype):
        return self.take(shape, dtype).detach().requires_grad_()

    def release(self):
        self.flat.clear()
        self.cursor.clear()
        self.torch.cuda.empty_cache()
