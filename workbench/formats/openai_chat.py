"""OpenAI's chat form: ``{"messages": [{"role": "user", "content": "…"}, …]}``, one conversation a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from workbench.domain import Demonstration
from workbench.formats.layout import Layout, turns_have

LAYOUT = Layout("openai", "OpenAI chat", ("messages",), {"turns": "messages"},
                lambda row: turns_have(row.get("messages"), "role", "content"))


def write(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    """The conversations alone, as fine-tuning and chat programs take them."""
    for demonstration in demonstrations:
        messages = [{"role": turn.role.value, "content": turn.text} for turn in demonstration.turns]
        yield json.dumps({"messages": messages}, ensure_ascii=False) + "\n"
