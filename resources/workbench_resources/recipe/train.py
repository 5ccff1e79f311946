"""Training by measured accuracy: runs until repeating is learned, then look-up practice, then the families."""

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from workbench_resources.recipe import measure, tokenizer
from workbench_resources.recipe.model import SIZES, Size, make
from workbench_resources.recipe.muon import Muon
from workbench_resources.recipe.rows import MAKERS, PRACTICE, Encoder, Row

PHASES = ("runs", "pairs", "families")
MIXES: dict[str, Mapping[str, float]] = {
    "runs": {"runs": 1.0},
    "pairs": {"runs": 0.2, "pairs": 0.5, "kinds": 0.3},
    "families": {"runs": 0.08, "pairs": 0.14, "kinds": 0.14, "singles": 0.16, "families": 0.48},
}
ENOUGH = {"runs": {"runs": 0.94}, "pairs": {"pairs": 0.9, "kinds": 0.8}}
PRACTICE_AT_MOST = {"runs": 0.36, "pairs": 0.42}
STEP_TOKENS = 3600
CHECK_EVERY = 100
REPORT_EVERY = 500
MUON_RATE, ADAM_RATE = 0.02, 4e-3
WARM_UP = 50


@dataclass
class Progress:
    """Where a training stands; saved with the weights so that it can go on from there."""

    step: int = 0
    tokens: int = 0
    phase: str = PHASES[0]
    phase_start: int = 0
    loss: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)


def rate(done: float) -> float:
    """The learning rate's factor after ``done`` (0..1) of the tokens: flat for 40 %, then linearly to 0."""
    return min(1.0, max(0.0, (1.0 - done) / 0.6))


def rows(encoder: Encoder, rng: random.Random, mix: Mapping[str, float]) -> Iterator[Row]:
    """Rows of a mix without end; shares are of tokens, since practice rows are shorter than episodes."""
    spent = dict.fromkeys(mix, 0)
    while True:
        name = min(mix, key=lambda kind: spent[kind] / mix[kind])
        row = MAKERS[name](encoder, rng)
        spent[name] += len(row)
        yield row


def batches(stream: Iterator[Row], rng: random.Random, count: int) -> list[list[Row]]:
    """About ``count`` batches of ``STEP_TOKENS`` tokens, rows of like length together."""
    found: list[Row] = []
    total = 0
    while total < count * STEP_TOKENS:
        found.append(next(stream))
        total += len(found[-1])
    found.sort(key=len)
    made: list[list[Row]] = [[]]
    for row in found:
        if made[-1] and (len(made[-1]) + 1) * len(row) > STEP_TOKENS:
            made.append([])
        made[-1].append(row)
    rng.shuffle(made)
    return made


def padded(batch: list[Row]) -> tuple[Tensor, Tensor]:
    """Ids and weights of a batch, both (rows, longest)."""
    width = max(len(row) for row in batch)
    ids = torch.tensor([row.ids + [0] * (width - len(row)) for row in batch])
    weights = torch.tensor([row.weights + [0.0] * (width - len(row)) for row in batch])
    return ids, weights


def weighted_loss(model: LlamaForCausalLM, ids: Tensor, weights: Tensor) -> Tensor:
    """Mean cross-entropy by weight; logits are made only where something is to be learned, which saves time."""
    hidden = model.model(ids[:, :-1], use_cache=False).last_hidden_state
    wanted = weights[:, 1:] > 0
    logits = model.lm_head(hidden[wanted])
    weight = weights[:, 1:][wanted]
    losses = torch.nn.functional.cross_entropy(logits, ids[:, 1:][wanted], reduction="none")
    return (losses * weight).sum() / weight.sum()


@torch.no_grad()
def practice_accuracy(model: LlamaForCausalLM, encoder: Encoder) -> dict[str, float]:
    """How often the likeliest token is right, in each kind of practice."""
    found = {}
    for name, maker in PRACTICE.items():
        rng = random.Random(5)
        ids, weights = padded([maker(encoder, rng) for _ in range(32)])
        guesses = model(ids, use_cache=False).logits[:, :-1].argmax(-1)
        right = (guesses == ids[:, 1:]).float()
        found[name] = ((right * weights[:, 1:]).sum() / weights[:, 1:].sum()).item()
    return found


