"""What an OpenAI-compatible server can do, found by asking it: a few requests of one token each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from workbench.domain import Server
from workbench.errors import ModelError
from workbench.models.base import Decoding
from workbench.models.openai_model import parameters
from workbench.models.server_http import Refused, ServerHttp
from workbench.models.server_scores import choice, prompt_tokens
from workbench.models.server_tokens import tokenising

_TEXT = "The capital of France is Paris. The capital of Spain is"
_SAME = 0.1                          # nats by which the same token's log-probability may differ between two requests


def address(text: str) -> str:
    """A server's base address as a person may type it: "localhost:8000" is http://localhost:8000/v1.

    Raises ModelError: not an address.
    """
    text = text.strip()
    if "://" not in text:
        local = text.startswith(("localhost", "127.", "[::1]", "192.168.", "10."))
        text = f"{'http' if local else 'https'}://{text}"
    parts = urlsplit(text)
    try:
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong or parts.username or parts.password or parts.query or parts.fragment:
        raise ModelError(f"“{text}” is not a server's address.", remedy="Type one like http://localhost:8000/v1.")
    return text.rstrip("/") if parts.path.strip("/") else f"{text.rstrip('/')}/v1"


def served_models(http: ServerHttp) -> dict[str, int]:
    """The models that a server lists, each with its context in tokens (0: not told); empty where it lists none.

    Raises ModelError: nothing answers, or the key is not accepted.
    """
    try:
        answer = http.get("models")
    except Refused as error:
        if error.status in (401, 403):
            raise
        return {}
    rows = answer.get("data") if isinstance(answer, dict) else None
    return {str(row["id"]): _context(row) for row in rows or () if isinstance(row, dict) and row.get("id")}


def probe(http: ServerHttp, server: Server) -> Server:
    """``server`` with what it can do. Raises ModelError: no such model, neither completions nor chat, unreachable."""
    listed = served_models(http)
    if listed and server.model not in listed:
        names = ", ".join(sorted(listed)[:8])
        raise ModelError(f"{http.url} has no model “{server.model}”.", remedy=f"It has: {names}.")
    bodies: dict[str, dict[str, Any]] = {
        "chat/completions": {"messages": [{"role": "user", "content": "Hi"}]}, "completions": {"prompt": "Hi"},
    }  # fmt: skip
    found = {path: _works(http, path, {"model": server.model, **body}) for path, body in bodies.items()}
    if not any(works for works, _ in found.values()):
        raise ModelError(f"{http.url} offers neither chat nor text completions for “{server.model}”.",
                         remedy="Check the address: it mostly ends with /v1.")
    server = replace(
        server, context=_slot_context(http) or listed.get(server.model, 0), tokenising=tokenising(http, server),
        chat=found["chat/completions"][0],
        completions=found["completions"][0], extras=all(extras for works, extras in found.values() if works),
    )  # fmt: skip
    return _with_scoring(http, server)


def _works(http: ServerHttp, path: str, body: dict[str, Any]) -> tuple[bool, bool]:
    """Whether requests of this kind are answered, and whether with settings that OpenAI's interface lacks."""
    for extras in (True, False):
        try:
            choice(http.post(path, {**body, **parameters(Decoding(max_tokens=1), extras=extras)}))
            return True, extras
        except Refused as error:
            if error.status in (401, 403):
                raise
            if error.status not in (400, 422):
                break
        except ModelError:           # llama-cpp-python answers 500 where a model has no chat template
            break
    return False, False


def _with_scoring(http: ServerHttp, server: Server) -> Server:
    if not server.completions:
        return replace(server, scoring="", note="It has no text completions, only chat.")
    note = "Its completions do not tell them."
    for way in ("echo", "prompt_logprobs"):
        asked = replace(server, scoring=way)
        try:
            if not any(token.logprob is not None for token in prompt_tokens(http, asked, _TEXT)):
                continue
            if _agrees(http, asked):
                return replace(asked, note="")
            note = "Those that it tells stand beside the wrong tokens, so they are not used."
        except ModelError:
            continue
    return replace(server, scoring="", note=note)


def _agrees(http: ServerHttp, server: Server) -> bool:
    """Whether a drawn token's log-probability is that of the same token in a prompt: llama-cpp-python shifts a
    prompt's by one where the model has no beginning-of-text token."""
    told = _drawn(http, server.model)
    if told is None:
        return True                  # nothing to compare with
    text, logprob = told
    tokens = [t for t in prompt_tokens(http, server, _TEXT + text) if t.end > len(_TEXT)]
    if len(tokens) != 1 or tokens[0].logprob is None:
        return True                  # joined with what stands before it: another token
    return abs(tokens[0].logprob - logprob) < _SAME


def _drawn(http: ServerHttp, model: str) -> tuple[str, float] | None:
    """The likeliest next token after _TEXT and its log-probability; None where the server does not tell."""
    body = {"model": model, "prompt": _TEXT, "max_tokens": 1, "temperature": 0.0, "logprobs": 1}
    try:
        logprobs = choice(http.post("completions", body)).get("logprobs")
    except ModelError:
        return None
    if not isinstance(logprobs, dict) or not logprobs.get("tokens") or not logprobs.get("token_logprobs"):
        return None
    text, logprob = logprobs["tokens"][0], logprobs["token_logprobs"][0]
    return (str(text), float(logprob)) if text and isinstance(logprob, int | float) else None


def _slot_context(http: ServerHttp) -> int:
    """Tokens that llama.cpp's server holds for one request, which may be fewer than the model was trained for; 0 of
    others."""
    try:
        settings = http.get("/props")
    except ModelError:
        return 0
    inner = settings.get("default_generation_settings") if isinstance(settings, dict) else None
    found = inner.get("n_ctx") if isinstance(inner, dict) else 0
    return found if isinstance(found, int) else 0


def _context(row: dict[str, Any]) -> int:
    """vLLM tells ``max_model_len``, llama.cpp's server ``meta.n_ctx_train``."""
    meta = row.get("meta")
    found = row.get("max_model_len") or (meta.get("n_ctx_train") if isinstance(meta, dict) else 0)
    return found if isinstance(found, int) else 0
