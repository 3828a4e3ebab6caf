"""Whole transformer layers, to hold predictions made from single kernels against."""

from operators import rotary


def build_layer(torch, p):
    """A layer of the point's kind with small random bf16 weights."""
    with torch.device("cuda"):  # on the host, a wide layer's first weights would take a minute
        layer = {"gpt": gpt_class, "llama": llama_class}[p.kind](torch)(p).to(torch.bfloat16)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    if p.dropout_ratio == 0.0:
        layer.eval()
    return torch.compile(layer, dynamic=False) if p.mode == "compiled" else layer


def gpt_class(torch):
    nn, f = torch.nn, torch.nn.functional

    class GptLayer(nn.Module):
        """Pre-norm attention and a GELU feed-forward, with biases and dropout (Radford 2019, GPT-2)."""

        def __init__(self, p):
            super().__init__()
            self.heads, self.dropout = p.heads, p.dropout_ratio
            self.norm1, self.norm2 = nn.LayerNorm(p.hidden), nn.LayerNorm(p.hidden)
            self.qkv, self.out = nn.Linear(p.hidden, 3 * p.hidden), nn.Linear(p.hidden, p.hidden)
            self.up, self.down = nn.Linear(p.hidden, p.ffn), nn.Linear(p.ffn, p.hidden)

        def forward(self, x):
            batch, tokens, hidden = x.shape
            qkv = self.qkv(self.norm1(x)).view(batch, tokens, 3, self.heads, hidden // self.heads)
            q, k, v = (part.transpose(1, 2) for part in qkv.unbind(2))
            drop = self.dropout if self.training else 0.0
            attended = f.scaled_dot_product_attention(q, k, v, dropout_p=drop, is_causal=True)
            x = x + f.dropout(self.out(attended.transpose(1, 2).reshape(batch, tokens, hidden)), drop, self.training)
            fed = self.down(f.gelu(self.up(self.norm2(x)), approximate="tanh"))
            return x + f.dropout(fed, drop, self.training)

    return GptLayer


def llama_class(torch):
    nn, f = torch.nn, torch.nn.functional

    class LlamaLayer(nn.Module):
        """RMSNorm, rotary positions, grouped heads, SwiGLU (Touvron 2023, Llama 2)."""

        def __init__(self, p):
            super().__init__()
            self.heads, self.kv_heads, self.head_dim = p.heads, p.kv_heads, p.hidden // p.heads
            self.norm1, self.norm2 = nn.RMSNorm(p.hidden), nn.RMSNorm(p.hidden)
            self.qkv = nn.Linear(p.hidden, (p.heads + 2 * p.kv_heads) * self.head_dim, bias=False)
            self.out = nn.Linear(p.hidden, p.hidden, bias=False)
            self.gate_up, self.down = nn.Linear(p.hidden, 2 * p.ffn, bias=False), nn.Linear(p.ffn, p.hidden, bias=False)
            angle = torch.rand(p.tokens, 1, self.head_dim // 2)
            self.register_buffer("cosine", angle.cos())
            self.register_buffer("sine", angle.sin())

        def forward(self, x):
            batch, tokens, hidden = x.shape
            qkv = self.qkv(self.norm1(x)).view(batch, tokens, -1, self.head_dim)
            q, k, v = qkv.split((self.heads, self.kv_heads, self.kv_heads), dim=2)
            q, k = (rotary(torch, part, self.cosine, self.sine).transpose(1, 2) for part in (q, k))
            attended = f.scaled_dot_product_attention(q, k, v.transpose(1, 2), is_causal=True,
                                                      enable_gqa=self.heads != self.kv_heads)
            x = x + self.out(attended.transpose(1, 2).reshape(batch, tokens, hidden))
            gate, up = self.gate_up(self.norm2(x)).chunk(2, dim=-1)
            return x + self.down(f.silu(gate) * up)

    return LlamaLayer


def training_calls(torch, pool, p, layer):
    """The forward pass, and the backward pass of what it returned."""
    x = pool.take((p.batch, p.tokens, p.hidden), "bf16").detach().requires_grad_()
    gradient = pool.take((p.batch, p.tokens, p.hidden), "bf16")

    def backward(output):
        x.grad = None
        for parameter in layer.parameters():
            parameter.grad = None  # the first micro-batch of a step: gradients are written, not added
        output.backward(gradient)

    return lambda: layer(x), backward
