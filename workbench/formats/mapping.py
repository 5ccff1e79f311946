"""From raw cells to a demonstration: which column holds what.

A mapping is field → column. Layouts that have a name (Alpaca, ShareGPT, OpenAI chat) are nothing but mappings. Columns
that no field takes, and what a field could not use, are kept as the demonstration's metadata.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

from workbench.domain import Demonstration, Role, Status, Turn
from workbench.domain.demonstration import REJECTED_ANSWER
from workbench.domain.fields import KEPT, TEXTS
from workbench.formats import conversation
from workbench.formats.json_value import decode
from workbench.formats.rows import Refused, Row, RowError, Rows, Unreadable, require_text, require_value

COLUMNS_OF: dict[str, tuple[str, ...]] = {
    "turns": ("messages", "conversations", "conversation", "turns", "dialogue", "dialog", "chat", "data"),
    "system": ("system", "system_prompt", "system_message"),
    "history": ("history",),
    "instruction": ("instruction", "prompt", "question", "query", "user", "human", "problem", "input"),
    "input": ("input", "context"),
    "choices": ("choices", "options", "endings"),
    "answer": ("output", "answer", "response", "completion", "reply", "assistant", "chosen", "preferred_output",
               "target", "canonical_solution", "solution", "reference", "expected", "ideal", "answerkey"),
    "rejected": ("rejected", "rejected_answer", "rejected_response", "non_preferred_output"),
    "label": ("label",),
} | {field.name: field.columns for field in KEPT}
"""The fields of a mapping, and the names (in lower case) under which a column is taken for each, best first."""

FIELDS = tuple(COLUMNS_OF)
EXAMPLES = 50
"""Values of a column that say what it holds; most of them decide, so that an odd one loses its row and no more."""

Cells = Mapping[str, Any]
Mapped = Callable[[Cells], Demonstration]
Item = tuple[int, Demonstration] | Refused
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def known_columns(columns: Iterable[str]) -> list[str]:
    """Those columns whose names say what they hold."""
    names = {name for known in COLUMNS_OF.values() for name in known}
    return [column for column in columns if column.strip().lower() in names]


def guess(examples: Mapping[str, Sequence[Any]],
          columns_of: Mapping[str, tuple[str, ...]] = COLUMNS_OF) -> dict[str, str]:
    """The likeliest mapping: field → column, by the columns' names and by examples of what they hold."""
    by_name = {column.strip().lower(): column for column in reversed(list(examples))}
    found: dict[str, str] = {}
    for field, names in columns_of.items():
        for name in names:
            column = by_name.get(name)
            if column is not None and column not in found.values() and _fits(field, examples[column]):
                found[field] = column
                break
    if "turns" not in found and "instruction" not in found:
        lists = [column for column, values in examples.items() if values and _mostly(_are_turns, values)]
        named = [by_name[name] for name in columns_of["turns"]
                 if name in by_name and examples[by_name[name]] and _mostly(_are_objects, examples[by_name[name]])]
        if unclaimed := [column for column in (*lists, *named) if column not in found.values()]:
            found["turns"] = unclaimed[0]
    if not found.keys() & {"turns", "answer"}:
        found.pop("label", None)        # of a text, and not of an answer
    return found


def is_filled(value: Any) -> bool:
    """Whether a cell holds anything."""
    return value not in _EMPTY and not (isinstance(value, float) and math.isnan(value))


def _mostly(holds: Callable[[Any], bool], values: Sequence[Any]) -> bool:
    return 2 * sum(map(holds, values)) > len(values)


def _fits(field: str, values: Sequence[Any]) -> bool:
    """Whether most values are ones that the field can hold; no values contradict nothing."""
    return not values or _mostly(_HOLDS.get(field, _is_plain), values)


def _are_turns(value: Any) -> bool:
    return conversation.are_turns(_decoded(value))


def _may_be_turns(value: Any) -> bool:
    """Turns, or texts that take turns: enough in a column whose name says that it is a conversation."""
    found = _decoded(value)
    return conversation.are_turns(found) or (
        isinstance(found, list) and bool(found) and all(isinstance(text, str) for text in found))


