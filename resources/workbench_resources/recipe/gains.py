"""What a candidate of the sample does: the change of the references' log P when it stands in the base prompt.

A plain check of the sample project, one sequence at a time in effect; the workbench's own scoring does this faster.
"""

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

from transformers import LlamaForCausalLM

from workbench_resources.recipe import measure
from workbench_resources.recipe.rows import Encoder
from workbench_resources.recipe.sample import INSTRUCTION
from workbench_resources.recipe.tokenizer import FENCE

Pairs = list[tuple[str, str]]
Asked = list[tuple[list[str], list[str]]]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def items(encoder: Encoder, shots: Pairs, asked: Asked) -> list[tuple[list[int], list[int]]]:
    """(prompt ids, answer ids) of every turn of every question after ``shots``; earlier turns stand answered."""
    found = []
    for queries, answers in asked:
        for turn, (query, answer) in enumerate(zip(queries, answers, strict=True)):
            before = [*shots, *zip(queries[:turn], answers[:turn], strict=True)]
            found.append((encoder.prompt(before, query, INSTRUCTION), encoder(answer) + encoder(FENCE)))
    return found


def question_set(sample: Path, held_out: bool) -> Asked:
    """(queries, reference answers) of each question of one of the sample's two sets."""
    stem, answers = ("heldout_questions", "heldout") if held_out else ("questions", "sample")
    references = {
        row["question_id"]: row["choices"][0]["turns"]
        for row in read_lines(sample / "reference_answer" / f"{answers}.jsonl")
    }
    return [(row["turns"], references[row["question_id"]]) for row in read_lines(sample / f"{stem}.jsonl")]


def mean_log_probability(model: LlamaForCausalLM, encoder: Encoder, shots: Pairs, asked: Asked) -> float:
    """Mean log P of a reference answer, in nats, after ``shots``."""
    results = measure.outcomes(model, items(encoder, shots, asked))
    return sum(result.log_probability for result in results) / len(results)


def by_quality(
    model: LlamaForCausalLM,
    encoder: Encoder,
    sample: Path,
    candidates: int,
    questions: int,
    first: bool = True,
    seed: int = 0,
) -> dict[str, list[float]]:
    """Gains of up to ``candidates`` of each quality on ``questions`` held-out questions, in nats per answer.

    ``first`` puts a candidate before the base demonstrations, else after them.
    """
    rng = random.Random(seed)
    asked = question_set(sample, held_out=True)
    asked = asked[:: max(1, len(asked) // questions)]
    base = base_shots(sample)
    before = mean_log_probability(model, encoder, base, asked)
    groups: dict[str, Pairs] = defaultdict(list)
    for row in json.loads((sample / "truth.json").read_text(encoding="utf-8")):
        groups[row["quality"]].append((row["instruction"], row["output"]))
    found = {"base": [before]}
    for quality, pairs in groups.items():
        chosen = rng.sample(pairs, min(candidates, len(pairs)))
        found[quality] = [
            mean_log_probability(model, encoder, [pair, *base] if first else [*base, pair], asked) - before
            for pair in chosen
        ]
    return found


def base_shots(sample: Path) -> Pairs:
    """The demonstrations of the sample's base prompt."""
    text = (sample / "base_prompt.txt").read_text(encoding="utf-8").removeprefix(INSTRUCTION)
    found = []
    for part in text.split("# Query:\n```\n")[1:]:
        query, _, rest = part.partition("\n```\n\n# Answer:\n```\n")
        found.append((query, rest.rpartition("\n```\n")[0]))
    return found
