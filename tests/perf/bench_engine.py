"""`make bench-engine`: scoring candidates x questions against lm-evaluation-harness, torch's peak and plain llama.cpp.

A Llama 512 wide with 8 layers and random weights; the same token sequences for all; A B A B, medians of single-thread
CPU seconds (other programs' load changes them less than wall time), and the peak of torch.mm measured between the runs.
The harness and the plain way are timed on a part of the work and scaled: their cost is the same for every sequence.
Each row is printed and written once it is measured; the whole takes about eleven minutes on a quiet core. It fails
when results disagree, and for no other reason.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
import transformers

from tests.models import tiny_models
from tests.perf.report import Report, Row, one_thread
from workbench.domain import Backend, ModelRef
from workbench.models import LanguageModel, ScoredSequence, load
from workbench.models.gguf_writer import convert

VOCABULARY, WIDTH, LAYERS, HEADS, INNER = 8192, 512, 8, 8, 1376


@dataclass(frozen=True)
class Shape:
    """Tokens of the shared prefix, candidates of some tokens, questions of query + answer tokens; in insert order the
    candidate stands before a tail of the prefix's demonstrations."""

    name: str
    prefix: int
    candidates: int
    candidate: int
    questions: int
    query: int
    answer: int
    tail: int = 0
    key_heads: int = HEADS

    def sequences(self, candidates: int | None = None) -> list[ScoredSequence]:
        rng = np.random.default_rng(1)

        def ids(count: int) -> tuple[int, ...]:
            return tuple(int(x) for x in rng.integers(5, VOCABULARY, count))

        prefix, tail = ids(self.prefix), ids(self.tail)
        questions = [(ids(self.query), ids(self.answer)) for _ in range(self.questions)]
        found = []
        for _ in range(candidates or self.candidates):
            start = prefix + ids(self.candidate) + tail
            for query, answer in questions:
                whole = start + query + answer
                found.append(ScoredSequence(whole, len(start + query), len(whole)))
        return found

    def operations(self, sequences: int) -> float:
        """Floating-point operations that have to be done when everything shared is done once."""
        share = sequences / (self.candidates * self.questions)
        head, before = WIDTH // HEADS, self.prefix + self.candidate + self.tail
        linear = 2 * LAYERS * (2 * WIDTH * WIDTH + 2 * WIDTH * head * self.key_heads + 3 * WIDTH * INNER)
        question = self.query + self.answer - 1
        parts = [(self.prefix, 0, 1.0), (self.candidate + self.tail, self.prefix, self.candidates * share),
                 (question, before, self.candidates * self.questions * share)]
        work = sum(n * times * (linear + 4 * WIDTH * LAYERS * (past + (n + 1) / 2)) for n, past, times in parts)
        return work + self.candidates * self.questions * share * self.answer * 2 * WIDTH * VOCABULARY


@dataclass(frozen=True)
class Plan:
    """How often a shape is measured, on how many of its sequences the harness is timed, and what is to be reached."""

    rounds: int
    sample: int
    times: float | None
    share: float | None = 0.8


PLANS = {"600": Plan(3, 16, 7.0), "gguf": Plan(3, 8, 5.0), "insert": Plan(3, 16, 5.5), "1500": Plan(2, 8, 9.0),
         "toy": Plan(2, 2, None, None)}
SHAPES = {
    "toy": Shape("vs lm-eval, toy size: says nothing", 60, 2, 20, 2, 10, 10),
    "600": Shape("vs lm-eval, prefix 600", 600, 16, 120, 16, 40, 60),
    "1500": Shape("vs lm-eval, prefix 1500", 1500, 8, 200, 40, 60, 100, key_heads=2),
    "insert": Shape("vs lm-eval, insert order", 100, 16, 120, 16, 40, 60, tail=500),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=0, help="0: as many as planned for each shape")
    parser.add_argument("--shapes", default="600,gguf,insert,1500", help="also: toy, to try the program itself")
    parser.add_argument("--memory", nargs=3, metavar=("FOLDER", "WAY", "SHAPE"))
    options = parser.parse_args(arguments)
    one_thread()
    transformers.logging.disable_progress_bar()
    if options.memory:
        print(json.dumps(extra_memory(*options.memory)))
        return 0
    report = Report("engine" if "toy" not in options.shapes else "engine_toy")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.shapes.split(","):
            rounds = options.rounds or PLANS[name].rounds
            if name == "gguf":
                report.add(*gguf_rows(Path(folder), rounds))
            else:
                report.add(*shape_rows(Path(folder) / name, SHAPES[name], name, rounds))
                if name == "600":
                    report.add(*memory_rows(Path(folder) / name))
    return 0