def _are_objects(value: Any) -> bool:
    """A list that holds objects: in a column of that name most likely turns of which something is missing."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _decoded(value: Any) -> Any:
    if not (isinstance(value, str) and value.lstrip()[:1] in ("[", "{")):
        return value
    try:
        return decode(value)
    except RowError:
        return value


def _is_plain(value: Any) -> bool:
    return not isinstance(value, list | dict | bytes)


def _is_said(value: Any) -> bool:
    """A text, a turn or turns, or a list of one text."""
    return _is_plain(value) or conversation.is_turn(value) or conversation.are_turns(value) or (
        isinstance(value, list) and len(value) == 1 and isinstance(value[0], str))


def _is_history(value: Any) -> bool:
    found = _decoded(value)
    return isinstance(found, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in found)


def _is_verdict(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in ("true", "false"))


def _holds(convert: Callable[[Any], object]) -> Callable[[Any], bool]:
    def holds(value: Any) -> bool:
        try:
            convert(value)
        except RowError:
            return False
        return True

    return holds


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
    except RecursionError:
        return Refused(row.line, "The row is nested too deeply.")


def is_enough(mapping: Mapping[str, str]) -> bool:
    """Whether a mapping says where the text of a demonstration is."""
    return any(mapping.get(field) for field in ("turns", "instruction", "input")) or bool(
        mapping.get("answer") and mapping.get("rejected"))      # a pair of whole conversations


def compile_mapping(mapping: Mapping[str, str], source: str = "") -> Mapped:
    """A function from raw cells to a demonstration; it raises RowError for a row that is none.

    Which column a field is read from is settled here once, and not for each of a million rows.
    """
    turns = _turns_from(mapping)
    texts = {name: _text_from(mapping.get(name)) for name in (*TEXTS, "note")}
    tags, status, rating, rejected, label, more = (
        _value_from(mapping.get(field)) for field in ("tags", "status", "rating", "rejected", "label", "metadata"))
    taken = set(mapping.values())

    def convert(cells: Cells) -> Demonstration:
        said, unused = turns(cells)
        kept = {name: _plain(value) for name, value in cells.items() if name not in taken and is_filled(value)}
        kept |= {mapping[field]: _plain(cells[mapping[field]]) for field in unused}
        if is_filled(held := more(cells)):
            kept |= _metadata(held)
        if is_filled(worse := rejected(cells)):
            kept[REJECTED_ANSWER] = _last_answer(worse)
        decided = _status(status(cells))
        if is_filled(good := label(cells)):
            kept["label"] = _verdict(good)
            decided = decided if kept["label"] or is_filled(status(cells)) else Status.REJECTED
        written: dict[str, Any] = {name: text(cells) for name, text in texts.items()}
        written["source"] = written["source"] or source
        return Demonstration(said, tags=_tags(tags(cells)), status=decided, rating=_rating(rating(cells)),
                             metadata=require_value(kept, "What is kept of the row"), **written)

    return convert


def _turns_from(mapping: Mapping[str, str]) -> Callable[[Cells], tuple[tuple[Turn, ...], list[str]]]:
    """The whole conversation, or system, history, instruction with input and choices, and answer put together; with
    the fields that hold something and were not needed for it."""
    whole_of, history, choices_of, instruction_of, answer_of = (
        _value_from(mapping.get(field)) for field in ("turns", "history", "choices", "instruction", "answer"))
    system_of, input_of = _text_from(mapping.get("system")), _text_from(mapping.get("input"))
    instruction_name, answer_name = (f"“{mapping.get(field)}”" for field in ("instruction", "answer"))

    def turns(cells: Cells) -> tuple[tuple[Turn, ...], list[str]]:
        system = system_of(cells)
        opening = (Turn(Role.SYSTEM, system),) if system.strip() else ()
        whole, replied = whole_of(cells), answer_of(cells)
        if isinstance(whole, str) and whole.strip():
            whole = decode(whole)
        choices = _choices(choices_of(cells))
        answer = () if replied is None else conversation.said(
            _chosen(choices, replied) if choices else replied, Role.ASSISTANT, answer_name)
        if whole or _is_whole(answer):
            given = conversation.turns(whole) if whole else ()
            return _continued(opening, given, answer, cells, mapping)
        asked = instruction_of(cells)
        first = () if asked is None else conversation.said(asked, Role.USER, instruction_name)
        first = _with_more(first, input_of(cells), choices)
        if not first:
            raise RowError("There is no instruction.")
        if first[0].role is Role.SYSTEM:
            opening = ()
        return (*opening, *conversation.history(history(cells)), *first, *answer), []

    return turns


def _is_whole(answer: Sequence[Turn]) -> bool:
    """Whether what stands as an answer is a whole conversation (a preference pair without a prompt of its own)."""
    return any(turn.role is Role.USER for turn in answer)


def _continued(opening: tuple[Turn, ...], given: tuple[Turn, ...], answer: tuple[Turn, ...], cells: Cells,
               mapping: Mapping[str, str]) -> tuple[tuple[Turn, ...], list[str]]:
    """A conversation that stands in one column, and the answer beside it where it waits for one."""
    said, left = given, [field for field in ("instruction", "input", "history", "choices", "answer")
                         if is_filled(cells.get(mapping.get(field, "")))]
    if _is_whole(answer):
        said = said if said[-1:] and said[-1].role is Role.ASSISTANT else answer
    elif answer and said[-1].role in (Role.USER, Role.TOOL):
        said = (*said, *answer)
    if any(turn.text == said[-1].text for turn in answer):
        left = [field for field in left if field != "answer"]
    texts = {turn.text for turn in said}
    left = [field for field in left if cells[mapping[field]] not in ("", *texts)]
    return (said if said[0].role is Role.SYSTEM else opening + said), left


def _with_more(first: tuple[Turn, ...], more: str, choices: Mapping[str, str]) -> tuple[Turn, ...]:
    """The instruction with its input, and the choices it leaves, a blank line between."""
    listed = "\n".join(f"{letter}. {text}" for letter, text in choices.items())
    parts = [part for part in (first[-1].text if first else "", more if more.strip() else "", listed) if part]
    if not parts or (not first and not more.strip()):
        return first
    last = Turn(Role.USER, "\n\n".join(parts), first[-1].attached if first else None)
    return (*first[:-1], last)


def _choices(value: Any) -> dict[str, str]:
    """Letter → text: of a list of texts, of ``{"text": […], "label": […]}``, or of a list of such objects."""
    value = _decoded(value)
    if isinstance(value, Mapping) and isinstance(value.get("text"), list):
        value = [{"text": text, "label": label} for text, label in zip(
            value["text"], value.get("label") or _letters(len(value["text"])), strict=False)]
    elif isinstance(value, Mapping):
        value = [{"text": text, "label": label} for label, text in value.items()]
    if not is_filled(value):
        return {}
    if not isinstance(value, list):
        raise RowError("The choices are no list.")
    found: dict[str, str] = {}
    for letter, choice in zip(_letters(len(value)), value, strict=True):
        text = choice.get("text") if isinstance(choice, Mapping) else choice
        if not isinstance(text, str | int | float):
            raise RowError("A choice is not a text.")
        label = choice.get("label") or choice.get("id") or letter if isinstance(choice, Mapping) else letter
        found[str(label)] = require_text(str(text), "A choice")
    return found


def _letters(count: int) -> list[str]:
    return [chr(ord("A") + place) if place < 26 else str(place + 1) for place in range(count)]


def _chosen(choices: Mapping[str, str], answer: Any) -> Any:
    """An answer that is a choice's place (from 0), its letter or its text, as "B. apple"; another one as it is."""
    labels = list(choices)
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(labels):
        label = labels[answer]
    elif isinstance(answer, str) and answer.strip() in choices:
        label = answer.strip()
    elif isinstance(answer, str) and answer.strip().isdecimal() and int(answer.strip()[:9]) < len(labels):
        label = labels[int(answer.strip())]
    else:
        label = next((label for label, text in choices.items() if text == answer), "")
    return f"{label}. {choices[label]}" if label else answer


