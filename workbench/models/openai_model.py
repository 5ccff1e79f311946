"""Models on OpenAI-compatible servers: vLLM, llama.cpp's server, Ollama, and others.

Scores are had where the server gives a prompt's log-probabilities (``Server.scoring``, see server_probe.py); whole
strings are sent, and the tokens that make up the wanted characters are looked at.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import httpx

from workbench.domain import ModelRef, Server, TokenScore
from workbench.domain.bench import Finish
from workbench.errors import ModelError
from workbench.models import keys
from workbench.models.base import Decoding, Draw, Drawn, ScoredSequence, Tokenizer
from workbench.models.server_http import ServerHttp
from workbench.models.server_scores import PromptToken, prompt_tokens
from workbench.models.server_text import CharacterTokenizer, messages_of, sendable
from workbench.models.server_tokens import ServedTokenizer, admits
from workbench.models.stopping import FENCE, find_end

NO_LIMIT = 2**31 - 1                 # the server counts its tokens, and refuses what does not fit
_ALIVE_SECONDS = 0.2
_MOST_STOPS = 4                      # what OpenAI's interface takes

T = TypeVar("T")
Message = Mapping[str, str]          # {"role": …, "content": …}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``tokens`` is the server's count, or else the number of parts that it came in; ``prompt_tokens`` is
    None where the server does not count them."""

    text: str
    finish: Finish
    tokens: int
    prompt_tokens: int | None = None

    def drawn(self) -> Drawn:
        return Drawn(self.text, self.tokens, self.finish, math.nan)


