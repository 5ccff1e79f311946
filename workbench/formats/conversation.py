"""The turns of a conversation, as the datasets of the world write them, and as they are written out again.

- a list of ``{"role": …, "content": …}`` (OpenAI; see openai_chat.py) or ``{"from": …, "value": …}`` (ShareGPT),
- the same as an object of two lists (what Parquet files of Hugging Face hold for a sequence of structs),
- a plain list of texts, which alternate between user and assistant.

What a turn holds beside its text (tool calls, images, thinking, a weight) is attached to it as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.domain import Role, Turn
from workbench.formats.json_value import as_object, decode
from workbench.formats.rows import RowError, require_text, require_value

ROLES = {
    "system": Role.SYSTEM, "developer": Role.SYSTEM,
    "user": Role.USER, "human": Role.USER, "prompter": Role.USER,
    "assistant": Role.ASSISTANT, "gpt": Role.ASSISTANT, "bot": Role.ASSISTANT, "model": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT, "bing": Role.ASSISTANT, "bard": Role.ASSISTANT,
    "tool": Role.TOOL, "function": Role.TOOL, "observation": Role.TOOL, "ipython": Role.TOOL,
    "tool_response": Role.TOOL, "function_response": Role.TOOL,
    "function_call": Role.ASSISTANT, "tool_call": Role.ASSISTANT,
}
"""Names for the roles, in lower case."""

_CALLING = ("function_call", "tool_call")       # roles of LLaMA-Factory's ShareGPT files: the turn's text is the call
_NAMES = (("role", "content"), ("from", "value"), ("role", "text"), ("role", "value"), ("from", "content"),
          ("speaker", "text"), ("user", "text"))
_TEXT_PARTS = ("text", "input_text", "output_text")


def is_turn(value: Any) -> bool:
    """Whether it is an object that says who speaks and what: with a text, or with a call instead of one."""
    if not isinstance(value, Mapping):
        return False
    names = _names(value)
    return names is not None and isinstance(value[names[0]], str)


def are_turns(value: Any) -> bool:
    """Whether it is a list of turns, or an object of two such lists. A list of plain texts may be anything."""
    if isinstance(value, Mapping):
        names = _names(value)
        return names is not None and all(isinstance(value[name], list) for name in names)
    return isinstance(value, list) and bool(value) and all(is_turn(item) for item in value)


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


def said(value: Any, role: Role, name: str) -> tuple[Turn, ...]:
    """A cell that is a text, one turn, or a list of turns, as turns; a text is said by ``role``. Raises RowError."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]
    if isinstance(value, Mapping) and is_turn(value):
        value = [value]
    if are_turns(value):
        return turns(value)
    if isinstance(value, list | dict):
        raise RowError(f"{name} holds {'a list' if isinstance(value, list) else 'an object'}, and a text is expected.")
    text = require_text(value if isinstance(value, str) else str(value), name)
    return (Turn(role, text),) if text.strip() else ()


def message(turn: Turn) -> dict[str, Any]:
    """A turn as OpenAI's chat form has it, with all that was attached to it."""
    attached = dict(turn.attached or {})
    parts, role = attached.pop("content", None), attached.pop("role", turn.role.value)
    content: Any = turn.text
    if isinstance(parts, list):
        content = parts if _text_of_parts(parts) == turn.text else [
            {"type": "text", "text": turn.text}, *(part for part in parts if not _is_text_part(part))]
    return {"role": role, "content": content, **attached}


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        columns = [column for column in value.values() if isinstance(column, list)]
        if not columns or len(columns) != len(value) or len({len(column) for column in columns}) != 1:
            raise RowError("The conversation is not a list of turns.")
        return [dict(zip(value, item, strict=True)) for item in zip(*columns, strict=True)]
    if not isinstance(value, list):
        raise RowError("The conversation is not a list of turns.")
    return value


def _names(turn: Mapping[str, Any]) -> tuple[str, str] | None:
    """The keys of a turn's role and text. A turn that calls a tool may have no text."""
    for role, text in _NAMES:
        if role in turn and text in turn:
            return role, text
    calls = turn.get("tool_calls") or turn.get("function_call")
    return ("role", "content") if calls and "role" in turn else None


def _turn(item: Any, place: int) -> Turn:
    if not isinstance(item, Mapping):
        raise RowError(f"Turn {place} is not an object with a role and a text.")
    names = _names(item)
    if names is None:
        raise RowError(f"Turn {place} has no role and text (such as “role” and “content”, or “from” and “value”).")
    name, value = item[names[0]], item.get(names[1])
    role = ROLES.get(name.lower()) if isinstance(name, str) else None
    if role is None:
        raise RowError(f"Turn {place} has the role “{str(name)[:40]}”, which a demonstration cannot hold.")
    attached = {key: held for key, held in item.items() if key not in names and held not in (None, "", [], {})}
    if isinstance(ours := attached.get("attached"), str):        # as our Parquet files have it
        attached = {**attached, **as_object(decode(ours))}
        del attached["attached"]
    if name.lower() in _CALLING:
        attached["function_call"] = value
        value = value if isinstance(value, str) else ""
    elif role is Role.TOOL and name.lower() != "tool":
        attached["role"] = name
    if isinstance(value, list):
        if not all(map(_is_text_part, value)) and value:
            attached["content"] = value
        value = _text_of_parts(value) if _are_parts(value) else None
    if value is None and attached:
        value = ""
    if not isinstance(value, str):
        raise RowError(f"Turn {place} has no text.")
    require_value(attached, f"Turn {place}")
    return Turn(role, require_text(value, f"Turn {place}"), attached or None)


def _are_parts(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(part, str) or (
        isinstance(part, Mapping) and isinstance(part.get("type"), str)) for part in value)


def _is_text_part(part: Any) -> bool:
    return isinstance(part, str) or (isinstance(part, Mapping) and part.get("type") in _TEXT_PARTS
                                     and isinstance(part.get("text"), str))


def _text_of_parts(parts: list[Any]) -> str:
    return "".join(part if isinstance(part, str) else part["text"] for part in parts if _is_text_part(part))