def _last_answer(value: Any) -> str:
    said = conversation.said(value, Role.ASSISTANT, "The rejected answer")
    return next((turn.text for turn in reversed(said) if turn.role is Role.ASSISTANT), "")


def _verdict(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if _is_verdict(value):
        return bool(value.strip().lower() == "true")
    raise RowError(f"The label “{as_text(value)[:40]}” is neither true nor false.")


def _metadata(value: Any) -> dict[str, Any]:
    found = decode(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        raise RowError("The metadata are no object of names and values.")
    return {str(name): _plain(held) for name, held in found.items() if is_filled(held)}


def _plain(value: Any) -> Any:
    """A value as JSON holds it: what Parquet files have beyond that becomes text, bytes are only counted."""
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(held) for name, held in value.items()}
    if isinstance(value, list | tuple) and not isinstance(value, Unreadable):
        return [_plain(held) for held in value]
    return as_text(value)


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
        if isinstance(found, list | dict):
            kind = "a list" if isinstance(found, list) else "an object"
            raise RowError(f"{name} holds {kind}, and a text is expected.")
        return "" if found is None else require_text(as_text(found), name)

    return text


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
    """A list of texts, or one text with commas or semicolons between the tags (or a JSON list). Each tag once, whether
    written with capitals or without."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = decode(value) if value.startswith("[") else [tag.strip() for tag in value.replace(";", ",").split(",")]
    if not isinstance(value, list | tuple):
        value = [value]
    found: dict[str, str] = {}
    for tag in value:
        if tag not in (None, ""):
            text = require_text(as_text(tag), "A tag")
            found.setdefault(text.casefold(), text)
    return tuple(found.values())


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


_HOLDS: dict[str, Callable[[Any], bool]] = {
    "turns": _may_be_turns, "history": _is_history, "instruction": _is_said, "answer": _is_said, "rejected": _is_said,
    "choices": _holds(_choices), "label": _is_verdict, "status": _holds(_status), "rating": _holds(_rating),
    "tags": lambda value: not isinstance(value, dict) and (
        not isinstance(value, list) or all(_is_plain(tag) for tag in value)),
    "metadata": _holds(_metadata),
}
"""What a field can hold, where that is not any plain value."""