class OpenAIModel:
    """See LanguageModel; ``chat`` and ``chat_all`` go beyond it. Made by ``load``, safe to use from one thread."""

    def __init__(self, ref: ModelRef, http: ServerHttp) -> None:
        if ref.server is None:
            raise ModelError(f"“{ref.name}” has no server.", remedy="Add it again on the Models page.")
        self.ref, self._http = ref, http
        self.server: Server = ref.server
        self.context = NO_LIMIT
        counts = bool(self.server.tokenising)
        self.tokenizer: Tokenizer = ServedTokenizer(http, self.server) if counts else CharacterTokenizer()
        self.facts: Mapping[str, str] = {
            "server": ref.url, "model": self.server.model, "scoring": self.server.scoring or "none",
            "python": platform.python_version(), "httpx": httpx.__version__,
        }  # fmt: skip

    @classmethod
    def load(cls, ref: ModelRef) -> OpenAIModel:
        """Nothing is asked of the server yet. Raises ModelError: no server settings."""
        server = ref.server or Server("")
        return cls(ref, ServerHttp(
            ref.url, keys.read(ref.url), timeout=server.timeout, attempts=server.attempts,
            requests_per_minute=server.requests_per_minute,
        ))  # fmt: skip

    def admits(self, prompt: str, more: int = 1) -> bool:
        """See Admitting. Raises ModelError."""
        count = self.tokenizer.count(prompt) if self.server.tokenising and messages_of(prompt) is None else None
        return admits(self._http, self.server, count, prompt, more)

    # -- answers

    def chat(
        self, messages: Sequence[Message], decoding: Decoding, on_text: Callable[[str], None] = lambda text: None
    ) -> Reply:
        """The answer to a conversation, laid out by the server with the model's own chat template.

        ``on_text`` gets the text as it comes and may raise Cancelled. Raises ModelError.
        """
        (reply,) = self.chat_all([messages], decoding, on_text=lambda index, text: on_text(text))
        return reply

    def chat_all(
        self, conversations: Sequence[Sequence[Message]], decoding: Decoding,
        on_reply: Callable[[int, Reply], None] = lambda index, reply: None,
        on_text: Callable[[int, str], None] = lambda index, text: None,
        alive: Callable[[], None] = lambda: None,
    ) -> list[Reply]:
        """Answers to several conversations, as many at a time as the server's settings say.

        All callbacks run on the caller's thread: ``on_reply`` as each is finished, ``alive`` some times a second; they
        may raise Cancelled. Conversation i is drawn with seed ``decoding.seed + i``. Raises ModelError.
        """
        tasks = [
            partial(self._answer, [dict(m) for m in messages], replace(decoding, seed=decoding.seed + index))
            for index, messages in enumerate(conversations)
        ]
        return self._together(tasks, on_reply, on_text, alive)

    def draw(
        self, wanted: Sequence[Draw], on_text: Callable[[int, str], None] = lambda index, text: None,
        on_drawn: Callable[[int, Drawn], None] = lambda index, drawn: None,
    ) -> list[Drawn]:
        """See LanguageModel. A prompt in the chat template goes to the server as its messages, any other as text."""
        tasks = [
            partial(self._answer, messages_of(one.prompt) or one.prompt, one.decoding) for one in wanted
        ]
        replies = self._together(tasks, lambda index, reply: on_drawn(index, reply.drawn()), on_text,
                                 lambda: on_text(0, ""))
        return [reply.drawn() for reply in replies]

    def generate(self, prompts: Sequence[str], decoding: Decoding, on_text: Callable[[int, str], None]) -> list[str]:
        wanted = [Draw(text, replace(decoding, seed=decoding.seed + index)) for index, text in enumerate(prompts)]
        return [drawn.text for drawn in self.draw(wanted, on_text)]

    def _answer(
        self, prompt: str | list[dict[str, str]], decoding: Decoding, say: Callable[[str], None]
    ) -> Reply:
        if isinstance(prompt, str):
            self._need(self.server.completions, "text completions")
        else:
            self._need(self.server.chat, "chat")
        path = "completions" if isinstance(prompt, str) else "chat/completions"
        content = {"prompt": sendable(prompt)} if isinstance(prompt, str) else {"messages": prompt}
        asked = {**parameters(decoding, extras=self.server.extras), "stream_options": {"include_usage": True}}
        stream = _ReplyStream(decoding.stop, say)
        self._http.stream(path, {"model": self.server.model, **content, **asked}, stream.take)
        return stream.reply()

    # -- scores

    def logprobs(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None] = lambda done: None
    ) -> list[tuple[float, ...]]:
        """See LanguageModel. There is one number for each of the *server's* tokens that the wanted characters meet; a
        text's very first token is left out."""
        self._need_scores()
        done = 0

        def finished(index: int, result: tuple[float, ...]) -> None:
            nonlocal done
            done += 1
            progress(done)

        tasks = [partial(self._sequence_logprobs, sequence) for sequence in sequences]
        return self._together(tasks, finished, lambda index, text: None, lambda: progress(done))

    def inspect(self, sequence: ScoredSequence, alternatives: int = 3) -> list[TokenScore]:
        """See LanguageModel. A rank is among the alternatives that the server tells."""
        self._need_scores()
        tokens = self._prompt_tokens(_text(sequence.ids[: sequence.end]), max(alternatives, 1))
        return [
            TokenScore(token.text, token.logprob, token.rank, token.alternatives[:alternatives])
            for token in tokens
            if token.logprob is not None and token.end > sequence.start and token.start < sequence.end
        ]

    def _sequence_logprobs(self, sequence: ScoredSequence, say: Callable[[str], None]) -> tuple[float, ...]:
        if sequence.end <= sequence.start:
            return ()
        tokens = self._prompt_tokens(_text(sequence.ids[: sequence.end]), 1)
        return tuple(
            token.logprob for token in tokens
            if token.logprob is not None and token.end > sequence.start and token.start < sequence.end
        )  # fmt: skip

    def _prompt_tokens(self, text: str, alternatives: int = 1) -> list[PromptToken]:
        if messages_of(text) is not None:
            raise ModelError(
                "A served model's chat template is applied on its server, so that answers under it cannot be scored.",
                remedy="Choose the URIAL or the plain template.",
            )
        return prompt_tokens(self._http, self.server, text, alternatives)

    # -- many at once

    def _together(
        self, tasks: Sequence[Callable[[Callable[[str], None]], T]], on_result: Callable[[int, T], None],
        on_text: Callable[[int, str], None], alive: Callable[[], None],
    ) -> list[T]:
        """Run ``tasks`` on threads; what they say comes back to this one. The first error ends all."""
        queue: SimpleQueue[tuple[str, int, Any]] = SimpleQueue()

        def work(index: int) -> None:
            try:
                queue.put(("done", index, tasks[index](lambda text: queue.put(("text", index, text)))))
            except BaseException as error:
                queue.put(("failed", index, error))

        results: dict[int, T] = {}
        pool = ThreadPoolExecutor(max_workers=max(self.server.concurrency, 1), thread_name_prefix="server")
        try:
            for index in range(len(tasks)):
                pool.submit(work, index)
            while len(results) < len(tasks):
                try:
                    kind, index, value = queue.get(timeout=_ALIVE_SECONDS)
                except Empty:
                    alive()
                    continue
                if kind == "failed":
                    raise value
                if kind == "text":
                    on_text(index, value)
                else:
                    results[index] = value
                    on_result(index, value)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            self._http.abort()
            raise
        pool.shutdown()
        return [results[index] for index in range(len(tasks))]

    def close(self) -> None:
        self._http.close()

    def _need(self, there: bool, what: str) -> None:
        if not there:
            raise ModelError(
                f"{self.ref.url} offers no {what} for “{self.ref.name}”.",
                remedy="Choose the model's chat template." if what != "chat" else "Choose another template or model.",
            )

    def _need_scores(self) -> None:
        if not self.server.scoring:
            raise ModelError(
                f"{self.ref.url} gives no log-probabilities of prompts, so “{self.ref.name}” cannot score. "
                f"{self.server.note}".strip(),
                safe="It can answer and judge.",
                remedy="Score with a local model, or serve it with vLLM or llama-cpp-python (logits_all).",
            )


