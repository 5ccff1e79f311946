"""What every language model can do here, whatever runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from workbench.domain import DecodingSettings, ModelRef, TokenScore
from workbench.domain.bench import Finish


@dataclass(frozen=True, slots=True)
class Encoded:
    """``ids`` and, for each token, the characters ``start:end`` of the text it stands for."""

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ScoredSequence:
    """A whole prompt as token ids; the log-probabilities of tokens ``start:end`` are wanted (``start`` ≥ 1)."""

    ids: tuple[int, ...]
    start: int
    end: int


Decoding = DecodingSettings


@dataclass(frozen=True, slots=True)
class Draw:
    """An answer that is wanted: to ``prompt`` (the whole text), drawn with its own settings, seed and stop strings."""

    prompt: str
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class Drawn:
    """An answer, the stop string cut off. ``tokens`` were drawn for it, the end token left out; ``logprob`` is the
    log-likelihood of all that was drawn (nats, summed; temperature 1, nothing cut off), None where a model does not
    tell. ``seconds`` is its part of the time that it and those beside it took."""

    text: str
    tokens: int
    finish: Finish
    logprob: float | None = None
    seconds: float = 0.0


class Tokenizer(Protocol):
    """A model's tokenizer, usable without its weights.

    ``start`` is the token that may stand before an empty context: BOS, or EOS where there is no BOS, or None.
    """

    start: int | None

    def encode(self, text: str, *, special: bool = True) -> Encoded:
        """Tokens of a whole text; ``special`` adds what the model expects at the start (BOS)."""

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        """``encode`` of each; quicker where the texts have a beginning in common."""

    def count(self, text: str, *, special: bool = True) -> int:
        """How many tokens ``encode`` gives; an estimate where the model's tokenizer stands on a server."""

    def decode(self, ids: Sequence[int]) -> str:
        """Text without special tokens."""

    def token_text(self, id: int) -> str:
        """One token as a person reads it, special tokens by their name."""

    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], *, open_answer: bool) -> str:
        """The tokenizer's own chat template, in a sandbox. Raises PromptError where there is none or it fails."""


@runtime_checkable
class Admitting(Protocol):
    """A model whose tokens are counted elsewhere: a sequence's ids are not what its context holds."""

    def admits(self, prompt: str, more: int = 1) -> bool:
        """Whether the context holds this whole text and ``more`` tokens. Raises ModelError."""


class LanguageModel(Protocol):
    """A loaded model."""

    ref: ModelRef
    context: int
    tokenizer: Tokenizer
    facts: Mapping[str, str]         # library versions, device, dtype, sha256: what made a result

    def logprobs(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None] = lambda done: None
    ) -> list[tuple[float, ...]]:
        """log P(token | all before it), in nats, of each sequence's wanted tokens.

        Equal to scoring each sequence alone; what sequences share is computed once. ``progress`` gets the number
        of finished sequences and may raise Cancelled. Raises ModelError (sequence longer than the context, memory).
        """

    def inspect(self, sequence: ScoredSequence, alternatives: int = 3) -> list[TokenScore]:
        """The wanted tokens of one sequence with rank and the likeliest alternatives."""

    def draw(
        self, wanted: Sequence[Draw], on_text: Callable[[int, str], None] = lambda index, text: None,
        on_drawn: Callable[[int, Drawn], None] = lambda index, drawn: None,
    ) -> list[Drawn]:
        """Answers, many at a time; what their prompts have in common at the beginning is computed once.

        ``on_text`` gets (index, new text) as it comes, ``on_drawn`` each answer when it is whole; both may raise
        Cancelled. An answer does not depend on those drawn beside it. Raises ModelError (prompt longer than the
        context, memory).
        """

    def generate(self, prompts: Sequence[str], decoding: Decoding, on_text: Callable[[int, str], None]) -> list[str]:
        """The texts of ``draw`` with the same settings for all prompts; prompt i has the seed ``decoding.seed + i``."""

    def close(self) -> None: ...
