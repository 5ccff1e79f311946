"""From raw cells to a demonstration: which column holds what.

A mapping is field → column. Layouts that have a name (Alpaca, ShareGPT, OpenAI chat) are nothing but mappings.
"""

from __future__ import annotations

import json
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

Cells = Mapping[str, Any]
Mapped = Callable[[Cells], Demonstration]
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
        return all(isinstance(value, list | dict) or _is_list(str(value)) for value in values)
    if field in ("status", "rating"):
        return all(_holds(_status if field == "status" else _rating, value) for value in values)
    return field == "tags" or not any(isinstance(value, list | dict) for value in values)


def _is_list(text: str) -> bool:
    try:
        return text.lstrip().startswith("[") and isinstance(decode(text), list)
    except RowError:
        return False


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
    """A function from raw cells to a demonstration; it raises RowError for a row that is none.

    Which column a field is read from is settled here once, and not for each of a million rows.
    """
    turns = _turns_from(mapping)
    category, own_source, licence, language, note = (
        _text_from(mapping.get(field)) for field in ("category", "source", "licence", "language", "note"))
    tags, status, rating = (_value_from(mapping.get(field)) for field in ("tags", "status", "rating"))

    def convert(cells: Cells) -> Demonstration:
        return Demonstration(turns(cells), category(cells), own_source(cells) or source, licence(cells),
                             language(cells), _tags(tags(cells)), _status(status(cells)), _rating(rating(cells)),
                             note(cells))

    return convert


def _value_from(column: str | None) -> Callable[[Cells], Any]:
    """A function that gives a row's raw value of the column (None where no column is mapped)."""
    if not column:
        return lambda cells: None

    def value(cells: Cells) -> Any:
        found = cells.get(column)
        if isinstance(found, Unreadable):
            raise RowError(f"“{column}” cannot be read: {found.reason}.")
        return found

    return value


def _text_from(column: str | None) -> Callable[[Cells], str]:
    """A function that gives a row's text of the column ("" where no column is mapped)."""
    if not column:
        return lambda cells: ""
    value, name = _value_from(column), f"“{column}”"

    def text(cells: Cells) -> str:
        found = value(cells)
        if isinstance(found, str):
            return require_text(found, name)
        return "" if found is None else require_text(as_text(found), name)

    return text


def _turns_from(mapping: Mapping[str, str]) -> Callable[[Cells], tuple[Turn, ...]]:
    """The whole conversation, or system, history, instruction with input, and answer put together."""
    whole_of, history = _value_from(mapping.get("turns")), _value_from(mapping.get("history"))
    system_of, instruction_of, input_of, answer_of = (
        _text_from(mapping.get(field)) for field in ("system", "instruction", "input", "answer"))

    def turns(cells: Cells) -> tuple[Turn, ...]:
        system = system_of(cells)
        opening = (Turn(Role.SYSTEM, system),) if system.strip() else ()
        whole = whole_of(cells)
        if isinstance(whole, str) and whole.strip():
            whole = decode(whole)
        if whole:
            found = conversation.turns(whole)
            return found if found[0].role is Role.SYSTEM else opening + found
        instruction, more, answer = instruction_of(cells), input_of(cells), answer_of(cells)
        if more.strip():
            instruction = f"{instruction}\n\n{more}" if instruction.strip() else more
        if not instruction.strip():
            raise RowError("There is no instruction.")
        answered = (Turn(Role.ASSISTANT, answer),) if answer.strip() else ()
        return (*opening, *conversation.history(history(cells)), Turn(Role.USER, instruction), *answered)

    return turns


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
