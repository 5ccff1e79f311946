"""`make bench-gpu`: scoring candidates x questions on a CUDA device, random weights at 1B and 8B shapes, bf16.

Ours (cascade attention, everything shared computed once) against right-padded batches of whole prompts, which is what a
harness does, with transformers' own attention; the same token sequences, wall seconds between synchronisations, and the
peak of a bf16 torch.mm measured between the runs. Says so and measures nothing where there is no CUDA device.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import transformers

from tests.perf.bench_engine import Shape
from tests.perf.report import Row, write
from workbench.models import ScoredSequence, cascade, devices
from workbench.models.passes import Cascade
from workbench.models.walk import Walker
from workbench.models.weights import plain_attention

SIZES = {                            # width, layers, heads, key heads, inner, vocabulary
    "toy": (64, 2, 4, 2, 96, 8192),
    "1B": (2048, 16, 32, 8, 8192, 128256),
    "8B": (4096, 32, 32, 8, 14336, 128256),
}
SHAPES = (Shape("append, prefix 1500", 1500, 8, 200, 40, 60, 100), Shape("insert", 200, 8, 200, 40, 60, 100, tail=1300))
SMALL = (Shape("append, prefix 60", 60, 2, 20, 3, 6, 10), Shape("insert", 20, 2, 20, 3, 6, 10, tail=40))
BATCH = 8
FEW = 32                             # whole prompts that the plain way is timed on, scaled to all


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1B,8B")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cuda", help="cpu only tries the program out, with --sizes toy")
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        print("GPU: not run, there is no CUDA device")
        return 0
    rows: list[Row] = []
    for name in options.sizes.split(","):
        model = random_model(name, options.device)
        for shape in SMALL if name == "toy" else SHAPES:
            rows += shape_rows(model, name, shape, options.rounds)
        del model
    if options.device == "cuda":
        write("gpu", rows)
    else:
        print(*rows, sep="\n")
    return 0


def random_model(name: str, device: str) -> Any:
    width, layers, heads, key_heads, inner, vocabulary = SIZES[name]
    config = transformers.LlamaConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=inner, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=key_heads, max_position_embeddings=8192, dtype="bfloat16",
    )  # fmt: skip
    cascade.register()
    with torch.device(device):
        torch.set_default_dtype(torch.bfloat16)
        try:
            return transformers.LlamaForCausalLM(config).eval()
        finally:
            torch.set_default_dtype(torch.float32)


def shape_rows(model: Any, name: str, shape: Shape, rounds: int) -> list[Row]:
    work = shape.sequences()
    few = work[:: max(1, len(work) // FEW)][:FEW]
    walker = Walker(Cascade(model), model.config.vocab_size, devices.pass_tokens(model.device),
                    logit_bytes=devices.logit_bytes(model.device))
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    memory: dict[str, float] = {}
    peaks: list[float] = []
    for round_ in range(rounds + 1):                       # the first only warms up
        peaks.append(peak(model.device))
        walker.forget()
        model.set_attn_implementation(cascade.NAME)
        seconds, memory["ours"], ours = measured(model.device, lambda: walker.logprobs(work, lambda done: None))
        model.set_attn_implementation(plain_attention(type(model)))
        plain_seconds, memory["plain"], plain = measured(model.device, lambda: padded(model, few))
        if round_:
            times["ours"].append(seconds)
            times["plain"].append(plain_seconds * len(work) / len(few))
    at = {sequence: place for place, sequence in enumerate(work)}
    tokens = [abs(a - b) for sequence, values in zip(few, plain, strict=True)
              for a, b in zip(ours[at[sequence]], values, strict=True)]
    mine, theirs = (statistics.median(times[way]) for way in ("ours", "plain"))
    reached = operations(model.config, shape, len(work)) / mine / statistics.median(peaks)
    what = f"{name} {shape.name}"
    return [Row(f"{what}: vs padded batches of {BATCH}", theirs / mine, "times faster", None, "higher"),
            Row(f"{what}: share of bf16 torch.mm peak", reached, "", None, "higher"),
            Row(f"{what}: extra memory", memory["ours"] / 2**20, "MiB", None, "lower"),
            Row(f"{what}: extra memory, padded", memory["plain"] / 2**20, "MiB", None, "lower"),
            Row(f"{what}: seconds", mine, "s", None, "lower"),
            Row(f"{what}: mean difference of a token", float(np.mean(tokens)), "nats", None, "lower")]


def padded(model: Any, sequences: Sequence[ScoredSequence]) -> list[list[float]]:
    """Whole prompts side by side, filled up to the right; logits of the answers' tokens only, by transformers."""
    found: dict[int, list[float]] = {}
    order = sorted(range(len(sequences)), key=lambda place: -sequences[place].end)
    for start in range(0, len(order), BATCH):
        group = [sequences[place] for place in order[start : start + BATCH]]
        batch = torch.zeros(len(group), group[0].end, dtype=torch.long)
        for row, sequence in enumerate(group):
            batch[row, : sequence.end] = torch.tensor(sequence.ids[: sequence.end])
        batch = batch.to(model.device)
        with torch.inference_mode():
            states = model.model(input_ids=batch, use_cache=False).last_hidden_state
            for row, (place, one) in enumerate(zip(order[start : start + BATCH], group, strict=True)):
                logits = model.lm_head(states[row, one.start - 1 : one.end - 1]).float().log_softmax(-1)
                targets = batch[row, one.start : one.end, None]
                found[place] = logits.gather(1, targets)[:, 0].tolist()
    return [found[place] for place in range(len(sequences))]


def measured(device: torch.device, work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds, bytes beyond what was taken before (0 on the CPU), and the result."""
    cuda = device.type == "cuda"
    before = torch.cuda.memory_allocated() if cuda else 0
    if cuda:
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
    start = time.perf_counter()
    found = work()
    if cuda:
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    return seconds, float(torch.cuda.max_memory_allocated() - before) if cuda else 0.0, found


def peak(device: torch.device) -> float:
    """Floating-point operations a second of one bf16 matrix product."""
    size, times = (8192, 10) if device.type == "cuda" else (256, 3)
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds, _, _ = measured(device, lambda: [torch.mm(a, b) for _ in range(2)])
    seconds, _, _ = measured(device, lambda: [torch.mm(a, b) for _ in range(times)])
    return times * 2 * size**3 / seconds


def operations(config: Any, shape: Shape, sequences: int) -> float:
    """Floating-point operations that have to be done when everything shared is done once."""
    width, layers, inner = config.hidden_size, config.num_hidden_layers, config.intermediate_size
    head = width // config.num_attention_heads
    linear = 2 * layers * (2 * width * width + 2 * width * head * config.num_key_value_heads + 3 * width * inner)
    question, before = shape.query + shape.answer - 1, shape.prefix + shape.candidate + shape.tail
    parts = [(shape.prefix, 0, 1), (shape.candidate + shape.tail, shape.prefix, shape.candidates),
             (question, before, sequences)]
    work = sum(n * times * (linear + 4 * width * layers * (past + (n + 1) / 2)) for n, past, times in parts)
    return work + sequences * shape.answer * 2 * width * config.vocab_size


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
