#!/usr/bin/env python3
"""Writes the small request traces of workloads/traces/, one in each form that `fleetsim import` reads.

They are drawn, not measured: a Poisson process, log-normal lengths, conversations whose turns repeat
what was said before. Seeded, so that the files come out the same:

    scripts/sample_traces.py workloads/traces
"""

import datetime
import json
import math
import pathlib
import random
import sys

ROWS = 300
RATE_PER_S = 0.5


def draw(rng):
    return 1.0 - rng.random()  # above 0, so that a logarithm exists


def arrivals(rng):
    now = 0.0
    for _ in range(ROWS):
        now -= math.log(draw(rng)) / RATE_PER_S
        yield now


def length(rng, median, spread):
    """Log-normal, by Box and Muller."""
    normal = math.sqrt(-2.0 * math.log(draw(rng))) * math.cos(2.0 * math.pi * rng.random())
    return max(1, round(median * math.exp(spread * normal)))


class Blocks:
    """Ids of blocks: the same id for the same block behind the same blocks."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.ids = {}

    def of(self, content):
        """Ids of a prompt that is a list of (text, tokens); a text's tokens are all alike."""
        tokens = [text for text, count in content for _ in range(count)]
        ids, before = [], -1
        for start in range(0, len(tokens), self.tokens):
            key = (before, tuple(tokens[start:start + self.tokens]))
            before = self.ids.setdefault(key, len(self.ids))
            ids.append(before)
        return ids


def conversations(rng, system_tokens, median, answer):
    """Turns as (arrival, chat, parent, turn, prompt, output tokens): a third continue an earlier one."""
    open_turns = []
    for chat, now in enumerate(arrivals(rng)):
        parent, turn = -1, 1
        prompt = [(f"system {rng.randrange(2)}", system_tokens)]
        if open_turns and rng.random() < 1 / 3:
            parent, turn, prompt = open_turns.pop(rng.randrange(len(open_turns)))
        prompt = prompt + [(f"question {chat}", length(rng, median, 0.8))]
        output = length(rng, answer, 0.6)
        yield now, chat, parent, turn, prompt, output
        open_turns.append((chat, turn + 1, prompt + [(f"answer {chat}", output)]))


def azure_llm(rng):
    yield "TIMESTAMP,ContextTokens,GeneratedTokens"
    begin = datetime.datetime(2024, 1, 1)
    for now in arrivals(rng):
        date = begin + datetime.timedelta(microseconds=round(now * 1e6))
        yield f"{date:%Y-%m-%d %H:%M:%S.%f}0,{length(rng, 900, 0.9)},{length(rng, 150, 0.7)}"


def burstgpt(rng):
    yield "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type"
    for row, now in enumerate(arrivals(rng)):
        model = rng.choice(("ChatGPT", "GPT-4"))
        session = f"{row // 4}" if row % 3 else ""
        request, response = length(rng, 400, 0.9), length(rng, 200, 0.7)
        if rng.random() < 0.02:
            request, response = 0, 0  # a failure, as the original records it
        log = "Conversation log" if session else "API log"
        yield f"{now:.0f},{session},{response * 0.03:.2f},{model},{request},{response},{request + response},{log}"


def mooncake(rng):
    blocks = Blocks(512)
    for now, _, _, _, prompt, output in conversations(rng, 600, 2000, 250):
        yield json.dumps({"timestamp": round(now * 1000), "input_length": sum(n for _, n in prompt),
                          "output_length": output, "hash_ids": blocks.of(prompt)})


def qwen_bailian(rng):
    blocks = Blocks(16)
    for now, chat, parent, turn, prompt, output in conversations(rng, 48, 120, 100):
        yield json.dumps({"chat_id": chat, "parent_chat_id": parent, "timestamp": round(now, 3),
                          "input_length": sum(n for _, n in prompt), "output_length": output,
                          "type": "text", "turn": turn, "hash_ids": blocks.of(prompt)})


def plain(rng):
    yield "arrival_s,input_tokens,output_tokens"
    for now in arrivals(rng):
        yield f"{now:.3f},{length(rng, 1000, 0.5)},{length(rng, 200, 0.5)}"


SAMPLES = {"azure-llm.csv": azure_llm, "burstgpt.csv": burstgpt, "mooncake.jsonl": mooncake,
           "qwen-bailian.jsonl": qwen_bailian, "plain.csv": plain}


def main():
    folder = pathlib.Path(sys.argv[1])
    for seed, (name, rows) in enumerate(SAMPLES.items(), 1):
        text = "".join(row + "\n" for row in rows(random.Random(seed)))
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