class _ReplyStream:
    """Events in, text out. Stop strings are looked for here too: a fence that opens a code block is none."""

    def __init__(self, stop: tuple[str, ...], say: Callable[[str], None]) -> None:
        self._stop, self._say = stop, say
        self._whole, self._given, self._parts, self._ended = "", "", 0, False
        self._finish: Finish = ""
        self._usage: Mapping[str, Any] = {}

    def take(self, event: Mapping[str, Any]) -> bool:
        """True when the answer is complete."""
        if event.get("restarted"):
            self._whole, self._finish, self._parts = "", "", 0
            return False
        if isinstance(event.get("usage"), dict):
            self._usage = event["usage"]
        for choice in event.get("choices") or ():
            delta = choice.get("delta")
            text = delta.get("content") if isinstance(delta, dict) else choice.get("text")
            if isinstance(text, str) and text:
                self._whole += text
                self._parts += 1
            if reason := choice.get("finish_reason"):
                self._finish = "length" if reason == "length" else "end"
        end, undecided = find_end(self._whole, self._stop, finished=False)
        if end is not None:
            self._finish, self._ended = "stop", True
            self._whole = self._whole[:end]
            self._give(self._whole)
            return True
        self._give(self._whole[: len(self._whole) - undecided])
        return False

    def reply(self) -> Reply:
        if not self._ended:
            end, _ = find_end(self._whole, self._stop, finished=True)
            self._whole = self._whole[:end]
            self._give(self._whole)
        tokens = _count(self._usage, "completion_tokens")
        return Reply(self._whole, self._finish, self._parts if tokens is None else tokens,
                     _count(self._usage, "prompt_tokens"))

    def _give(self, whole: str) -> None:
        """After a restart nothing is said until it goes beyond what was said before."""
        if len(whole) > len(self._given):
            self._say(whole[len(self._given) :])
            self._given = whole


def parameters(decoding: Decoding, *, extras: bool = True) -> dict[str, Any]:
    """A request's part about decoding.

    ``extras`` are names beyond OpenAI's, which vLLM, llama.cpp and others know and strict servers refuse. They are sent
    even where they change nothing, as llama-cpp-python's own defaults (top-k 40, min-p 0.05) do change something.
    Raises ModelError for settings that the server does not know.
    """
    found: dict[str, Any] = {
        "max_tokens": decoding.max_tokens, "temperature": decoding.temperature, "top_p": decoding.top_p,
        "seed": decoding.seed,
    }  # fmt: skip
    if stop := [text for text in decoding.stop if text and text != FENCE]:
        found["stop"] = stop[:_MOST_STOPS]
    if extras:
        penalty = decoding.repetition_penalty
        return found | {
            "top_k": decoding.top_k, "min_p": decoding.min_p,
            "repetition_penalty": penalty, "repeat_penalty": penalty,      # vLLM's name, and llama.cpp's
        }  # fmt: skip
    if decoding.top_k or decoding.min_p or decoding.repetition_penalty != 1.0:
        raise ModelError("The server takes no top-k, min-p or repetition penalty.", remedy="Set them to 0, 0 and 1.")
    return found


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    return usage[name] if isinstance(usage.get(name), int) else None


def _text(ids: Sequence[int]) -> str:
    return "".join(map(chr, ids))
