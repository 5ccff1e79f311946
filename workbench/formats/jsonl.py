"""JSON Lines: one object a line. Our own form is lossless (see ``record``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.domain import Demonstration
from workbench.domain.fields import TEXTS
from workbench.formats import conversation
from workbench.formats.format import Format, as_text
from workbench.formats.json_value import as_object, decode
from workbench.formats.rows import Refused, Row, RowError, Rows
from workbench.formats.source import Source, numbered_lines


def rows(source: Source) -> Rows:
    """Each non-empty line's object; a line that is none is refused, and the reading goes on."""
    with source.text() as stream:
        for item in numbered_lines(stream):
            if isinstance(item, Refused):
                yield item
                continue
            number, line = item
            if not line or line.isspace():
                continue
            try:
                yield Row(number, as_object(decode(line)))
            except RowError as error:
                cut = "" if line.endswith("\n") else " It is the last line and has no end: the file may be cut off."
                yield Refused(number, f"{error}{cut}")


def record(demonstration: Demonstration) -> dict[str, Any]:
    """Every field but the id, as our JSON Lines and Parquet files hold them; ``messages`` as OpenAI's chat has it."""
    fields = {
        "messages": [conversation.message(turn) for turn in demonstration.turns],
        **{name: getattr(demonstration, name) for name in TEXTS},
        "tags": list(demonstration.tags),
        "status": demonstration.status.value,
        "rating": demonstration.rating,
        "note": demonstration.note,
    }
    return fields | ({"metadata": dict(demonstration.metadata)} if demonstration.metadata else {})


def write(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    """Lines that, read again, give the same demonstrations (ids apart)."""
    for demonstration in demonstrations:
        yield json.dumps(record(demonstration), ensure_ascii=False) + "\n"


def recognises(source: Source) -> bool:
    return not source.is_table and (source.sample_text.lstrip().startswith("{") or source.suffix in FORMAT.extensions)


FORMAT = Format(
    "jsonl", "JSON Lines", "One JSON object a line; our own form, which holds everything.", (".jsonl", ".ndjson"),
    recognises=recognises, rows=rows, write=as_text(write), for_prompts=True,
    hint="Everything, with tags, ratings and notes; reads in again without loss.",
)