class Training:
    """One training, from new weights or from where its folder left off."""

    def __init__(self, name: str, seed: int, out: Path, size: Size | None = None, fused: bool = False) -> None:
        self.out, self.seed = out, seed
        self.size = size or SIZES[name]
        self.budget = int(self.size.tokens * 1e6)
        self.mixes = MIXES | ({"families": self.size.families} if self.size.families else {})
        self.end = int((self.size.stop or self.size.tokens) * 1e6)
        self.tokenizer = tokenizer.make(0)
        self.encoder = Encoder(self.tokenizer)
        self.model = make(self.size, self.tokenizer, seed)
        self.progress = Progress()
        matrices = [p for n, p in self.model.named_parameters() if p.ndim == 2 and "embed" not in n]
        others = [p for n, p in self.model.named_parameters() if p.ndim != 2 or "embed" in n]
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=MUON_RATE),
            torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.bases = (MUON_RATE, ADAM_RATE)
        out.mkdir(parents=True, exist_ok=True)
        if (out / "state.pt").exists():
            self._load()
        if fused:
            # Fused element-wise kernels: about twice as fast on one core. Needs a C++ compiler.
            body = self.model.model
            body.forward = torch.compile(body.forward, dynamic=True)

    def run(self) -> None:
        """Train until the tokens are spent, or as far as the size says."""
        started = time.monotonic()
        self.model.train()
        while self.progress.tokens < self.end:
            rng = random.Random(f"{self.seed}/{self.progress.step}")
            stream = rows(self.encoder, rng, self.mixes[self.progress.phase])
            for batch in batches(stream, rng, CHECK_EVERY):
                self._step(batch)
            self._check(time.monotonic() - started)
            self._save()
        self.finish()

    def _step(self, batch: list[Row]) -> None:
        progress = self.progress
        factor = min(1.0, (progress.step + 1) / WARM_UP) * rate(progress.tokens / self.budget)
        for optimiser, base in zip(self.optimisers, self.bases, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = base * factor
        ids, weights = padded(batch)
        loss = weighted_loss(self.model, ids, weights)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        progress.step += 1
        progress.tokens += ids.numel()
        progress.loss += 0.03 * (loss.item() - progress.loss)

    def _check(self, seconds: float) -> None:
        """Measure, log, and go on to the next phase when this one's aim is reached."""
        progress = self.progress
        self.model.eval()
        accuracy = practice_accuracy(self.model, self.encoder)
        line: dict[str, Any] = {
            "step": progress.step,
            "tokens": progress.tokens,
            "phase": progress.phase,
            "loss": round(progress.loss, 3),
            "seconds": round(seconds),
            **{name: round(value, 3) for name, value in accuracy.items()},
        }
        if progress.phase == "families" and progress.step % REPORT_EVERY < CHECK_EVERY:
            table = measure.table(self.model, self.encoder, count=16, kinds=(("good", 0), ("good", 8), ("wrong", 8)))
            line["families"] = {
                kind: {family: [round(number, 2) for number in cell] for family, cell in row.items()}
                for kind, row in table.items()
            }
        self.model.train()
        print(json.dumps(line), flush=True)
        progress.history.append(line)
        aim = ENOUGH.get(progress.phase)
        if aim is None:
            return
        late = progress.tokens > PRACTICE_AT_MOST[progress.phase] * self.budget
        if late or all(accuracy[name] >= wanted for name, wanted in aim.items()):
            progress.phase = PHASES[PHASES.index(progress.phase) + 1]
            progress.phase_start = progress.step

    def _save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "progress": self.progress.__dict__,
        }
        unfinished = self.out / "state.pt.new"
        torch.save(state, unfinished)
        unfinished.replace(self.out / "state.pt")

    def _load(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])

    def finish(self) -> None:
        """Write the model folder: config, half-precision weights, tokenizer."""
        export(self.model, self.tokenizer, self.out)


def export(model: LlamaForCausalLM, used: PreTrainedTokenizerFast, out: Path) -> None:
    """Write ``model`` as a standard folder with fp16 weights; the model itself stays as it is."""
    half = LlamaForCausalLM(model.config).half()
    half.load_state_dict(model.state_dict())
    half.save_pretrained(out)
    tokenizer.save(used, out)
