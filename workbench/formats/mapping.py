"""From raw cells to a demonstration: which column holds what.

A mapping is field → column. Layouts that have a name (Alpaca, ShareGPT, OpenAI chat) are nothing but mappings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

from workbench.domain import Demonstration, Role, Status, Turn
from workbench.formats import conversation
from workbench.formats.json_value import decode
from workbench.formats.rows import Refused, Row, RowError, Rows, Unreadable, require_text

COLUMNS_OF: dict[str, tuple[str, ...]] = {
    "turns": ("messages", "conversations", "conversation", "turns", "dialogue", "dialog", "chat", "data"),
    "system": ("system", "system_prompt"),
    "history": ("history",),
    "instruction": ("instruction", "prompt", "question", "query", "user", "human", "problem", "input"),
    "input": ("input", "context"),
    "answer": ("output", "answer", "response", "completion", "reply", "assistant", "chosen", "target", "solution"),
    "category": ("category", "task_type", "topic", "task"),
    "source": ("source", "dataset", "origin"),
    "licence": ("licence", "license"),
    "language": ("language", "lang", "locale"),
    "tags": ("tags", "keywords", "labels"),
    "status": ("status",),
    "rating": ("rating", "stars"),
    "note": ("note", "notes", "comment"),
}
"""The fields of a mapping, and the names (in lower case) under which a column is taken for each, best first."""

FIELDS = tuple(COLUMNS_OF)

_LIST = re.compile(r'\s*\[\s*[\[{"]\s*["\w]')      # a JSON list of objects, lists or texts

Mapped = Callable[[Mapping[str, Any]], Demonstration]
Item = tuple[int, Demonstration] | Refused


def known_columns(columns: Iterable[str]) -> list[str]:
    """Those columns whose names say what they hold."""
    names = {name for known in COLUMNS_OF.values() for name in known}
    return [column for column in columns if column.strip().lower() in names]


def guess(columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The likeliest mapping, by the columns' names and by what the first rows hold."""
    by_name = {column.strip().lower(): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for field, names in COLUMNS_OF.items():
        for name in names:
            column = by_name.get(name)
            if column is not None and column not in found.values() and _fits(field, column, sample):
                found[field] = column
                break
    if "turns" not in found:
        lists = [column for column in columns if column not in found.values() and _filled(column, sample)
                 and _fits("turns", column, sample)]
        if lists and "instruction" not in found:
            found["turns"] = lists[0]
    return found


def _filled(column: str, sample: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [row[column] for row in sample if row.get(column) not in (None, "", [])]


def _fits(field: str, column: str, sample: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the values of the first rows are ones that the field can hold; no values contradict nothing."""
    values = _filled(column, sample)
    if field in ("turns", "history"):
        return all(isinstance(value, list | dict) or _LIST.match(str(value)) for value in values)
    if field in ("status", "rating"):
        return all(_holds(_status if field == "status" else _rating, value) for value in values)
    return field == "tags" or not any(isinstance(value, list | dict) for value in values)


def _holds(convert: Callable[[Any], object], value: Any) -> bool:
    try:
        convert(value)
    except RowError:
        return False
    return True


def demonstrations(rows: Rows, mapping: Mapping[str, str], source: str = "") -> Generator[Item, None, None]:
    """Each row's demonstration with its line, or the refusal. ``source`` is set on those that carry none."""
    convert = compile_mapping(mapping, source)
    with closing(rows):
        for row in rows:
            yield demonstration(row, convert)


def demonstration(row: Row | Refused, convert: Mapped) -> Item:
    """What one raw row becomes."""
    if not isinstance(row, Row):
        return row
    try:
        return row.line, convert(row.cells)
    except RowError as error:
        return Refused(row.line, str(error))


def is_enough(mapping: Mapping[str, str]) -> bool:
    """Whether a mapping says where the text of a demonstration is."""
    return any(mapping.get(field) for field in ("turns", "instruction", "input"))


def compile_mapping(mapping: Mapping[str, str], source: str = "") -> Mapped:
    """A function from raw cells to a demonstration; it raises RowError for a row that is none."""
    columns = {field: column for field, column in mapping.items() if column}

    def convert(cells: Mapping[str, Any]) -> Demonstration:
        def value(field: str) -> Any:
            found = cells.get(columns[field]) if field in columns else None
            if isinstance(found, Unreadable):
                raise RowError(f"“{columns[field]}” cannot be read: {found.reason}.")
            return found

        def text(field: str) -> str:
            found = value(field)
            if found is None or found == "":
                return ""
            return require_text(found if isinstance(found, str) else as_text(found), f"“{columns[field]}”")

        return Demonstration(
            turns=_turns(text, value), category=text("category"), source=text("source") or source,
            licence=text("licence"), language=text("language"), tags=_tags(value("tags")),
            status=_status(value("status")), rating=_rating(value("rating")), note=text("note"))

    return convert


def as_text(value: Any) -> str:
    """A raw cell as a person sees it: text as it is, nothing for null, JSON for what has parts."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Unreadable):
        return f"(cannot be shown: {value.reason})"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value):,} bytes)"
    if isinstance(value, list | dict):
        try:
            return json.dumps(value, ensure_ascii=False, default=str)
        except RecursionError:
            return "(nested too deeply to show)"
    return str(value)


def _turns(text: Callable[[str], str], value: Callable[[str], Any]) -> tuple[Turn, ...]:
    """The whole conversation, or system, history, instruction with input, and answer put together."""
    system = text("system")
    opening = (Turn(Role.SYSTEM, system),) if system.strip() else ()
    whole = value("turns")
    if isinstance(whole, str) and whole.strip():
        whole = decode(whole)
    if whole:
        turns = conversation.turns(whole)
        return turns if turns[0].role is Role.SYSTEM else opening + turns
    instruction, extra, answer = text("instruction"), text("input"), text("answer")
    if not instruction.strip() and not extra.strip():
        raise RowError("There is no instruction.")
    asked = f"{instruction}\n\n{extra}" if instruction.strip() and extra.strip() else instruction or extra
    earlier = conversation.history(value("history"))
    answered = (Turn(Role.ASSISTANT, answer),) if answer.strip() else ()
    return (*opening, *earlier, Turn(Role.USER, asked), *answered)


def _tags(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text with commas or semicolons between the tags (or a JSON list). Each tag once."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = decode(value) if value.startswith("[") else [tag.strip() for tag in value.replace(";", ",").split(",")]
    if not isinstance(value, list | tuple):
        value = [value]
    return tuple(dict.fromkeys(require_text(as_text(tag), "A tag") for tag in value if tag not in (None, "")))


def _status(value: Any) -> Status:
    if value is None or value == "":
        return Status.CANDIDATE
    try:
        return Status(str(value).strip().lower())
    except ValueError:
        raise RowError(f"The status “{as_text(value)[:40]}” is none of {', '.join(Status)}.") from None


def _rating(value: Any) -> int:
    if value is None or value == "":
        return 0
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if number not in (0, 1, 2, 3, 4, 5):
        raise RowError(f"The rating “{as_text(value)[:40]}” is not a whole number from 0 to 5.")
    return int(number)
