"""The suites: how each point is measured, and the row it leaves. One entry a suite in SUITES."""

import dataclasses
import statistics
import time

import board
import kernels
import layers
import operators
import points
import timing

HOST_CALLS = 20  # few enough that the driver's launch queue does not fill and block the host
HOST_ROUNDS = 30


@dataclasses.dataclass
class Context:
    torch: object
    timer: object
    pool: object
    board: object  # None where NVML is missing


@dataclasses.dataclass(frozen=True)
class Suite:
    points: object   # () -> list
    measure: object  # (context, point) -> dict
    share: float     # of the time budget
    needs_board: bool = False


def work_row(point):
    row = dataclasses.asdict(point)
    if hasattr(point, "flops"):
        row["flops"] = int(point.flops)
    row["bytes"] = int(point.bytes)
    return row


def timed_row(context, point, calls, graph=True):
    return {**work_row(point), **dataclasses.asdict(context.timer.time(calls, graph))}


def measure_gemm(context, point):
    return timed_row(context, point, kernels.gemm_calls(context.torch, context.pool, point))


def measure_attention(context, point):
    return timed_row(context, point, kernels.attention_calls(context.torch, context.pool, point))


def measure_transfer(context, point):
    return timed_row(context, point, kernels.transfer_calls(context.torch, context.pool, point))


def measure_elementwise(context, point):
    calls, graph = operators.elementwise_calls(context.torch, context.pool, point)
    return timed_row(context, point, calls, graph)


# Launches ---------------------------------------------------------------------------------------------------------

def launch_call(context, point):
    """One call of a module's operator on so little data that the launch is all the work."""
    torch, pool, f = context.torch, context.pool, context.torch.nn.functional
    x = pool.leaf((1, 16, 1024), "bf16")
    weight, vector = pool.leaf((1024, 1024), "bf16"), pool.leaf((1024,), "bf16")
    if point.operation.endswith("_layer"):
        kind = point.operation[:-6]
        layer = layers.build_layer(torch, points.Layer(kind, "eager", 1024, 8, 8, 4096, 1, 16, 0.0))
        return lambda: layer(x), (x, *layer.parameters())
    heads = x.view(1, 16, 8, 128).transpose(1, 2)
    tokens = torch.randint(0, 1024, (16,), device="cuda")
    counter = torch.randn(32, device="cuda")
    table = {
        "empty_add": (lambda: counter.add_(1), ()),
        "linear": (lambda: f.linear(x, weight, vector), (x, weight, vector)),
        "add": (lambda: x + x, (x,)),
        "layernorm": (lambda: f.layer_norm(x, (1024,), vector, vector), (x, vector)),
        "rmsnorm": (lambda: f.rms_norm(x, (1024,), vector), (x, vector)),
        "gelu": (lambda: f.gelu(x), (x,)),
        "dropout": (lambda: f.dropout(x, 0.1), (x,)),
        "softmax": (lambda: f.softmax(x, dim=-1), (x,)),
        "attention": (lambda: f.scaled_dot_product_attention(heads, heads, heads, is_causal=True), (x,)),
        "embedding": (lambda: f.embedding(tokens, weight), (weight,)),
        "item": (lambda: counter[0].item(), ()),
        "synchronize": (torch.cuda.synchronize, ()),
    }
    return table[point.operation] if point.operation in table else (_adamw_step(torch), ())


def _adamw_step(torch):
    parameters = [torch.randn(1024, device="cuda", requires_grad=True) for _ in range(300)]
    for parameter in parameters:
        parameter.grad = torch.randn(1024, device="cuda")
    return torch.optim.AdamW(parameters, lr=1e-4, fused=True).step


def measure_launch(context, point):
    """Host time a call while nothing waits, and the time a call once the queue is drained."""
    torch = context.torch
    forward, inputs = launch_call(context, point)
    call = forward
    if point.direction == "backward":
        output = forward()
        gradient = torch.randn_like(output)
        call = lambda: torch.autograd.grad(output, inputs, gradient, retain_graph=True)
    body = _graph_of(context, call) if point.mode == "graph" else lambda: timing.run_all([call] * HOST_CALLS)
    body()
    host, total = [], []
    for _ in range(HOST_ROUNDS):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        body()
        host.append(time.perf_counter() - begin)
        torch.cuda.synchronize()
        total.append(time.perf_counter() - begin)
    return {**dataclasses.asdict(point), "calls": HOST_CALLS, "host_s": statistics.median(host) / HOST_CALLS,
            "total_s": statistics.median(total) / HOST_CALLS}


def _graph_of(context, call):
    torch = context.torch
    with torch.no_grad():
        call()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=context.timer.stream):
            timing.run_all([call] * HOST_CALLS)
    return graph.replay


# Layers -----------------------------------------------------------------------------------------------------------

def measure_layer(context, point):
    torch, cuda = context.torch, context.torch.cuda
    layer = layers.build_layer(torch, point)
    forward, backward = layers.training_calls(torch, context.pool, point, layer)
    for _ in range(2):
        backward(forward())
    cuda.synchronize()
    cuda.reset_peak_memory_stats()
    before = cuda.memory_allocated()
    output = forward()
    activations = cuda.memory_allocated() - before
    backward(output)
    samples = [_layer_sample(torch, forward, backward) for _ in range(context.timer.samples * 2)]
    return {**dataclasses.asdict(point), "parameters": int(point.parameters), "forward_flops": int(point.flops),
            "forward_s": statistics.median(s[0] for s in samples),
            "backward_s": statistics.median(s[1] for s in samples),
            "activation_bytes": activations, "peak_memory_bytes": cuda.max_memory_allocated()}