def shape_rows(folder: Path, shape: Shape, name: str, rounds: int) -> list[Row]:
    plan = PLANS[name]
    ref = tiny_models.save(
        folder, vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=shape.key_heads, max_position_embeddings=8192,
        initializer_range=0.06,
    )  # fmt: skip
    ours, harness, batches = load(ref), lm_eval(folder), (1, 8)
    work, part = shape.sequences(), shape.sequences(1)[: plan.sample]
    few = part[:2]
    times: dict[str, list[float]] = {"ours": [], "1": [], "8": []}
    peaks = []
    found: dict[str, list[float]] = {}
    ours.logprobs(few)
    harness(few, 8)
    for number in range(1, rounds + 1):
        for way, seconds in times.items():
            peaks.append(peak())
            if way == "ours":
                forget(ours)
                took, found[way] = timed(lambda: [sum(v) for v in ours.logprobs(work)])
                seconds.append(took)
            else:
                took, found[way] = timed(lambda way=way: harness(part, int(way)))  # type: ignore[misc]
                seconds.append(took * len(work) / len(part))
        say_round(name, number, rounds, times)
    error = max(abs(a - b) for way in ("1", "8") for a, b in zip(found[way], found["ours"], strict=False))
    check(shape.name, error, 1e-3)
    mine = statistics.median(times["ours"])
    best = min(statistics.median(times[str(batch)]) for batch in batches)
    reached = shape.operations(len(work)) / mine / statistics.median(peaks)
    return [
        Row(shape.name, best / mine, "times faster", plan.times, "higher"),
        Row(f"share of torch.mm peak{'' if name == '600' else f', {name}'}", reached, "", plan.share, "higher"),
        Row(f"seconds, {name}", mine, "s", None, "lower"),
        Row(f"sequences timed of lm-eval, {name}", len(part), f"of {len(work)}", None, "higher"),
        Row(f"largest difference of a sum, {name}", error * 1e6, "1e-6 nats", 1000.0, "lower"),
    ]


def memory_rows(folder: Path) -> list[Row]:
    memory = {way: in_process(folder, way, "600") for way in ("ours", "8")}
    return [Row("extra memory vs lm-eval", memory["ours"] / memory["8"], "", 0.2, "lower"),
            Row("extra memory, ours", memory["ours"] / 2**20, "MiB", None, "lower")]


def say_round(name: str, number: int, rounds: int, times: dict[str, list[float]]) -> None:
    told = ", ".join(f"{way} {seconds[-1]:.1f} s" for way, seconds in times.items())
    print(f"  {name}, round {number} of {rounds}, the whole work: {told}", flush=True)


def check(what: str, error: float, most: float) -> None:
    if not error <= most:
        raise SystemExit(f"{what}: the sums differ by {error:.2e} nats")


