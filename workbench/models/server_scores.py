"""Log-probabilities of a prompt's tokens, in the two ways that servers tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.domain import Server
from workbench.errors import ModelError
from workbench.models.server_http import ServerHttp
from workbench.models.server_text import places, sendable


@dataclass(frozen=True, slots=True)
class PromptToken:
    """A token of a prompt: the characters ``start:end``, its log-probability in nats (None: the first one)."""

    start: int
    end: int
    text: str
    logprob: float | None
    rank: int
    alternatives: tuple[tuple[str, float], ...]


def prompt_tokens(http: ServerHttp, server: Server, text: str, alternatives: int = 1) -> list[PromptToken]:
    """Every token of ``text``; the server adds one that it draws, which stands for no characters.

    Raises ModelError: refused, no log-probabilities, tokens that do not make up the text.
    """
    text = sendable(text)
    body: dict[str, Any] = {"model": server.model, "prompt": text, "max_tokens": 1, "temperature": 0.0}
    if server.scoring == "echo":
        rows = _echoed(choice(http.post("completions", {**body, "echo": True, "logprobs": alternatives})))
    else:
        rows = _prompt_rows(choice(http.post("completions", {**body, "prompt_logprobs": alternatives})))
    found = places(text, [row.text for row in rows])
    if found is None:
        raise ModelError(
            f"The tokens that {http.url} tells do not make up the text that it was sent.",
            safe="Nothing was scored with them.", remedy="Score with another server or with a local model.",
        )  # fmt: skip
    return [replace(row, start=start, end=end) for row, (start, end) in zip(rows, found, strict=True)]


def choice(answer: Any) -> dict[str, Any]:
    """The one choice of a completion. Raises ModelError."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise ModelError("The server's answer holds no choices.", remedy="Check that it is OpenAI-compatible.")
    return choices[0]


def _echoed(choice: Mapping[str, Any]) -> list[PromptToken]:
    told = choice.get("logprobs")
    tokens, logprobs = (told.get("tokens"), told.get("token_logprobs")) if isinstance(told, dict) else (None, None)
    if not isinstance(tokens, list) or not isinstance(logprobs, list) or len(tokens) != len(logprobs):
        raise _no_scores()
    tops = told.get("top_logprobs") or [None] * len(tokens) if isinstance(told, dict) else []
    return [_prompt_token(str(t), p, top) for t, p, top in zip(tokens, logprobs, tops, strict=True)]


def _prompt_token(text: str, logprob: float | None, top: Mapping[str, float] | None) -> PromptToken:
    others = sorted(((t, float(p)) for t, p in (top or {}).items() if t != text), key=lambda pair: -pair[1])
    rank = sum(p > logprob for _, p in others) if logprob is not None else -1
    return PromptToken(0, 0, text, None if logprob is None else float(logprob), rank, tuple(others))


def _prompt_rows(choice: Mapping[str, Any]) -> list[PromptToken]:
    """vLLM's ``prompt_logprobs``: for each token (None for the first) token id → logprob, rank, decoded_token; the
    token that stands there comes first."""
    rows = choice.get("prompt_logprobs")
    if not isinstance(rows, list):
        raise _no_scores()
    found = []
    for row in rows:
        if not row:
            found.append(PromptToken(0, 0, "", None, -1, ()))
            continue
        first, *others = row.values()
        texts = tuple((str(o.get("decoded_token")), float(o["logprob"])) for o in others)
        found.append(PromptToken(0, 0, str(first.get("decoded_token")), float(first["logprob"]),
                                 int(first.get("rank") or 0) - 1, texts))
    return found


def _no_scores() -> ModelError:
    return ModelError("The server gives no log-probabilities of prompts.", remedy="Read its abilities again.")
