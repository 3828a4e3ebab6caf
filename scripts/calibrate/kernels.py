"""Builds the timed calls of one point: each returned function does the point's work once on its own operands."""


def gemm_calls(torch, pool, p):
    count = pool.sets(p.bytes)
    return [_gemm_call(torch, pool, p) for _ in range(count)]


def _gemm_call(torch, pool, p):
    dtype = "fp8" if p.dtype == "fp8_rowwise" else p.dtype
    lead = (p.batch,) if p.batch > 1 else ()
    a = pool.take(lead + ((p.m, p.k) if p.layout[0] == "n" else (p.k, p.m)), dtype)
    b = pool.take(lead + ((p.k, p.n) if p.layout[1] == "n" else (p.n, p.k)), dtype)
    a = a if p.layout[0] == "n" else a.transpose(-2, -1)
    b = b if p.layout[1] == "n" else b.transpose(-2, -1)
    if dtype == "int8":
        return lambda: torch._int_mm(a, b)
    if dtype == "fp8":
        rows, columns = ((p.m, 1), (1, p.n)) if p.dtype == "fp8_rowwise" else ((), ())
        scale_a, scale_b = torch.ones(rows, device="cuda"), torch.ones(columns, device="cuda")
        return lambda: torch._scaled_mm(a, b, scale_a=scale_a, scale_b=scale_b, out_dtype=torch.bfloat16,
                                        use_fast_accum=True)
    return lambda: torch.matmul(a, b)


def sdpa_backend(torch, name):
    """Forces one attention kernel; it refuses a case that it does not support instead of falling back."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    return sdpa_kernel({"flash": SDPBackend.FLASH_ATTENTION, "cudnn": SDPBackend.CUDNN_ATTENTION}[name])


def attention_calls(torch, pool, p):
    count = pool.sets(p.bytes, 4 if p.direction == "backward" else 64)
    return [_attention_call(torch, pool, p) for _ in range(count)]


def _attention_call(torch, pool, p):
    # Stored [batch, tokens, heads, head_dim], as the projection before it leaves them.
    backward = p.direction == "backward"
    take = pool.leaf if backward else pool.take
    q = take((p.batch, p.query_tokens, p.heads, p.head_dim), p.dtype)
    k = take((p.batch, p.kv_tokens, p.kv_heads, p.head_dim), p.dtype)
    v = take((p.batch, p.kv_tokens, p.kv_heads, p.head_dim), p.dtype)
    heads_first = lambda x: x.transpose(1, 2)
    if p.backend == "unfused":
        mask = causal_mask(torch, p.kv_tokens)
        forward = lambda: unfused_attention(torch, heads_first(q), heads_first(k), heads_first(v), mask,
                                            p.dropout_ratio)
    else:
        forward = lambda: _fused_attention(torch, p, heads_first(q), heads_first(k), heads_first(v))
    if not backward:
        return forward
    output = forward()
    gradient = pool.take(tuple(output.shape), p.dtype)
    return lambda: torch.autograd.grad(output, (q, k, v), gradient, retain_graph=True)


def _fused_attention(torch, p, q, k, v):
    with sdpa_backend(torch, p.backend):
        return torch.nn.functional.scaled_dot_product_attention(
            q, k, v, dropout_p=p.dropout_ratio, is_causal=bool(p.causal), enable_gqa=p.heads != p.kv_heads)


def causal_mask(torch, tokens):
    return torch.full((tokens, tokens), float("-inf"), dtype=torch.bfloat16, device="cuda").triu(1)


def unfused_attention(torch, q, k, v, mask, dropout_ratio):
    scores = torch.matmul(q, k.transpose(-2, -1)) * q.shape[-1] ** -0.5 + mask
    weights = torch.softmax(scores, dim=-1)
    if dropout_ratio:
        weights = torch.nn.functional.dropout(weights, dropout_ratio)
    return torch.matmul(weights, v)


def transfer_calls(torch, pool, p):
    """Buffers are of fp32, so that the sum behind `read` stays finite."""
    elements = p.buffer_bytes // 4
    if p.operation in ("host_to_device", "device_to_host"):
        device = torch.randn(elements, dtype=torch.float32, device="cuda")
        host = torch.empty(elements, dtype=torch.float32, pin_memory=True).copy_(device)
        source, target = (host, device) if p.operation == "host_to_device" else (device, host)
        return [lambda: target.copy_(source, non_blocking=True)]
    return [_transfer_call(torch, pool, p.operation, elements) for _ in range(pool.sets(p.bytes))]


def _transfer_call(torch, pool, operation, elements):
    source = pool.take((elements,), "fp32")
    if operation == "read":
        return lambda: source.sum()
    target = torch.empty(elements, dtype=torch.float32, device="cuda")
    if operation == "copy":
        return lambda: target.copy_(source)
    if operation == "write":
        return lambda: target.fill_(1.25)
    other = pool.take((elements,), "fp32")
    return lambda: torch.add(source, other, alpha=1.5, out=target)
