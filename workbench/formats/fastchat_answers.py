"""FastChat's model_answer and reference_answer files: one question a line, ``choices`` with an answer a turn."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workbench.domain import Question
from workbench.formats.answer_rows import AnswerRow, key_of, question_id
from workbench.formats.rows import RowError, require_text


def matches(row: Mapping[str, Any]) -> bool:
    return "question_id" in row and isinstance(row.get("choices"), list)


def answers(cells: Mapping[str, Any], model: str) -> list[AnswerRow]:
    """A line's answers, one a choice and turn. Raises RowError.

    ``model`` is the file's name, and that of the model: FastChat's load_model_answers looks at nothing else, and
    published files of different models share a ``model_id``.
    """
    key, found = key_of(cells), list[AnswerRow]()
    for repeat, choice in enumerate(cells["choices"]):
        turns = choice.get("turns") if isinstance(choice, Mapping) else None
        if not isinstance(turns, list) or not turns or not all(isinstance(text, str) for text in turns):
            raise RowError("“choices” is not a list of answers with “turns”.")
        found += [AnswerRow(model, key, turn, repeat, require_text(text, "“turns”")) for turn, text in enumerate(turns)]
    return found


def write(rows: Iterable[AnswerRow], when: float = 0.0) -> Iterator[str]:
    """Lines by question, in their order, that FastChat's load_model_answers reads. ``when`` is in seconds since 1970.

    Turns after a missing one are left out: a line has no place for a gap.
    """
    lines: defaultdict[tuple[str, str], defaultdict[int, dict[int, str]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        lines[row.model, row.question][row.repeat][row.turn] = row.text
    for (model, question), repeats in lines.items():
        drawn = [turns for _, found in sorted(repeats.items()) if (turns := _unbroken(found))]
        yield _line(question, model, [{"index": index, "turns": turns} for index, turns in enumerate(drawn)], when)


def write_references(questions: Iterable[Question], judge: str, when: float = 0.0) -> Iterator[str]:
    """reference_answer/<judge>.jsonl: of the questions that have references."""
    for question in questions:
        if question.references:
            yield _line(question.key, judge, [{"index": 0, "turns": list(question.references)}], when)


def _line(question: str, model: str, choices: list[dict[str, Any]], when: float) -> str:
    digest = hashlib.sha256(json.dumps([model, question, choices]).encode()).hexdigest()
    row = {"question_id": question_id(question), "answer_id": digest[:22], "model_id": model, "choices": choices,
           "tstamp": when}
    return json.dumps(row, ensure_ascii=False) + "\n"


def _unbroken(turns: Mapping[int, str]) -> list[str]:
    found = []
    for turn in range(len(turns)):
        if turn not in turns:
            break
        found.append(turns[turn])
    return found
