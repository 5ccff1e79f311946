"""A count job: how many tokens texts have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Literal

from workbench.domain import ModelRef
from workbench.jobs.events import Counted
from workbench.jobs.kind import JobKind, anew, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.models.base import Tokenizer
from workbench.wording import counted

COUNTS_PER_EVENT = 500


@dataclass(frozen=True, slots=True)
class CountSpec:
    """Token counts of texts with a model's tokenizer (no weights are loaded): for lists of (id, text)."""

    model: ModelRef
    texts: tuple[tuple[int, str], ...]
    kind: Literal["count"] = "count"


@dataclass(frozen=True, slots=True)
class CountResult(Result):
    texts: int = 0


def run_count(spec: CountSpec, run: Run) -> CountResult:
    """Says Counted in batches: tokens of each text alone, without the tokens that open a sequence."""
    with _tokenizer(spec.model, run) as tokenizer:
        for start in range(0, len(spec.texts), COUNTS_PER_EVENT):
            batch = spec.texts[start : start + COUNTS_PER_EVENT]
            run.say(Counted(tuple((id, tokenizer.count(text, special=False)) for id, text in batch)))
            run.progress(start + len(batch), len(spec.texts), "texts")
    return CountResult(len(spec.texts))


@contextmanager
def _tokenizer(ref: ModelRef, run: Run) -> Iterator[Tokenizer]:
    """Of a served model the server's, where it counts; a model that is loaded stays so."""
    if ref.server is None or not ref.server.tokenising:
        yield run.tokenizer(ref)
        return
    from workbench.models.openai_model import OpenAIModel

    with closing(OpenAIModel.load(ref)) as served:
        yield served.tokenizer


def title(spec: CountSpec) -> str:
    return f"Count the tokens of {counted(len(spec.texts), 'text')}"


KIND = JobKind(CountSpec, CountResult, run_count, title, anew, runs_code=never, short=True, warm=True)
