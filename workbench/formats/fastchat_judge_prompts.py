"""Judge prompts: FastChat's judge_prompts.jsonl, read and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.domain.judge_prompt import OUTPUT_FORMATS, PLACEHOLDERS, JudgePrompt
from workbench.errors import FormatError
from workbench.formats import jsonl
from workbench.formats.rows import Refused, RowError, require_text
from workbench.formats.source import Source


def read(path: Path) -> tuple[JudgePrompt, ...]:
    """All prompts of a file, in order. Raises FormatError that names the first line that is none.

    A judge prompt that was half understood would give wrong numbers, so a file is taken whole or not at all.
    """
    found: dict[str, JudgePrompt] = {}
    for row in jsonl.rows(Source(path)):
        try:
            if isinstance(row, Refused):
                raise RowError(row.reason)
            prompt = _prompt(row.cells)
            if prompt.name in found:
                raise RowError(f"The prompt “{prompt.name}” is there twice.")
        except RowError as error:
            raise FormatError(f"{path.name}, line {row.line}: {error}", safe="Nothing was imported.",
                              remedy="Mend the line; the form is that of FastChat's judge_prompts.jsonl.") from error
        found[prompt.name] = prompt
    if not found:
        raise FormatError(f"{path.name} holds no judge prompt.", safe="Nothing was imported.",
                          remedy="Choose a file in the form of FastChat's judge_prompts.jsonl.")
    return tuple(found.values())


def write(prompts: Iterable[JudgePrompt]) -> Iterator[str]:
    """Lines that FastChat's load_judge_prompts reads."""
    for prompt in prompts:
        yield json.dumps({
            "name": prompt.name, "type": prompt.kind, "system_prompt": prompt.system_prompt,
            "prompt_template": prompt.prompt_template, "description": prompt.description,
            "category": prompt.category, "output_format": prompt.output_format}, ensure_ascii=False) + "\n"


def _prompt(cells: Mapping[str, Any]) -> JudgePrompt:
    name, given = _text(cells, "name"), _text(cells, "type")
    kind = next((known for known in OUTPUT_FORMATS if known == given), None)
    if kind is None:
        raise RowError(f"“type” is “{given}”, neither single nor pairwise.")
    wanted = _text(cells, "output_format")
    output = next((known for known in OUTPUT_FORMATS[kind] if known == wanted), None)
    if output is None:
        raise RowError(f"“output_format” is “{wanted}”; for {kind} it is {' or '.join(OUTPUT_FORMATS[kind])}.")
    prompt = JudgePrompt(name, kind, _text(cells, "system_prompt"), _text(cells, "prompt_template"), output,
                         _text(cells, "description", ""), _text(cells, "category", "general"))
    try:
        unknown = sorted(prompt.placeholders - PLACEHOLDERS[kind])
    except ValueError as error:
        raise RowError(f"“prompt_template” cannot be laid out: {error}.") from error
    if unknown:
        raise RowError(f"“prompt_template” asks for {{{unknown[0]}}}, which is not known here.")
    return prompt


def _text(cells: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = cells.get(name, default)
    if not isinstance(value, str):
        raise RowError(f"“{name}” is missing.")
    return require_text(value, f"“{name}”")
