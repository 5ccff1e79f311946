"""FastChat's model_judgment files: <judge>_single.jsonl and <judge>_pair.jsonl, and people's votes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from workbench.domain.bench import UNREADABLE
from workbench.errors import FormatError
from workbench.formats import jsonl
from workbench.formats.answer_rows import WINNERS, PairRow, RatingRow, Winner, key_of, number_of, question_id, text_of
from workbench.formats.rows import Refused, RowError, require_text
from workbench.formats.source import Source


def read(path: Path) -> tuple[list[RatingRow | PairRow], tuple[Refused, ...]]:
    """Ratings and pairs of a file, and the lines that are neither. Raises FormatError where no line is."""
    found, refused = list[RatingRow | PairRow](), list[Refused]()
    for row in jsonl.rows(Source(path)):
        try:
            if isinstance(row, Refused):
                raise RowError(row.reason)
            found.append(_pair(row.cells) if "g1_winner" in row.cells else _rating(row.cells))
        except RowError as error:
            refused.append(Refused(row.line, str(error)))
    if not found:
        why = f" Line {refused[0].line}: {refused[0].reason}" if refused else ""
        raise FormatError(f"{path.name} holds no judgement.{why}", safe="Nothing was imported.",
                          remedy="Choose a file that FastChat's gen_judgment.py wrote.")
    return found, tuple(refused)


def write(rows: Iterable[RatingRow | PairRow], when: float = 0.0) -> Iterator[str]:
    """Lines that FastChat's show_result.py and qa_browser.py read."""
    for row in rows:
        fields = _rating_fields(row) if isinstance(row, RatingRow) else _pair_fields(row)
        yield json.dumps({**fields, "turn": row.turn + 1, "tstamp": when}, ensure_ascii=False) + "\n"


def votes(rows: Iterable[tuple[str, PairRow]]) -> str:
    """(person, pair) → the JSON that FastChat's compute_agreement.py takes for human votes ("expert_…")."""
    winner = {"model_1": "model_a", "model_2": "model_b"}
    return json.dumps([{
        "question_id": question_id(row.question), "model_a": row.model_1, "model_b": row.model_2,
        "winner": winner.get(row.first, row.first), "judge": f"expert_{person}", "turn": row.turn + 1}
        for person, row in rows], ensure_ascii=False, indent=1) + "\n"


def _rating_fields(row: RatingRow) -> dict[str, Any]:
    return {"question_id": question_id(row.question), "model": row.model, "judge": [row.judge, row.prompt_name],
            "user_prompt": row.asked, "judgment": row.words,
            "score": int(row.score) if row.score == int(row.score) else row.score}


def _pair_fields(row: PairRow) -> dict[str, Any]:
    return {
        "question_id": question_id(row.question), "model_1": row.model_1, "model_2": row.model_2,
        "g1_winner": row.first, "g2_winner": row.second, "judge": [row.judge, row.prompt_name],
        "g1_user_prompt": row.asked[0], "g1_judgment": row.words[0], "g2_user_prompt": row.asked[1],
        "g2_judgment": row.words[1]}


def _rating(cells: Mapping[str, Any]) -> RatingRow:
    score = number_of(cells, "score")
    if score != UNREADABLE and not 0 <= score <= 100:
        raise RowError(f"The score {score:g} is no rating.")
    judge, prompt = _judge(cells)
    return RatingRow(key_of(cells), text_of(cells, "model"), judge, prompt, _turn(cells), score,
                     text_of(cells, "user_prompt", ""), text_of(cells, "judgment", ""))


def _pair(cells: Mapping[str, Any]) -> PairRow:
    first, second = (cells.get(name) for name in ("g1_winner", "g2_winner"))
    if first not in WINNERS or second not in WINNERS:
        raise RowError(f"A winner is one of {', '.join(WINNERS)}.")
    judge, prompt = _judge(cells)
    return PairRow(
        key_of(cells), text_of(cells, "model_1"), text_of(cells, "model_2"), judge, prompt, _turn(cells),
        cast(Winner, first), cast(Winner, second),
        (text_of(cells, "g1_user_prompt", ""), text_of(cells, "g2_user_prompt", "")),
        (text_of(cells, "g1_judgment", ""), text_of(cells, "g2_judgment", "")))


def _judge(cells: Mapping[str, Any]) -> tuple[str, str]:
    """The judge's model and its prompt's name."""
    judge: Any = cells.get("judge")
    names: list[Any] = judge if isinstance(judge, list) else [judge]
    if not 1 <= len(names) <= 2 or not all(isinstance(name, str) and name for name in names):
        raise RowError("“judge” is not the judge's name, or its name and that of its prompt.")
    first, second = [*(require_text(name, "“judge”") for name in names), ""][:2]
    return first, second


def _turn(cells: Mapping[str, Any]) -> int:
    """Counted from 0; the file counts from 1. FastChat leaves it out where a single-answer prompt compares two."""
    turn = cells.get("turn", 1)
    if isinstance(turn, bool) or not isinstance(turn, int) or turn < 1:
        raise RowError("“turn” is not 1, 2, …")
    return turn - 1