def _layer_sample(torch, forward, backward):
    """Two passes are queued first, so that the host is ahead where it can be, as in training."""
    for _ in range(2):
        backward(forward())
    events = [torch.cuda.Event(enable_timing=True) for _ in range(3)]
    events[0].record()
    output = forward()
    events[1].record()
    backward(output)
    events[2].record()
    events[2].synchronize()
    return [events[i].elapsed_time(events[i + 1]) * 1e-3 for i in range(2)]


# Power ------------------------------------------------------------------------------------------------------------

def activity_work(context, name):
    """The calls of an activity, and the flops and bytes of one call."""
    gemms = {"large": (8192, 8192, 8192), "medium": (2048, 4096, 4096), "small": (512, 1024, 1024),
             "stream": (16, 57344, 8192)}
    attention = lambda direction: points.Attention("flash", direction, "bf16", 1, 4, 32, 32, 4096, 4096, 128)
    torch, pool = context.torch, context.pool
    if name.startswith("gemm_"):
        dtype = name.split("_")[1] if name != "gemm_weight_stream" else "bf16"
        point, build = points.Gemm("power", dtype, "nt", *gemms[name.split("_")[2]]), kernels.gemm_calls
    elif name.startswith("attention_"):
        point, build = attention(name[10:]), kernels.attention_calls
    elif name == "decode_attention":
        point = points.Attention("flash", "forward", "bf16", 0, 64, 32, 8, 1, 16384, 128)
        build = kernels.attention_calls
    elif name.startswith("memory_"):
        point, build = points.Transfer(name[7:], 2 << 30), kernels.transfer_calls
    elif name in ("elementwise", "adamw"):
        point = points.Elementwise("rmsnorm", "forward", "eager", "bf16", 8192, 8192, 4)
        if name == "adamw":
            point = points.Elementwise("adamw_fused", "step", "eager", "fp32", 1, 1 << 28, 28)
        return operators.elementwise_calls(torch, pool, point)[0], 0, point.bytes
    else:
        return _composite_work(context, name)
    return build(torch, pool, point), getattr(point, "flops", 0), point.bytes


def _composite_work(context, name):
    torch = context.torch
    if name == "launch_bound":
        counter = torch.randn(32, device="cuda")
        return [lambda: counter.add_(1)], 0, 0
    if name != "layer_training":
        raise ValueError(f"unknown activity {name!r}")
    point = points.Layer("llama", "eager", 4096, 32, 8, 14336, 1, 8192, 0.0)
    forward, backward = layers.training_calls(torch, context.pool, point, layers.build_layer(torch, point))
    return [lambda: backward(forward())], 3 * point.flops, 0


def measure_power(context, point):
    limit = context.board.describe()["power_limit_w"]
    if point.activity.startswith("idle"):
        context.torch.cuda.synchronize()
        time.sleep(board.SETTLE_S)
        return power_row(point.activity, board.watch_idle(context.board, point.window_s), 0, 0, 0, limit)
    calls, flops, moved = activity_work(context, point.activity)
    _run_for(context, calls, board.SETTLE_S)
    watch = board.Watch(context.board)
    watch.begin()
    count, span_s = _run_for(context, calls, point.window_s)
    watch.end()
    return power_row(point.activity, watch.row(), count / span_s, flops, moved, limit)


def power_row(activity, seen, calls_per_s, flops, moved, limit):
    return {"activity": activity, **seen, "power_limit_w": limit, "calls_per_s": float(calls_per_s),
            "flops_per_s": float(calls_per_s * flops), "bytes_per_s": float(calls_per_s * moved)}


def _run_for(context, calls, seconds):
    """Keeps the device busy: a chunk is always queued while the one before it runs."""
    chunk = max(1, min(2000, round(0.02 / max(context.timer.elapsed_s(calls[0]), 1e-5))))
    begin, done, previous = time.perf_counter(), 0, None
    while time.perf_counter() - begin < seconds:
        for i in range(chunk):
            calls[(done + i) % len(calls)]()
        done += chunk
        event = context.torch.cuda.Event()
        event.record()
        if previous is not None:
            previous.synchronize()
        previous = event
    context.torch.cuda.synchronize()
    return done, time.perf_counter() - begin


SUITES = {
    "memory": Suite(points.memory_points, measure_transfer, 0.06),
    "gemm": Suite(points.gemm_points, measure_gemm, 0.34),
    "attention_forward": Suite(lambda: points.attention_points("forward"), measure_attention, 0.08),
    "attention_backward": Suite(lambda: points.attention_points("backward"), measure_attention, 0.12),
    "attention_decode": Suite(points.decode_points, measure_attention, 0.08),
    "power": Suite(points.power_points, measure_power, 0.16, needs_board=True),
    "elementwise": Suite(points.elementwise_points, measure_elementwise, 0.08),
    "launch": Suite(points.launch_points, measure_launch, 0.03),
    "layer": Suite(points.layer_points, measure_layer, 0.05),
}
