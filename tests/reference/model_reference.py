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

HYBRID = dict(gated=False, rms=True)


def mamba(heads, width, groups, state, conv=4):
    return dict(kind="mamba", H=heads, P=width, G=groups, N=state, K=conv)


def delta(heads, key_heads, width=128, conv=4):
    return dict(kind="delta", H=heads, P=width, G=key_heads, N=width, K=conv)


def nemotron(hidden, pattern, heads, kv, mixer, ffn=0, **more):
    return model(len(pattern), hidden, heads, ffn, 131072, kv=kv, head_dim=128, pattern=pattern,
                 mixer=mixer, **more, **HYBRID)


def qwen35(layers, hidden, heads, kv, ffn, mixer, **more):
    return model(layers, hidden, heads, ffn, 248320, kv=kv, head_dim=256, qk_norm=True,
                 output_gate=True, mixer=mixer, attends_every=4, mtp=1, **more, **LLAMA)


def dsa(layers, hidden, heads, ffn, vocab, mla, index, **more):
    return model(layers, hidden, heads, ffn, vocab, head_dim=128, topk=8, ef=2048, shared=1, dense=3,
                 experts=256, router_bias=True, mtp=1, mla=mla, index=index, **more, **LLAMA)


def v4(layers, hidden, heads, experts, ef, q_rank, groups, ratios, top_k):
    return model(layers, hidden, heads, 0, 129280, kv=1, head_dim=512, experts=experts, topk=6, ef=ef,
                 shared=1, router_bias=True, mtp=1, window=128, streams=4,
                 v4=dict(q=q_rank, groups=groups, rank=1024, ratios=ratios), index=(64, 128, top_k),
                 **LLAMA)


NANO = "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME"
SUPER = ("MEMEMEM*EMEMEMEM*EMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEM*EMEMEMEME")
ULTRA = ("MEMEMEM*EMEMEM*EMEMEMEM*EMEMEMEM*EMEMEM*EMEMEMEM*EMEMEMEM*EMEMEM*EMEMEMEM*EMEMEMEM*EMEMEM*E"
         "MEMEMEM*EMEMEMEME")

