"""Memory-bound operators and the optimizer: what a training stack runs between its matrix products."""

HEAD_DIM = 128
OPTIMIZER_CHUNK = 1 << 26


def rotary(torch, x, cosine, sine):
    """Rotates the halves of each head (Su 2021, RoFormer, equation 34, in the half-split order of Llama)."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


def forward_functions(torch):
    """Operation -> (number of matrix inputs, number of vector inputs, function of them)."""
    f = torch.nn.functional

    def rope(x):
        heads = x.view(x.shape[0], -1, HEAD_DIM)
        angle = heads[:, :1, :HEAD_DIM // 2].detach()
        return rotary(torch, heads, angle, angle)

    return {
        "layernorm": (1, 2, lambda x, w, b: f.layer_norm(x, (x.shape[-1],), w, b)),
        "rmsnorm": (1, 1, lambda x, w: f.rms_norm(x, (x.shape[-1],), w)),
        "gelu": (1, 0, lambda x: f.gelu(x, approximate="tanh")),
        "silu_mul": (2, 0, lambda x, y: f.silu(x) * y),
        "bias_dropout_add": (2, 1, lambda x, y, b: f.dropout(x + b, 0.1) + y),
        "softmax": (1, 0, lambda x: f.softmax(x, dim=-1)),
        "add": (2, 0, lambda x, y: x + y),
        "dropout": (1, 0, lambda x: f.dropout(x, 0.1)),
        "rotary": (1, 0, rope),
        "bf16_to_fp32": (1, 0, lambda x: x.float()),
        "bf16_to_fp8": (1, 0, lambda x: x.to(torch.float8_e4m3fn)),
        "transpose_copy": (1, 0, lambda x: x.t().contiguous()),
        "fp32_to_bf16": (1, 0, lambda x: x.to(torch.bfloat16)),
    }


def elementwise_calls(torch, pool, p):
    """The timed calls and whether they can be captured in a graph."""
    if p.direction == "step":
        return optimizer_calls(torch, pool, p)
    special = {"cross_entropy": _cross_entropy, "embedding": _embedding}.get(p.operation)
    count = pool.sets(p.bytes, 16)
    if special:
        # The gradient of an embedding waits for a count from the device: it cannot be captured.
        capture = (p.operation, p.direction) != ("embedding", "backward")
        return [special(torch, pool, p) for _ in range(min(count, 4))], capture
    matrices, vectors, function = forward_functions(torch)[p.operation]
    if p.mode == "compiled":
        import torch._functorch.config
        torch._functorch.config.donated_buffer = False  # the backward pass is timed again and again on one graph
        function = torch.compile(function, dynamic=False)
    return [_elementwise_call(torch, pool, p, matrices, vectors, function) for _ in range(count)], True


def _elementwise_call(torch, pool, p, matrices, vectors, function):
    backward = p.direction == "backward"
    take = pool.leaf if backward else pool.take
    dtype = "fp32" if p.operation == "fp32_to_bf16" else p.dtype
    inputs = [take((p.rows, p.columns), dtype) for _ in range(matrices)]
    inputs += [take((p.columns,), dtype) for _ in range(vectors)]
    if not backward:
        return lambda: function(*inputs)
    output = function(*inputs)
    gradient = pool.take(tuple(output.shape), p.dtype)
    return lambda: torch.autograd.grad(output, inputs, gradient, retain_graph=True)


def _cross_entropy(torch, pool, p):
    backward = p.direction == "backward"
    logits = (pool.leaf if backward else pool.take)((p.rows, p.columns), p.dtype)
    targets = torch.randint(0, p.columns, (p.rows,), device="cuda")
    loss = lambda: torch.nn.functional.cross_entropy(logits.float(), targets)
    if not backward:
        return loss
    value = loss()
    return lambda: torch.autograd.grad(value, (logits,), retain_graph=True)


def _embedding(torch, pool, p):
    backward = p.direction == "backward"
    vocabulary = 32000
    weight = (pool.leaf if backward else pool.take)((vocabulary, p.columns), p.dtype)
    tokens = torch.randint(0, vocabulary, (p.rows,), device="cuda")
    forward = lambda: torch.nn.functional.embedding(tokens, weight)
    if not backward:
        return forward
    output = forward()
    gradient = pool.take(tuple(output.shape), p.dtype)
    return lambda: torch.autograd.grad(output, (weight,), gradient, retain_graph=True)


def optimizer_calls(torch, pool, p):
    """One call on all parameters; large flat fp32 tensors, as sharded optimizers keep them."""
    chunks = lambda: list(torch.randn(p.columns, device="cuda").split(OPTIMIZER_CHUNK))
    gradients = chunks()
    norm = lambda: torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    if p.operation == "grad_norm":
        return [norm], True
    if p.operation == "clip_grad":
        return [lambda: torch._foreach_mul_(gradients, torch.clamp(1e9 / (norm() + 1e-6), max=1.0))], True
    parameters = chunks()
    if p.operation == "adamw_foreach":
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        optimizer = torch.optim.AdamW(parameters, lr=1e-4, foreach=True)
        return [optimizer.step], False
    means, squares = chunks(), [c.square_() for c in chunks()]
    steps = [torch.ones((), device="cuda") for _ in parameters]
    return [lambda: torch._fused_adamw_(parameters, gradients, means, squares, [], steps, lr=1e-4, beta1=0.9,
                                        beta2=0.95, weight_decay=0.1, eps=1e-8, amsgrad=False, maximize=False)], True
