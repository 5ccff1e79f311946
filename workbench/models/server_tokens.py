"""How many of its own tokens a text has on a server, and whether the server's context holds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.domain import Server
from workbench.domain.model import Tokenising
from workbench.errors import ModelError
from workbench.models.server_http import Refused, ServerHttp, Unavailable
from workbench.models.server_text import CharacterTokenizer, messages_of, sendable

_TEXT = "The capital of France is Paris."
_TOO_LONG = re.compile(r"context|too (long|many tokens|large)|maximum .*length|longer than", re.IGNORECASE)
_SPECIAL = 8                         # tokens that a server may put around a text


class ServedTokenizer(CharacterTokenizer):
    """As CharacterTokenizer, but ``count`` asks the server; each text once. Raises ModelError."""

    def __init__(self, http: ServerHttp, server: Server) -> None:
        self._http, self._server = http, server
        self._counts: dict[tuple[str, bool], int] = {}

    def count(self, text: str, *, special: bool = True) -> int:
        """A text in the chat template, which the server lays out itself, is estimated."""
        if messages_of(text) is not None:
            return super().count(text)
        if not special and self._server.tokenising == "llama-cpp-python":      # it always puts the start token in front
            return self.count(text) - self.count("")
        if (text, special) not in self._counts:
            self._counts[text, special] = count_tokens(self._http, self._server, text, special=special)
        return self._counts[text, special]


def count_tokens(http: ServerHttp, server: Server, text: str, *, special: bool = True) -> int:
    """Raises ModelError: refused, unreachable, an answer that holds no count."""
    content = sendable(text)
    bodies: Mapping[Tokenising, tuple[str, dict[str, Any]]] = {
        "vllm": ("/tokenize", {"model": server.model, "prompt": content, "add_special_tokens": special}),
        "llama.cpp": ("/tokenize", {"content": content, "add_special": special}),
        "llama-cpp-python": ("/extras/tokenize/count", {"model": server.model, "input": content}),
    }
    path, body = bodies[server.tokenising]
    answer = http.post(path, body)
    told = answer if isinstance(answer, dict) else {}
    found = len(told["tokens"]) if isinstance(told.get("tokens"), list) else told.get("count")
    if not isinstance(found, int) or (found < 1 and text):
        raise ModelError(f"{http.url} does not say how many tokens a text has.", remedy="Read its abilities again.")
    return found


def tokenising(http: ServerHttp, server: Server) -> Tokenising:
    """In which way the server counts tokens; "" where it does not."""
    ways: tuple[Tokenising, ...] = ("vllm", "llama.cpp", "llama-cpp-python")
    for way in ways:
        try:
            count_tokens(http, replace(server, tokenising=way), _TEXT)
            return way
        except ModelError:
            continue
    return ""


def admits(http: ServerHttp, server: Server, count: int | None, text: str, more: int) -> bool:
    """Whether the server's context holds ``text`` and ``more`` tokens. ``count`` is the text's tokens where the server
    counts them. Where that and the context it tells do not decide, the server is asked for one token after it.

    Raises ModelError: unreachable, or refused for another reason than the length.
    """
    if server.context and count is not None:
        return count + more <= server.context
    if server.context and len(text.encode()) + more + _SPECIAL <= server.context:
        return True                  # a token stands for a byte at least
    return _taken(http, server, text)


def _taken(http: ServerHttp, server: Server, text: str) -> bool:
    messages = messages_of(text)
    path = "completions" if messages is None else "chat/completions"
    content: dict[str, Any] = {"prompt": sendable(text)} if messages is None else {"messages": messages}
    body = {"model": server.model, "max_tokens": 1, "temperature": 0.0, **content}
    try:
        http.post(path, body)
        return True
    except Refused as error:
        if error.status in (400, 413, 422) and _TOO_LONG.search(str(error)):
            return False
        raise
    except Unavailable:              # some servers break where a prompt is too long; one that is gone raises here
        short = {"prompt": _TEXT} if messages is None else {"messages": [{"role": "user", "content": _TEXT}]}
        http.post(path, body | short)
        return False