MODELS = {
    "nemotron-h-56b": nemotron(
        8192, "M-M-M-M*-" + "M-M-M-M-M*-" * 9 + "M-M-M-M-M-", 64, 8, mamba(256, 64, 8, 256), 32768),
    "nemotron-3-nano-30b-a3b": nemotron(2688, NANO, 32, 2, mamba(64, 64, 8, 128), experts=128, topk=6,
                                        ef=1856, shared=1, sef=3712, router_bias=True),
    "nemotron-3.5-lightning-30b-a3b": nemotron(
        2688, NANO, 32, 2, mamba(64, 64, 8, 128), experts=128, topk=6, ef=1856, shared=1, sef=3712,
        router_bias=True, mtp=1, mtp_uses=2),
    "nemotron-3-super-120b-a12b": nemotron(
        4096, SUPER, 32, 2, mamba(128, 64, 8, 128), experts=512, topk=22, ef=2688, shared=1, sef=5376,
        router_bias=True, latent=1024, mtp=1, mtp_uses=2),
    "nemotron-3-ultra-550b-a55b": nemotron(
        8192, ULTRA, 64, 2, mamba(256, 64, 8, 128), experts=512, topk=22, ef=5120, shared=1, sef=10240,
        router_bias=True, latent=2048, mtp=1, mtp_uses=2),
    "nemotron-3-nano-4b": nemotron(3136, "M-M-M-MM-M-M*-M-M*-M-M-M*-M-M-MM*-MMM-M-M-", 40, 8,
                                   mamba(96, 80, 8, 128), 12544),
    "mamba2-8b": model(56, 4096, 32, 0, 256000, pattern="M" * 56, mixer=mamba(128, 64, 8, 128),
                       chunk=256, **HYBRID),
    "mamba2-2.7b": model(64, 2560, 20, 0, 50288, tied=True, pattern="M" * 64,
                         mixer=mamba(80, 64, 1, 128), chunk=256, **HYBRID),
    "qwen3.5-397b-a17b": qwen35(60, 4096, 32, 2, 0, delta(64, 16), experts=512, topk=10, ef=1024,
                                shared=1, shared_gate=True),
    "qwen3.5-122b-a10b": qwen35(48, 3072, 32, 2, 0, delta(64, 16), experts=256, topk=8, ef=1024,
                                shared=1, shared_gate=True),
    "qwen3.5-35b-a3b": qwen35(40, 2048, 16, 2, 0, delta(32, 16), experts=256, topk=8, ef=512,
                              shared=1, shared_gate=True),
    "qwen3.5-27b": qwen35(64, 5120, 24, 4, 17408, delta(48, 16)),
    "minimax-text-01": model(80, 6144, 64, 0, 200064, kv=8, head_dim=128, experts=32, topk=2, ef=9216,
                             attends_every=8, mixer=dict(kind="decay", H=64, P=128, G=64, N=128),
                             **LLAMA),
    "deepseek-v3.2": dsa(61, 7168, 128, 18432, 129280, (1536, 512, 128, 64, 128), (64, 128, 2048)),
    "glm-5": dsa(78, 6144, 64, 12288, 154880, (2048, 512, 192, 64, 256), (32, 128, 2048)),
    "glm-5.2": dsa(78, 6144, 64, 12288, 154880, (2048, 512, 192, 64, 256), (32, 128, 2048),
                   indexers=[i for i in range(78) if i < 3 or i % 4 == 2]),
    "deepseek-v4-flash": v4(43, 4096, 64, 256, 2048, 1024, 8, [0, 0] + [4, 128] * 20 + [4, 0], 512),
    "deepseek-v4-pro": v4(61, 7168, 128, 384, 3072, 1536, 16, [128] + [128, 4] * 30 + [0], 1024),
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


def nemotron_config(c):
    words = {"mamba": "M", "attention": "*", "mlp": "-", "moe": "E"}
    pattern = c.get("hybrid_override_pattern") or "".join(words[w] for w in c["layers_block_type"])
    more = {}
    if "E" in pattern:
        more = dict(experts=c["n_routed_experts"], topk=c["num_experts_per_tok"],
                    ef=c["moe_intermediate_size"], shared=c["n_shared_experts"],
                    sef=c["moe_shared_expert_intermediate_size"], router_bias=True)
        if c.get("moe_latent_size"):
            more["latent"] = c["moe_latent_size"]
    if c.get("num_nextn_predict_layers"):
        more["mtp"] = c["num_nextn_predict_layers"]
    mixer = mamba(c["mamba_num_heads"], c["mamba_head_dim"], c["n_groups"], c["ssm_state_size"],
                  c["conv_kernel"])
    return nemotron(c["hidden_size"], pattern, c["num_attention_heads"], c["num_key_value_heads"],
                    mixer, c["intermediate_size"], **more)


def qwen35_config(c):
    more = {}
    if "num_experts" in c:
        more = dict(experts=c["num_experts"], topk=c["num_experts_per_tok"], shared=1, shared_gate=True,
                    ef=c["moe_intermediate_size"], sef=c["shared_expert_intermediate_size"])
    mixer = delta(c["linear_num_value_heads"], c["linear_num_key_heads"], c["linear_key_head_dim"],
                  c["linear_conv_kernel_dim"])
    return qwen35(c["num_hidden_layers"], c["hidden_size"], c["num_attention_heads"],
                  c["num_key_value_heads"], c.get("intermediate_size", 0), mixer,
                  tied=c.get("tie_word_embeddings", False), **more)


def v4_config(c):
    return v4(c["num_hidden_layers"], c["hidden_size"], c["num_attention_heads"],
              c["n_routed_experts"], c["moe_intermediate_size"], c["q_lora_rank"], c["o_groups"],
              c["compress_ratios"], c["index_topk"])


def from_config(config):
    """The shape in the words above, from what the model_type's implementation reads."""
    config = config.get("text_config", config)
    kind = config["model_type"]
    special = {"nemotron_h": nemotron_config, "qwen3_5_text": qwen35_config,
               "qwen3_5_moe_text": qwen35_config, "deepseek_v4": v4_config}
    if kind in special:
        return special[kind](config)
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
    if kind in ("deepseek_v32", "glm_moe_dsa"):
        c["index"] = (config["index_n_heads"], config["index_head_dim"], config["index_topk"])
        if "indexer_types" in config:
            c["indexers"] = [i for i, t in enumerate(config["indexer_types"]) if t == "full"]
    if kind in ("deepseek_v3", "deepseek_v32", "glm_moe_dsa"):
        c.update(experts=config["n_routed_experts"], topk=config["num_experts_per_tok"],
                 ef=config["moe_intermediate_size"], shared=config["n_shared_experts"],
                 dense=config["first_k_dense_replace"], router_bias=True,
                 mtp=config["num_nextn_predict_layers"],
                 mla=(config["q_lora_rank"], config["kv_lora_rank"], config["qk_nope_head_dim"],
                      config["qk_rope_head_dim"], config["v_head_dim"]))
    return c


def mixer_tensors(c):
    """Mamba2 of mamba_ssm, Qwen3NextGatedDeltaNet of transformers, MiniMax-01's lightning attention."""
    h, m = c["h"], c["mixer"]
    values, keys = m["H"] * m["P"], m["G"] * m["N"]
    one = lambda *shape: (shape, 1, 1)
    if m["kind"] == "mamba":
        return [one(2 * values + 2 * keys + m["H"], h), one(values + 2 * keys, 1, m["K"]),
                one(values + 2 * keys), one(m["H"]), one(m["H"]), one(m["H"]), one(values),
                one(h, values)]
    if m["kind"] == "delta":
        return [one(2 * keys + 2 * values, h), one(2 * m["H"], h), one(values + 2 * keys, 1, m["K"]),
                one(m["H"]), one(m["H"]), one(m["P"]), one(h, values)]
    return [one(3 * values, h), one(values, h), one(values), one(h, values)]


def mixer_core(c):
    """Flops of one token in a chunk's products, token by token of the chunk."""
    m = c["mixer"]
    q = c.get("chunk", {"mamba": 128, "delta": 64, "decay": 256}[m["kind"]])
    causal = q / 2  # keys of the chunk that a token meets where the kernel skips the others
    n, p = m["N"], m["P"]
    state, output = 2 * n * p, 2 * (causal + n) * p
    if m["kind"] != "delta":
        return m["G"] * 2 * q * n + m["H"] * (state + output)
    inverse = 2 * q * n + 2 * q * q + 2 * q * (n + p)
    return m["H"] * (inverse + 2 * n * p + state + 2 * q * n + output)


def attention_tensors(c, layer):
    h, a, d, kv = c["h"], c["a"], c["d"], c["kv"]
    one = lambda *shape: (shape, 1, 1)
    out = []
    if "v4" in c:
        q, groups, rank = c["v4"]["q"], c["v4"]["groups"], c["v4"]["rank"]
        ratio = c["v4"]["ratios"][layer]
        ih, width, _ = c["index"]
        out += [one(q, h), one(q), one(a * d, q), one(d, h), one(d), one(a),
                (((groups * rank), a * d // groups), 1, 1), one(h, groups * rank)]
        double = 2 if ratio == 4 else 1
        compressor = lambda w: [one(double * w, h), one(double * w, h), (("table", ratio, double * w), 1, 1),
                                one(w)]
        out += compressor(d) if ratio else []
        out += compressor(width) + [one(ih * width, q), one(ih, h)] if ratio == 4 else []
    elif "mla" in c:
        qr, kvr, nope, rope, v = c["mla"]
        query = [one(qr, h), one(qr)] if qr else []
        out += query + [one(a * (nope + rope), qr or h), one(kvr + rope, h), one(kvr),
                        one(a * (nope + v), kvr), one(h, a * v)]
        if "index" in c and layer in c.get("indexers", [layer]):
            ih, width, _ = c["index"]
            out += [one(ih * width, qr), one(width, h), one(width), one(width), one(ih, h)]
    else:
        out += [one(a * d, h), one(kv * d, h), one(kv * d, h), one(h, a * d)]
        if c.get("output_gate"):
            out += [one(a * d, h)]
        if c.get("bias") or c.get("bias_all") or c.get("qkv_bias"):
            out += [one(a * d), one(kv * d), one(kv * d)]
        if c.get("bias") or c.get("bias_all"):
            out += [one(h)]
        if c.get("qk_norm"):
            out += [one(d), one(d)]
    return out


def parts(c, layer):
    """What the layer mixes tokens with, and its feed-forward block."""
    if "pattern" in c and layer < c["L"]:
        return {"M": ("mixer", None), "*": ("attention", None), "-": (None, "dense"),
                "E": (None, "experts")}[c["pattern"][layer]]
    like = min(layer, c["L"] - 1)
    block = "experts" if is_moe(c, like) or ("pattern" in c and "experts" in c) else "dense"
    every = c.get("attends_every", 1)
    return ("attention" if "pattern" in c or like % every == every - 1 else "mixer"), block


def layer_tensors(c, layer):
    """(shape, copies, copies a token passes) of every tensor of one layer."""
    h = c["h"]
    one = lambda *shape: (shape, 1, 1)
    norm = [one(h)] if c["rms"] else [one(h), one(h)]
    mix, block = parts(c, layer)
    out = norm * ((mix is not None) + (block is not None)) * (2 if c.get("sandwich") else 1)
    if mix == "mixer":
        out += mixer_tensors(c)
    if mix == "attention":
        out += attention_tensors(c, layer)
    if block == "experts":
        out += [one(c["experts"], h)] + ([one(c["experts"])] if c.get("router_bias") else [])
        inner = c.get("latent", h)
        matrices = [((c["ef"], inner), (c.get("sef", c["ef"]), h))] * (2 if c["gated"] else 1)
        matrices += [((inner, c["ef"]), (h, c.get("sef", c["ef"])))]
        for routed, shared in matrices:
            out += [(routed, c["experts"], c["topk"])]
            out += [(shared, c.get("shared", 0), c.get("shared", 0))]
        if "latent" in c:
            out += [one(inner, h), one(h, inner)]
        if c.get("shared_gate"):
            out += [(("gate", 1, h), 1, 1)]
    if block == "dense":
        out += [one(c["f"], h), one(h, c["f"])] + ([one(c["f"], h)] if c["gated"] else [])
        if c.get("bias") or c.get("mlp_bias"):
            out += [one(c["f"]), one(h)] + ([one(c["f"])] if c["gated"] else [])
    if "streams" in c:
        n = c["streams"]
        out += [one((2 + n) * n, n * h), one((2 + n) * n), one(3)] * 2
    return out


def size(shape):
    return math.prod(n for n in shape if not isinstance(n, str))


def is_moe(c, layer):
    after = layer - c.get("dense", 0)
    return "experts" in c and after >= 0 and after % c.get("moe_every", 1) == c.get("moe_every", 1) - 1


def parameters(c, active=False):
    total = c["V"] * c["h"] * (1 if c.get("tied") else 2)
    total += c.get("learned", 0) * c["h"]
    norms = 1 + (1 if c.get("embedding_norm") else 0)
    total += norms * c["h"] * (1 if c["rms"] else 2)
    if "streams" in c:
        total += c["streams"] * c["streams"] * c["h"] + c["streams"] + 1
    for layer in range(c["L"]):
        for shape, copies, passed in layer_tensors(c, layer):
            total += size(shape) * (passed if active else copies)
    return total


def prediction_parameters(c):
    """The further-token modules of DeepSeek-V3: enorm, hnorm, eh_proj, a layer, shared_head.norm."""
    layer = sum(size(s) * n for s, n, _ in layer_tensors(c, c["L"]))
    return c.get("mtp", 0) * (layer + 2 * c["h"] * c["h"] + 3 * c["h"]) if "mtp" in c else 0


def keys_met(c, layer, sequence):
    """Keys and compressed entries that the queries of a sequence meet, summed position by position."""
    # The convention of the literature: position i meets i - 1/2 keys, so that all meet s^2/2.
    meets = lambda most, length: sum(i - 0.5 if i <= most else most for i in range(1, length + 1))
    every = c.get("full_every")
    full = every and min(layer, c["L"] - 1) % every == every - 1
    window = sequence if full else min(c.get("window", sequence), sequence)
    if "v4" in c:
        ratio = c["v4"]["ratios"][layer]
        if not ratio:
            return meets(window, sequence)
        entries = sequence // ratio
        most = min(c["index"][2], entries) if ratio == 4 else entries
        return meets(window, sequence) + ratio * meets(most, entries)
    if "index" in c:
        window = min(window, c["index"][2])
    return meets(window, sequence)


def indexed(c, layer, sequence):
    """Flops of the indexer's scores over a sequence, causal."""
    if "v4" in c:
        if c["v4"]["ratios"][layer] != 4:
            return 0
        entries = sequence // 4
    elif "index" in c and min(layer, c["L"] - 1) in c.get("indexers", [min(layer, c["L"] - 1)]):
        entries = sequence
    else:
        return 0
    return 2 * c["index"][0] * c["index"][1] * sequence * entries / 2


def forward_flops(c, sequence, causal):
    """Of a whole sequence, by visiting every query position; an integer."""
    matrices, core, states = 0, 0, 0
    modules = c.get("mtp_uses", c.get("mtp", 0))
    qk, v = (c["mla"][2] + c["mla"][3], c["mla"][4]) if "mla" in c else (c["d"], c["d"])
    for layer in list(range(c["L"])) + [c["L"]] * modules:
        like = layer if layer < c["L"] or "v4" in c or "pattern" in c else c["L"] - 1
        matrices += sum(size(s) * p for s, _, p in layer_tensors(c, like) if len(s) == 2)
        mix = parts(c, layer)[0]
        if mix == "mixer":
            states += mixer_core(c) * sequence
        if mix == "attention":
            core += 2 * keys_met(c, layer, sequence) * c["a"] * (qk + v)
            core += indexed(c, layer, sequence)
    matrices += modules * 2 * c["h"] * c["h"] + (1 + modules) * c["V"] * c["h"]
    return 2 * matrices * sequence + core * (1 if causal else 2) + states


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
