"""OpenAI's files for preference fine-tuning: ``{"input": {"messages": […]}, "preferred_output": […],
"non_preferred_output": […]}``."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.formats.conversation import are_turns
from workbench.formats.format import Cells, Format


def _unpack(row: Cells) -> Iterable[Cells]:
    asked = row["input"]
    yield {**{name: value for name, value in row.items() if name != "input"}, **asked}


FORMAT = Format(
    "openai_preference", "OpenAI preferences", "Conversations with a preferred and a non-preferred answer.",
    needs=("input", "preferred_output"), unpack=_unpack,
    matches=lambda row: isinstance(row["input"], dict) and are_turns(row["input"].get("messages")),
    mapping={"turns": "messages", "answer": "preferred_output", "rejected": "non_preferred_output"},
)