def gguf_rows(folder: Path, rounds: int) -> list[Row]:
    """Against llama-cpp-python scoring each prompt afresh (its cache cleared for every prompt)."""
    if find_spec("llama_cpp") is None:
        print("GGUF: not run, llama-cpp-python is not installed")
        return []
    shape = Shape("GGUF vs fresh", 600, 4, 120, 16, 40, 60)
    tiny_models.save(
        folder / "gguf", vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=HEADS, max_position_embeddings=2048, initializer_range=0.06,
    )  # fmt: skip
    file = folder / "model.gguf"
    convert(folder / "gguf", file)
    model = load(ModelRef("m", str(file), Backend.LLAMA_CPP, device="cpu"))
    fresh = plain_llama_cpp(file)
    work = shape.sequences()
    part = work[: PLANS["gguf"].sample]
    times: dict[str, list[float]] = {"ours": [], "fresh": []}
    model.logprobs(work[:2])
    fresh(work[0])
    for number in range(1, rounds + 1):
        forget(model)
        seconds, sums = timed(lambda: [sum(v) for v in model.logprobs(work)])
        plain_seconds, plain_sums = timed(lambda: [fresh(sequence) for sequence in part])
        times["ours"].append(seconds)
        times["fresh"].append(plain_seconds * len(work) / len(part))
        say_round("gguf", number, rounds, times)
    error = max(abs(a - b) for a, b in zip(sums, plain_sums, strict=False))
    check(shape.name, error, 1e-3 * shape.answer)            # of two orders of computation in llama.cpp, a token
    ratio = statistics.median(times["fresh"]) / statistics.median(times["ours"])
    return [Row(shape.name, ratio, "times faster", PLANS["gguf"].times, "higher"),
            Row("largest difference of a sum, GGUF", error, "nats", None, "lower")]


def lm_eval(folder: Path) -> Callable[[list[ScoredSequence], int], list[float]]:
    """The harness's own transformers model, given token ids, so that no tokenizing is timed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lm_eval.models.huggingface import HFLM

        model = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1, max_length=8192)

    def score(sequences: list[ScoredSequence], batch: int) -> list[float]:
        model.batch_size_per_gpu = batch
        requests = [(("", ""), list(s.ids[: s.start]), list(s.ids[s.start : s.end])) for s in sequences]
        found: list[tuple[float, Any]] = model._loglikelihood_tokens(requests, disable_tqdm=True)
        return [value for value, _ in found]

    return score


def plain_llama_cpp(file: Path) -> Callable[[ScoredSequence], float]:
    import llama_cpp

    model = llama_cpp.Llama(str(file), n_ctx=2048, n_batch=1024, n_threads=1, n_threads_batch=1, logits_all=True,
                            verbose=False, type_k=0, type_v=0)

    def score(sequence: ScoredSequence) -> float:
        model.reset()
        model.eval(list(sequence.ids[: sequence.end - 1]))
        rows = torch.from_numpy(model.scores[sequence.start - 1 : sequence.end - 1].copy()).log_softmax(-1)
        return float(rows.gather(1, torch.tensor(sequence.ids[sequence.start : sequence.end])[:, None]).sum())

    return score


def timed(work: Callable[[], list[float]]) -> tuple[float, list[float]]:
    gc.collect()
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def forget(model: LanguageModel) -> None:
    model._walker.forget()  # type: ignore[attr-defined]


def peak(size: int = 1536) -> float:
    """Floating-point operations a second of one matrix product."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    torch.mm(a, b)
    start = time.process_time()
    for _ in range(3):
        torch.mm(a, b)
    return 3 * 2 * size**3 / (time.process_time() - start)


def in_process(folder: Path, way: str, shape: str) -> float:
    """Bytes above what the loaded model takes, in a process of its own."""
    command = [sys.executable, "-m", "tests.perf.bench_engine", "--memory", str(folder), way, shape]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def extra_memory(folder: str, way: str, shape: str) -> float:
    sequences = SHAPES[shape].sequences(1 if way == "8" else None)
    model = load(ModelRef("m", folder, device="cpu")) if way == "ours" else None
    harness = lm_eval(Path(folder)) if way != "ours" else None
    few = sequences[:8]
    _ = model.logprobs(few[:1]) if model else harness(few[:1], 8) if harness else None
    process, most, running = psutil.Process(), [0], True
    before = process.memory_info().rss

    def watch() -> None:
        while running:
            most[0] = max(most[0], process.memory_info().rss)
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _ = model.logprobs(sequences) if model else harness(few, int(way)) if harness else None
    running = False
    watcher.join()
    return float(most[0] - before)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
