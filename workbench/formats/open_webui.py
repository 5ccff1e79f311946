"""Open WebUI's chats: an array of ``{"title": …, "chat": {"history": {"messages": {…}, "currentId": …}}}``.

Answers may have been drawn again: the conversation is the branch that ends where the chat stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.formats.format import Cells, Format
from workbench.formats.rows import RowError

_PLUMBING = ("id", "parentId", "childrenIds", "timestamp", "models", "model", "modelName", "modelIdx", "done",
             "userContext", "lastSentence", "info", "usage", "annotation", "feedbackId")


def _unpack(row: Cells) -> Iterable[Cells]:
    chat = row.get("chat")
    if not isinstance(chat, Mapping):
        raise RowError("“chat” is no object.")
    messages = _branch(chat.get("history")) or chat.get("messages") or []
    if not isinstance(messages, list):
        raise RowError("The chat has no list of messages.")
    turns = [{name: value for name, value in message.items() if name not in _PLUMBING}
             for message in messages if isinstance(message, Mapping)]
    yield {"messages": turns, "title": row.get("title") or chat.get("title"), "id": row.get("id"),
           "models": chat.get("models"), "tags": _tags(row, chat), "system": chat.get("system")}


def _branch(history: Any) -> list[Mapping[str, Any]]:
    """The messages from the first one to the current one."""
    if not isinstance(history, Mapping) or not isinstance(history.get("messages"), Mapping):
        return []
    messages, found, at, seen = history["messages"], list[Mapping[str, Any]](), history.get("currentId"), set[Any]()
    while isinstance(at, str) and at not in seen and isinstance(messages.get(at), Mapping):
        seen.add(at)
        found.append(messages[at])
        at = messages[at].get("parentId")
    return found[::-1]


def _tags(row: Cells, chat: Mapping[str, Any]) -> list[Any]:
    meta = row.get("meta")
    tags = chat.get("tags") or (meta.get("tags") if isinstance(meta, Mapping) else None)
    return [tag.get("name", tag) if isinstance(tag, Mapping) else tag for tag in tags] if isinstance(tags, list) else []


FORMAT = Format(
    "open_webui", "Open WebUI", "Chats that were exported from Open WebUI.", needs=("chat",),
    matches=lambda row: isinstance(row["chat"], dict) and ("history" in row["chat"] or "messages" in row["chat"]),
    unpack=_unpack, mapping={"turns": "messages", "system": "system", "tags": "tags"},
)
