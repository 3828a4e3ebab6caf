"""Parameter and flop counts of transformers derived a second way.

The simulator counts by closed formulas of a layer. Here every weight tensor is listed with the shape
that the Hugging Face implementations give it, from their config.json keys; parameters are the sum of
the products of the shapes, and the forward flops of a token are 2 x the elements of every matrix it is
multiplied with, plus the attention core summed over query positions one by one.

Run without arguments: prints the rows that tests/unit/inputs/model_reader_test.cc holds; with
config.json files as arguments: those of tests/unit/inputs/hf_config_reader_test.cc.
"""

import json
import math
import pathlib
import sys

LLAMA = dict(gated=True, rms=True)
GPT = dict(gated=False, rms=False, bias=True, learned=2048, tied=True)


def model(layers, hidden, heads, ffn, vocab, kv=None, head_dim=None, **more):
    return dict(more, L=layers, h=hidden, a=heads, f=ffn, V=vocab, kv=kv or heads,
                d=head_dim or hidden // heads)


def gpt(layers, hidden, heads, vocab=51200, **more):
    return model(layers, hidden, heads, 4 * hidden, vocab, **{**GPT, **more})


DEEPSEEK_V3 = model(61, 7168, 128, 18432, 129280, head_dim=128, experts=256, topk=8, ef=2048,
                    shared=1, dense=3, mla=(1536, 512, 128, 64, 128), mtp=1, router_bias=True, **LLAMA)

MODELS = {
    "llama2-7b": model(32, 4096, 32, 11008, 32000, **LLAMA),
    "llama2-13b": model(40, 5120, 40, 13824, 32000, **LLAMA),
    "llama2-70b": model(80, 8192, 64, 28672, 32000, kv=8, **LLAMA),
    "llama3-8b": model(32, 4096, 32, 14336, 128256, kv=8, **LLAMA),
    "llama3-70b": model(80, 8192, 64, 28672, 128256, kv=8, **LLAMA),
    "llama3-405b": model(126, 16384, 128, 53248, 128256, kv=8, **LLAMA),
    "mistral-7b": model(32, 4096, 32, 14336, 32000, kv=8, window=4096, **LLAMA),
    "gpt3-175b": gpt(96, 12288, 96, vocab=50257),
    "megatron-1.7b": gpt(24, 2304, 24),
    "megatron-3.6b": gpt(30, 3072, 32),
    "megatron-7.5b": gpt(36, 4096, 32),
    "megatron-18.4b": gpt(40, 6144, 48),
    "megatron-39.1b": gpt(48, 8192, 64),
    "megatron-76.1b": gpt(60, 10240, 80),
    "megatron-145.6b": gpt(80, 12288, 96),
    "megatron-310.1b": gpt(96, 16384, 128),
    "megatron-530b": gpt(105, 20480, 128),
    "megatron-1t": gpt(128, 25600, 160),
    "megatron-22b": gpt(48, 6144, 64),
    "megatron-175b": gpt(96, 12288, 96),
    "bloom-176b": model(70, 14336, 112, 57344, 250880, gated=False, rms=False, bias=True, tied=True,
                        embedding_norm=True),
    "mpt-7b": model(32, 4096, 32, 16384, 50432, gated=False, rms=True, tied=True),
    "mpt-30b": model(48, 7168, 64, 28672, 50432, gated=False, rms=True, tied=True),
    "nemotron-4-15b": model(32, 6144, 48, 24576, 256000, kv=8, gated=False, rms=False),
    "nemotron-4-340b": model(96, 18432, 96, 73728, 256000, kv=8, gated=False, rms=False),
    "qwen2.5-7b": model(28, 3584, 28, 18944, 152064, kv=4, qkv_bias=True, **LLAMA),
    "qwen2.5-32b": model(64, 5120, 40, 27648, 152064, kv=8, qkv_bias=True, **LLAMA),
    "qwen2.5-72b": model(80, 8192, 64, 29568, 152064, kv=8, qkv_bias=True, **LLAMA),
    "qwen3-32b": model(64, 5120, 64, 25600, 151936, kv=8, head_dim=128, qk_norm=True, **LLAMA),
    "qwen3-30b-a3b": model(48, 2048, 32, 6144, 151936, kv=4, head_dim=128, qk_norm=True,
                           experts=128, topk=8, ef=768, **LLAMA),
    "qwen3-235b-a22b": model(94, 4096, 64, 12288, 151936, kv=4, head_dim=128, qk_norm=True,
                             experts=128, topk=8, ef=1536, **LLAMA),
    "mixtral-8x7b": model(32, 4096, 32, 14336, 32000, kv=8, experts=8, topk=2, ef=14336, **LLAMA),
    "mixtral-8x22b": model(56, 6144, 48, 16384, 32000, kv=8, experts=8, topk=2, ef=16384, **LLAMA),
    "deepseek-v3": DEEPSEEK_V3,
    "deepseek-v2": model(60, 5120, 128, 12288, 102400, head_dim=128, experts=160, topk=6, ef=1536,
                         shared=2, dense=1, mla=(1536, 512, 128, 64, 128), **LLAMA),
    "moonlight-16b-a3b": model(27, 2048, 16, 11264, 163840, head_dim=128, experts=64, topk=6,
                               ef=1408, shared=2, dense=1, mla=(0, 512, 128, 64, 128),
                               router_bias=True, **LLAMA),
    "kimi-k2": model(61, 7168, 64, 18432, 163840, head_dim=128, experts=384, topk=8, ef=2048,
                     shared=1, dense=1, mla=(1536, 512, 128, 64, 128), router_bias=True, **LLAMA),
    "gpt-oss-120b": model(36, 2880, 64, 2880, 201088, kv=8, head_dim=64, bias_all=True, experts=128,
                          topk=4, ef=2880, window=128, full_every=2, **LLAMA),
    "gpt-oss-20b": model(24, 2880, 64, 2880, 201088, kv=8, head_dim=64, bias_all=True, experts=32,
                         topk=4, ef=2880, window=128, full_every=2, **LLAMA),
    "grok-1": model(64, 6144, 48, 32768, 131072, kv=8, experts=8, topk=2, ef=32768, tied=True,
                    sandwich=True, **LLAMA),
    "llama4-maverick": model(48, 5120, 40, 16384, 202048, kv=8, head_dim=128, experts=128, topk=1,
                             ef=8192, shared=1, moe_every=2, **LLAMA),
    "qwen3-0.6b": model(28, 1024, 16, 3072, 151936, kv=8, head_dim=128, qk_norm=True, tied=True,
                        **LLAMA),
    "qwen3-1.7b": model(28, 2048, 16, 6144, 151936, kv=8, head_dim=128, qk_norm=True, tied=True,
                        **LLAMA),
    "qwen3-4b": model(36, 2560, 32, 9728, 151936, kv=8, head_dim=128, qk_norm=True, tied=True,
                      **LLAMA),
    "qwen3-8b": model(36, 4096, 32, 12288, 151936, kv=8, head_dim=128, qk_norm=True, **LLAMA),
    "qwen3-14b": model(40, 5120, 40, 17408, 151936, kv=8, head_dim=128, qk_norm=True, **LLAMA),
    "qwen3-coder-480b-a35b": model(62, 6144, 96, 8192, 151936, kv=8, head_dim=128, qk_norm=True,
                                   experts=160, topk=8, ef=2560, **LLAMA),
    "phi-4": model(40, 5120, 40, 17920, 100352, kv=10, **LLAMA),
    "mistral-large-2": model(88, 12288, 96, 28672, 32768, kv=8, **LLAMA),
    "gpt-j-6b": model(28, 4096, 16, 16384, 50400, gated=False, rms=False, mlp_bias=True),
    "falcon-180b": model(80, 14848, 232, 59392, 65024, kv=8, head_dim=64, gated=False, rms=False),
    "minimax-m2.5": model(62, 3072, 48, 1536, 200064, kv=8, head_dim=128, qk_norm=True, experts=256,
                          topk=8, ef=1536, router_bias=True, **LLAMA),
    "glm-4.5-air": model(46, 4096, 96, 10944, 151552, kv=8, head_dim=128, qkv_bias=True,
                         experts=128, topk=8, ef=1408, shared=1, dense=1, router_bias=True, mtp=1,
                         **LLAMA),
    "llama4-scout": model(48, 5120, 40, 16384, 202048, kv=8, head_dim=128, experts=16, topk=1,
                          ef=8192, shared=1, **LLAMA),
    "pangu-ultra-moe-718b": model(61, 7680, 128, 18432, 153600, head_dim=128, experts=256, topk=8,
                                  ef=2048, shared=1, dense=3, mla=(1536, 512, 128, 64, 128),
                                  sandwich=True, mtp=1, **LLAMA),
    "pangu-ultra-135b": model(94, 12288, 96, 28672, 153376, kv=8, sandwich=True, **LLAMA),
}


def from_config(config):
    """The shape in the words above, from what the model_type's implementation reads."""
    kind = config["model_type"]
    c = model(config["num_hidden_layers"], config["hidden_size"], config["num_attention_heads"],
              config["intermediate_size"], config["vocab_size"],
              kv=config["num_key_value_heads"], head_dim=config.get("head_dim"),
              tied=config.get("tie_word_embeddings", False), **LLAMA)
    if kind == "llama" or kind.startswith("qwen3"):
        c["bias_all"] = config.get("attention_bias", False)
        c["mlp_bias"] = config.get("mlp_bias", False)
    if kind in ("mistral", "mixtral") and config.get("sliding_window"):
        c["window"] = config["sliding_window"]
    c["qkv_bias"] = kind == "qwen2"
    c["qk_norm"] = kind.startswith("qwen3")
    if kind == "qwen3_moe":
        c.update(experts=config["num_experts"], topk=config["num_experts_per_tok"],
                 ef=config["moe_intermediate_size"], dense=len(config["mlp_only_layers"]))
    if kind == "mixtral":
        c.update(experts=config["num_local_experts"], topk=config["num_experts_per_tok"], ef=c["f"])
    if kind == "deepseek_v3":
        c.update(experts=config["n_routed_experts"], topk=config["num_experts_per_tok"],
                 ef=config["moe_intermediate_size"], shared=config["n_shared_experts"],
                 dense=config["first_k_dense_replace"], router_bias=True,
                 mtp=config["num_nextn_predict_layers"],
                 mla=(config["q_lora_rank"], config["kv_lora_rank"], config["qk_nope_head_dim"],
                      config["qk_rope_head_dim"], config["v_head_dim"]))
    return c


def layer_tensors(c, moe):
    """(shape, copies, copies a token passes) of every tensor of one layer."""
    h, a, d, kv = c["h"], c["a"], c["d"], c["kv"]
    one = lambda *shape: (shape, 1, 1)
    norm = [one(h)] if c["rms"] else [one(h), one(h)]
    out = norm * (4 if c.get("sandwich") else 2)
    if "mla" in c:
        qr, kvr, nope, rope, v = c["mla"]
        query = [one(qr, h), one(qr)] if qr else []
        out += query + [one(a * (nope + rope), qr or h), one(kvr + rope, h), one(kvr),
                        one(a * (nope + v), kvr), one(h, a * v)]
    else:
        out += [one(a * d, h), one(kv * d, h), one(kv * d, h), one(h, a * d)]
        if c.get("bias") or c.get("bias_all") or c.get("qkv_bias"):
            out += [one(a * d), one(kv * d), one(kv * d)]
        if c.get("bias") or c.get("bias_all"):
            out += [one(h)]
        if c.get("qk_norm"):
            out += [one(d), one(d)]
    if moe:
        out += [one(c["experts"], h)] + ([one(c["experts"])] if c.get("router_bias") else [])
        for shape in ((c["ef"], h), (c["ef"], h), (h, c["ef"])):
            out += [(shape, c["experts"], c["topk"])]
            out += [(shape, c.get("shared", 0), c.get("shared", 0))]
    else:
        out += [one(c["f"], h), one(h, c["f"])] + ([one(c["f"], h)] if c["gated"] else [])
        if c.get("bias") or c.get("mlp_bias"):
            out += [one(c["f"]), one(h)] + ([one(c["f"])] if c["gated"] else [])
    return out


def is_moe(c, layer):
    after = layer - c.get("dense", 0)
    return "experts" in c and after >= 0 and after % c.get("moe_every", 1) == c.get("moe_every", 1) - 1


def parameters(c, active=False):
    total = c["V"] * c["h"] * (1 if c.get("tied") else 2)
    total += c.get("learned", 0) * c["h"]
    norms = 1 + (1 if c.get("embedding_norm") else 0)
    total += norms * c["h"] * (1 if c["rms"] else 2)
    for layer in range(c["L"]):
        for shape, copies, passed in layer_tensors(c, is_moe(c, layer)):
            total += math.prod(shape) * (passed if active else copies)
    return total


def prediction_parameters(c):
    """The further-token modules of DeepSeek-V3: enorm, hnorm, eh_proj, a layer, shared_head.norm."""
    layer = sum(math.prod(s) * n for s, n, _ in layer_tensors(c, "experts" in c))
    return c.get("mtp", 0) * (layer + 2 * c["h"] * c["h"] + 3 * c["h"])


def forward_flops(c, sequence, causal):
    """Of a whole sequence, by visiting every query position; an integer."""
    matrices = 0
    modules = c.get("mtp", 0)
    for layer in list(range(c["L"])) + [c["L"] - 1] * modules:
        matrices += sum(math.prod(s) * p for s, _, p in layer_tensors(c, is_moe(c, layer))
                        if len(s) == 2)
    matrices += modules * 2 * c["h"] * c["h"] + (1 + modules) * c["V"] * c["h"]
    # The convention of the literature: position i meets i - 1/2 keys, so that all meet s^2/2.
    meets = lambda window: sum(i - 0.5 if i <= window else window for i in range(1, sequence + 1))
    windowed, full = meets(min(c.get("window", sequence), sequence)), meets(sequence)
    every = c.get("full_every")
    keys = sum(full if every and layer % every == every - 1 else windowed for layer in range(c["L"]))
    keys += modules * windowed
    if not causal:
        keys *= 2
    qk, v = (c["mla"][2] + c["mla"][3], c["mla"][4]) if "mla" in c else (c["d"], c["d"])
    core = 2 * keys * c["a"] * (qk + v)
    return 2 * matrices * sequence + core


def row(name, c, sequence=4096):
    return '    {"%s", %.0f, %.0f, %.0f, %.0f, %.0f},' % (
        name, parameters(c), parameters(c, active=True), prediction_parameters(c),
        forward_flops(c, sequence, False), forward_flops(c, sequence, True))


def main():
    for path in map(pathlib.Path, sys.argv[1:]):
        print(row(path.name, from_config(json.loads(path.read_text(encoding="utf-8")))))
    if len(sys.argv) == 1:
        for name, c in MODELS.items():
            print(row(name, c))


if __name__ == "__main__":
    main()
