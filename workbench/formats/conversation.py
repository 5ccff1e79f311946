"""The turns of a conversation, as the datasets of the world write them.

- a list of ``{"role": …, "content": …}`` (OpenAI; see openai_chat.py) or ``{"from": …, "value": …}`` (ShareGPT),
- the same as an object of two lists (what Parquet files of Hugging Face hold for a sequence of structs),
- a plain list of texts, which alternate between user and assistant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.domain import Role, Turn
from workbench.formats.rows import RowError, require_text

ROLES = {
    "system": Role.SYSTEM, "developer": Role.SYSTEM,
    "user": Role.USER, "human": Role.USER, "prompter": Role.USER,
    "assistant": Role.ASSISTANT, "gpt": Role.ASSISTANT, "bot": Role.ASSISTANT, "model": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT, "bing": Role.ASSISTANT, "bard": Role.ASSISTANT,
}
"""Names for the three roles, in lower case."""

_NAMES = (("role", "content"), ("from", "value"), ("role", "text"), ("role", "value"), ("from", "content"),
          ("speaker", "text"), ("user", "text"))


def turns(value: Any) -> tuple[Turn, ...]:
    """The turns of one conversation. Raises RowError."""
    items = _as_list(value)
    if not items:
        raise RowError("The conversation has no turns.")
    if all(isinstance(item, str) for item in items):
        roles = (Role.USER, Role.ASSISTANT)
        found = tuple(Turn(roles[place % 2], require_text(text, f"Turn {place + 1}"))
                      for place, text in enumerate(items))
    else:
        found = tuple(_turn(item, place) for place, item in enumerate(items, 1))
    if not any(turn.text.strip() for turn in found):
        raise RowError("The conversation has no text.")
    return found


def history(value: Any) -> tuple[Turn, ...]:
    """Earlier turns as Alpaca files write them: a list of [instruction, answer]. Raises RowError."""
    if not value:
        return ()
    if not isinstance(value, list) or not all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
            for pair in value):
        raise RowError("The history is not a list of [instruction, answer].")
    return tuple(Turn(role, require_text(text, "The history"))
                 for pair in value for role, text in zip((Role.USER, Role.ASSISTANT), pair, strict=True))


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        columns = [column for column in value.values() if isinstance(column, list)]
        if not columns or len(columns) != len(value) or len({len(column) for column in columns}) != 1:
            raise RowError("The conversation is not a list of turns.")
        return [dict(zip(value, item, strict=True)) for item in zip(*columns, strict=True)]
    if not isinstance(value, list):
        raise RowError("The conversation is not a list of turns.")
    return value


def _turn(item: Any, place: int) -> Turn:
    if not isinstance(item, Mapping):
        raise RowError(f"Turn {place} is not an object with a role and a text.")
    for role_name, text_name in _NAMES:
        if role_name in item and text_name in item:
            name = item[role_name]
            role = ROLES.get(name.lower()) if isinstance(name, str) else None
            if role is None:
                raise RowError(f"Turn {place} has the role “{str(name)[:40]}”, which a demonstration cannot hold.")
            if item.get("tool_calls") or item.get("function_call"):
                raise RowError(f"Turn {place} calls a tool, which a demonstration cannot hold.")
            return Turn(role, _text(item[text_name], place))
    raise RowError(f"Turn {place} has no role and text (such as “role” and “content”, or “from” and “value”).")


def _text(value: Any, place: int) -> str:
    """A turn's text; a list of OpenAI's parts is joined when all of them are text."""
    if isinstance(value, list) and all(isinstance(part, Mapping) and part.get("type") == "text"
                                       and isinstance(part.get("text"), str) for part in value):
        value = "".join(part["text"] for part in value)
    if not isinstance(value, str):
        raise RowError(f"Turn {place} has no text.")
    return require_text(value, f"Turn {place}")
