"""What files of answers and judgements hold, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.domain import DecodingSettings
from workbench.formats.rows import Refused, RowError, require_text

Winner = Literal["model_1", "model_2", "tie", "error"]
WINNERS: tuple[Winner, ...] = ("model_1", "model_2", "tie", "error")


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer. ``question`` is the question's key, or "" where the file has only its text, ``instruction``."""

    model: str
    question: str
    turn: int
    repeat: int
    text: str
    instruction: str = ""
    decoding: DecodingSettings | None = None


@dataclass(frozen=True, slots=True)
class RatingRow:
    """A judge's rating of one answer. ``turn`` counts from 0; ``score`` −1 could not be read."""

    question: str
    model: str
    judge: str
    prompt_name: str
    turn: int
    score: float
    asked: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two answers judged in both orders: ``first`` with model_1 shown first, ``second`` with model_2 shown first."""

    question: str
    model_1: str
    model_2: str
    judge: str
    prompt_name: str
    turn: int
    first: Winner
    second: Winner
    asked: tuple[str, str] = ("", "")
    words: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """``format`` is fastchat, alpaca_eval or urial."""

    format: str
    answers: tuple[AnswerRow, ...]
    refused: tuple[Refused, ...] = field(default=())


def text_of(cells: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text cell. Raises RowError where it is missing and there is no default, or cannot be stored."""
    value = cells.get(name, default)
    if not isinstance(value, str):
        raise RowError(f"“{name}” is not a text.")
    return require_text(value, f"“{name}”")


def key_of(cells: Mapping[str, Any]) -> str:
    """``question_id`` as text. Raises RowError."""
    key = cells.get("question_id")
    if isinstance(key, bool) or not isinstance(key, int | str) or key == "":
        raise RowError("“question_id” is missing.")
    return require_text(str(key), "“question_id”")


def question_id(key: str) -> int | str:
    """A question's key as FastChat writes it: a number where it is one."""
    return int(key) if key.isdecimal() and str(int(key)) == key else key


def number_of(cells: Mapping[str, Any], name: str) -> float:
    value = cells.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowError(f"“{name}” is not a number.")
    return float(value)


def models_of(answers: Iterable[AnswerRow]) -> tuple[str, ...]:
    """In the order of their first answer."""
    return tuple(dict.fromkeys(answer.model for answer in answers))
