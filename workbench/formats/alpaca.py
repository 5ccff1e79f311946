"""Alpaca's form: an array of ``{"instruction": "…", "input": "…", "output": "…"}``.

A filled ``input`` is put under the instruction, a blank line between. Turns before the last are in ``history`` and a
system turn in ``system``, as LLaMA-Factory writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from workbench.domain import Demonstration, Role, Turn
from workbench.errors import FormatError
from workbench.formats.format import Format, as_text


def write(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    """A JSON array. Raises FormatError for a demonstration whose turns do not alternate from user to assistant."""
    lead = "[\n"
    for demonstration in demonstrations:
        yield lead + json.dumps(_record(demonstration), ensure_ascii=False, indent=1)
        lead = ",\n"
    yield "[]\n" if lead == "[\n" else "\n]\n"


def _record(demonstration: Demonstration) -> dict[str, object]:
    turns = list(demonstration.turns)
    system = turns.pop(0).text if turns and turns[0].role is Role.SYSTEM else ""
    if turns and turns[-1].role is Role.USER:
        turns.append(Turn(Role.ASSISTANT, ""))
    roles = [turn.role for turn in turns]
    if not turns or roles != [Role.USER, Role.ASSISTANT] * (len(turns) // 2):
        name = f"Demonstration {demonstration.id}" if demonstration.id is not None else "A demonstration"
        raise FormatError(f"{name} cannot be written as Alpaca: its turns do not alternate between user and assistant.",
                          safe="Nothing was written.", remedy="Choose JSON Lines, which holds any turns.")
    pairs = [[turns[place].text, turns[place + 1].text] for place in range(0, len(turns), 2)]
    record: dict[str, object] = {"instruction": pairs[-1][0], "input": "", "output": pairs[-1][1]}
    if system:
        record["system"] = system
    if len(pairs) > 1:
        record["history"] = pairs[:-1]
    return record


FORMAT = Format(
    "alpaca", "Alpaca", "Rows with instruction, input and output.", (".json",), needs=("instruction", "output"),
    mapping={"instruction": "instruction", "input": "input", "answer": "output", "history": "history",
             "system": "system"},
    matches=lambda row: isinstance(row.get("instruction"), str) and isinstance(row.get("output"), str),
    write=as_text(write), hint="Instruction, input and output. Later turns are left out.",
)
