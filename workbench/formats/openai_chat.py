"""OpenAI's chat form: ``{"messages": [{"role": "user", "content": "…"}, …]}``, one conversation a line.

Fine-tuning files of that form hold more (``tools``, a message's ``weight`` or ``tool_calls``): it is kept and written
out again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from workbench.domain import Demonstration
from workbench.formats import conversation
from workbench.formats.format import Format, as_text, turns_have

BESIDE = ("tools", "functions", "parallel_tool_calls")
"""What stands beside the messages in a file for fine-tuning."""


def write(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    """The conversations alone, as fine-tuning and chat programs take them."""
    for demonstration in demonstrations:
        beside = {name: demonstration.metadata[name] for name in BESIDE if name in demonstration.metadata}
        yield json.dumps({"messages": list(map(conversation.message, demonstration.turns)), **beside},
                         ensure_ascii=False) + "\n"


FORMAT = Format(
    "openai", "OpenAI chat", "Conversations whose messages have role and content; files for fine-tuning.", (".jsonl",),
    needs=("messages",), mapping={"turns": "messages"},
    matches=lambda row: turns_have(row.get("messages"), "role", "content"),
    write=as_text(write), hint="One conversation a line, under “messages”.", for_prompts=True,
)
