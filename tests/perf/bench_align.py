"""`make bench-align`: a step of BiAlign against the plain implementation, and against a step of output alignment.

Teacher 768 wide, student 512 wide, 8 layers each, vocabulary 32,000, one sample of 1,024 tokens with N = 4 subsets.
Single-thread CPU seconds, interleaved; peak memory of each way in a process of its own. Fails when gradients differ.
"""

from __future__ import annotations

import copy
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from tests.perf.report import Row, one_thread, write
from workbench.alignment.episodes import Episode
from workbench.alignment.heap import give_back_holes
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.ranking_loss import RankingOptions, ranking_loss
from workbench.alignment.samples import Sample
from workbench.alignment.teacher import Teacher
from workbench.alignment.trainer import AlignmentTrainer
from workbench.domain import Demonstration
from workbench.models.base import ScoredSequence

VOCABULARY, TOKENS, DEMONSTRATIONS, ANSWER = 32_000, 1_024, 10, 48
OPTIONS = AlignmentOptions(batch=1, episodes=1, ranking_weight=1.0)
ROUNDS = 3
PEAKS = 3


def build(width: int, heads: int, seed: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=8 * width // 3 // 32 * 32, num_hidden_layers=8,
        num_attention_heads=heads, max_position_embeddings=2 * TOKENS, tie_word_embeddings=False))


def make_sample() -> Sample:
    generator = np.random.default_rng(3)
    pieces = [tuple(generator.integers(5, VOCABULARY, 90).tolist()) for _ in range(DEMONSTRATIONS)]
    end = tuple(generator.integers(5, VOCABULARY, TOKENS - 90 * DEMONSTRATIONS).tolist())

    def sequence(chosen: tuple[int, ...]) -> ScoredSequence:
        ids = tuple(token for i in chosen for token in pieces[i]) + end
        return ScoredSequence(ids, len(ids) - ANSWER, len(ids))

    chosen = tuple(tuple(sorted(generator.permutation(DEMONSTRATIONS)[:size].tolist())) for size in (3, 4, 6, 7))
    nothing = Demonstration.pair("", "")
    return Sample(Episode("bench", (), nothing), sequence(tuple(range(DEMONSTRATIONS))), chosen,
                  tuple(map(sequence, chosen)))


class Ways:
    """The same step three times: plain, BiAlign and output alignment by the trainer."""

    def __init__(self, folder: Path) -> None:
        self.teacher_model, self.student = build(768, 12, 1), build(512, 8, 2)
        self.plain_student = copy.deepcopy(self.student)      # a trainer changes how its model keeps activations
        for parameter in (*self.student.parameters(), *self.plain_student.parameters()):
            parameter.grad = torch.zeros_like(parameter)                # so that peaks show what a step adds
        self.sample = make_sample()
        self.teacher = Teacher(self.teacher_model, [self.sample], folder, 0)
        self.teacher.prepare()
        self.trainers = {}
        for method in ("bialign", "output"):
            trainer = AlignmentTrainer(self.student, [self.sample], replace(OPTIONS, method=method), folder / "run",
                                       padding_id=0, teacher=self.teacher, device="cpu")
            trainer.current_gradient_accumulation_steps = 1
            self.trainers[method] = trainer

    def plain(self) -> float:
        """Full logits, every subset with a graph, the teacher run anew, one backward pass."""
        def log_score(model: LlamaForCausalLM, sequence: ScoredSequence) -> Tensor:
            logprobs = model(torch.tensor([sequence.ids]), use_cache=False).logits[0].log_softmax(-1)
            where = torch.arange(sequence.start, sequence.end)
            return logprobs[where - 1, torch.tensor(sequence.ids)[where]].sum()

        ids = torch.tensor([self.sample.sequence.ids])
        with torch.no_grad():
            log_p = self.teacher_model(ids, use_cache=False).logits[0, :-1].log_softmax(-1)
            preferred = torch.stack([log_score(self.teacher_model, s) for s in self.sample.subsets])
        log_q = self.plain_student(ids, use_cache=False).logits[0, :-1].log_softmax(-1)
        divergence = torch.nn.functional.kl_div(log_q, log_p, log_target=True, reduction="none").sum(-1).mean()
        scores = torch.stack([log_score(self.plain_student, s) for s in self.sample.subsets])
        loss = divergence + ranking_loss(scores[None], preferred[None], RankingOptions())
        loss.backward()
        return loss.item()

    def by_trainer(self, method: str) -> float:
        trainer = self.trainers[method]
        return trainer.training_step(self.student, trainer._collate([0])).item()

    def run(self, way: str) -> float:
        return self.plain() if way == "plain" else self.by_trainer(way)

    def gradient(self, way: str) -> tuple[float, Tensor]:
        student = self.plain_student if way == "plain" else self.student
        for parameter in student.parameters():
            parameter.grad.zero_()
        value = self.run(way)
        return value, torch.cat([parameter.grad.flatten() for parameter in student.parameters()])


def peak(way: str) -> float:
    """MB that one step adds to the process, in a process of its own; the median of several."""
    command = [sys.executable, "-m", "tests.perf.bench_align", "--peak", way]
    found = [float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])
             for _ in range(PEAKS)]
    return statistics.median(found)


def measure_peak(way: str) -> None:
    import threading

    with tempfile.TemporaryDirectory() as folder:
        ways = Ways(Path(folder))
        gc.collect()
        give_back_holes()                      # what the set-up freed would hide a part of the step's memory
        process, stop = psutil.Process(), threading.Event()
        before = highest = process.memory_info().rss

        def watch() -> None:
            nonlocal highest
            while not stop.wait(0.005):
                highest = max(highest, process.memory_info().rss)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        ways.run(way)
        stop.set()
        thread.join()
        print((highest - before) / 1e6)


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    one_thread()
    if "--peak" in sys.argv:
        measure_peak(sys.argv[-1])
        return 0
    with tempfile.TemporaryDirectory() as folder:
        ways = Ways(Path(folder))
        (loss, gradient), (expected, wanted) = ways.gradient("bialign"), ways.gradient("plain")
        error = ((gradient - wanted).norm() / wanted.norm()).item()
        print(f"loss {loss:.6f}, plain {expected:.6f}; relative gradient error {error:.1e}")
        times: dict[str, list[float]] = {way: [] for way in ("plain", "bialign", "output")}
        for _ in range(ROUNDS):
            for way, found in times.items():
                found.append(seconds(lambda way=way: ways.run(way)))                # type: ignore[misc]
    median = {way: statistics.median(found) for way, found in times.items()}
    print(json.dumps({way: round(value, 2) for way, value in median.items()}), "CPU s a step")
    peaks = {way: peak(way) for way in ("plain", "bialign")}
    print(json.dumps({way: round(value) for way, value in peaks.items()}), "MB at the peak of a step")
    write("align", [
        Row("speed vs plain", median["plain"] / median["bialign"], "×", 2.0, "higher"),
        Row("peak memory vs plain", peaks["bialign"] / peaks["plain"], "×", 0.25, "lower"),
        Row("cost vs Output-Align", median["bialign"] / median["output"], "×", 2.3, "lower"),
    ])
    return 0 if error < 1e-3 else 1


if __name__ == "__main__":
    sys.exit(main())
