"""AlpacaEval's annotations: two models' outputs to an instruction, and which one an annotator preferred.

The preferred output is the answer and the other one the rejected answer. A tie, or an annotation that failed, leaves
both as answers.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.formats.format import Cells, Format

TIE = 1.5
"""``preference`` goes from 1 (the first output) to 2 (the second)."""


def _unpack(row: Cells) -> Iterable[Cells]:
    cells = {name: value for name, value in row.items()
             if name not in ("output_1", "output_2", "generator_1", "generator_2")}
    preference = row.get("preference")
    outputs = [(row.get(f"output_{number}"), row.get(f"generator_{number}")) for number in (1, 2)]
    if isinstance(preference, int | float) and preference != TIE and preference == preference:
        better, worse = outputs if preference < TIE else outputs[::-1]
        yield {**cells, "chosen": better[0], "generator": better[1], "rejected": worse[0],
               "rejected_generator": worse[1]}
        return
    for output, generator in outputs:
        yield {**cells, "chosen": output, "generator": generator}


FORMAT = Format(
    "alpaca_eval_annotations", "AlpacaEval annotations", "Pairs of outputs with the preferred one.",
    needs=("instruction", "output_1", "output_2"), unpack=_unpack, matches=lambda row: isinstance(row["output_1"], str),
    mapping={"instruction": "instruction", "answer": "chosen", "rejected": "rejected", "source": "dataset"},
)
