"""How well a model learns in context: log P and exact match of answers by family and kind of demonstrations."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from workbench_resources.recipe.episodes import Probe, probes
from workbench_resources.recipe.rows import Encoder
from workbench_resources.recipe.rules import FAMILIES
from workbench_resources.recipe.tokenizer import FENCE
from workbench_resources.recipe.tokenizer import load as load_tokenizer

KINDS: tuple[tuple[str, int], ...] = (
    ("good", 0),
    ("good", 1),
    ("good", 2),
    ("good", 4),
    ("good", 8),
    ("irrelevant", 8),
    ("rival", 8),
    ("wrong", 8),
)
Table = dict[str, dict[str, tuple[float, float]]]


@dataclass(frozen=True)
class Outcome:
    """Log P of an answer with its closing fence, in nats, and whether greedy decoding would give exactly it."""

    log_probability: float
    exact: bool


def load(folder: Path) -> tuple[LlamaForCausalLM, Encoder]:
    """A model folder in full precision on one thread, ready to be measured."""
    torch.set_num_threads(1)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model, Encoder(load_tokenizer(folder))


@torch.no_grad()
def outcomes(model: LlamaForCausalLM, items: Sequence[tuple[list[int], list[int]]], batch: int = 32) -> list[Outcome]:
    """The outcome of each (prompt ids, answer ids), in order; rows of like length are run together."""
    order = sorted(range(len(items)), key=lambda index: len(items[index][0]) + len(items[index][1]))
    found: dict[int, Outcome] = {}
    for start in range(0, len(order), batch):
        chunk = order[start : start + batch]
        full = [items[index][0] + items[index][1] for index in chunk]
        width = max(map(len, full))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in full])
        hidden = model.model(ids, use_cache=False).last_hidden_state
        for place, index in enumerate(chunk):
            prompt, answer = items[index]
            states = hidden[place, len(prompt) - 1 : len(prompt) + len(answer) - 1]
            logs = model.lm_head(states).float().log_softmax(-1)
            target = torch.tensor(answer)
            chosen = logs.gather(1, target[:, None]).sum().item()
            found[index] = Outcome(chosen, bool((logs.argmax(-1) == target).all()))
    return [found[index] for index in range(len(items))]


def table(
    model: LlamaForCausalLM,
    encoder: Encoder,
    count: int = 40,
    seed: int = 99,
    kinds: Sequence[tuple[str, int]] = KINDS,
    families: tuple[str, ...] = FAMILIES,
) -> Table:
    """Kind of demonstrations ("good 8") → family or "all" → (mean log P in nats, share of exact matches)."""
    asked = probes(count, seed, families)
    found: Table = {}
    for kind, shots in kinds:
        items = [_item(encoder, probe, kind, shots) for probe in asked]
        results = list(zip(asked, outcomes(model, items), strict=True))
        row = found[f"{kind} {shots}"] = {}
        for family in ("all", *families):
            mine = [result for probe, result in results if family in ("all", probe.family)]
            row[family] = (
                sum(result.log_probability for result in mine) / len(mine),
                sum(result.exact for result in mine) / len(mine),
            )
    return found


def _item(encoder: Encoder, probe: Probe, kind: str, shots: int) -> tuple[list[int], list[int]]:
    demonstrations = [(one.query, one.answer) for one in getattr(probe, kind)[:shots]]
    prompt = encoder.prompt(demonstrations, probe.asked.query)
    return prompt, encoder(probe.asked.answer) + encoder(FENCE)


def as_text(found: Table) -> str:
    """The table as Markdown: one line a kind of demonstrations, "log P / exact" in each cell."""
    families = list(next(iter(found.values())))
    lines = ["| demonstrations | " + " | ".join(families) + " |", "|---" * (len(families) + 1) + "|"]
    for kind, row in found.items():
        cells = [f"{row[family][0]:.2f} / {row[family][1]:.2f}" for family in families]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
