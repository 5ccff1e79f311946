"""What judging would take, before anything is asked: from the very requests, and what the judge has said before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.bench.language_model_judge import CHARACTERS, requests_of
from workbench.domain import Judgement
from workbench.jobs.kinds.judge import JudgeSpec, Price

ASSUMED_TOKENS = 250
"""Of a judge's words where it has said none yet: what MT-Bench's prompts ask for is a short explanation and a mark."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """``requests`` to the judge with about ``prompt_tokens`` in all; about ``completion_tokens`` come back, and no more
    than ``most_completion_tokens``. ``known`` is from how many of the judge's own words their length was had; 0: it is
    ASSUMED_TOKENS."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    most_completion_tokens: int
    known: int = 0

    def cost(self, price: Price) -> float:
        return price.of(self.prompt_tokens, self.completion_tokens)

    def most(self, price: Price) -> float:
        return price.of(self.prompt_tokens, self.most_completion_tokens)

    @property
    def basis(self) -> str:
        """Where the length of the judge's words is from."""
        a_reply = round(self.completion_tokens / max(self.requests, 1))
        if self.known:
            return f"Its {self.known:,} replies so far are {a_reply:,} tokens long on average."
        return f"It has judged nothing yet: replies of {a_reply:,} tokens are assumed."


def estimate(spec: JudgeSpec, said: Iterable[Judgement] = ()) -> Estimate:
    """``said`` are judgements of before; those of the spec's judge tell how many tokens its words take, of ratings and
    of pairs apart where both are known, and how many characters make a token of it. Raises JobError: a judge prompt is
    missing."""
    own = [one for one in said if one.judge == spec.model.name and one.details.get("completion_tokens")]
    by_id = {question.id: question for question in spec.questions if question.id is not None}
    requests = characters = 0
    for match in spec.matches:
        asked = requests_of(match, spec.given, by_id, spec.prompts)
        requests += len(asked)
        characters += sum(len(one.system) + len(one.user) for one in asked)
    kind = "rating" if all(match.second is None for match in spec.matches) else "pair"
    alike = [one for one in own if one.kind == kind] or own
    known = sum(map(_replies, alike))
    a_reply = sum(one.details["completion_tokens"] for one in alike) / known if known else ASSUMED_TOKENS
    most = requests * spec.decoding.max_tokens
    return Estimate(requests, round(characters / _characters(own)), min(round(requests * a_reply), most), most, known)


def _replies(one: Judgement) -> int:
    return 2 if one.kind == "pair" else 1


def _characters(own: Iterable[Judgement]) -> float:
    """To a token, by what the judge has been asked; the system prompt's share is small and left out."""
    counted = [one.details for one in own if one.details.get("prompt_tokens") and one.details.get("asked")]
    tokens = sum(one["prompt_tokens"] for one in counted)
    return sum(len(one["asked"]) + len(one.get("asked_swapped", "")) for one in counted) / tokens if tokens \
        else CHARACTERS
