"""A language model as the judge: MT-Bench's single-answer and pairwise grading (Zheng et al., arXiv 2306.05685).

What is asked is FastChat's, and how the words are read, by choice (``Reading``); who is asked is behind the protocol
``Judge``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.bench.judge_prompting import asked, choose
from workbench.bench.judgements import Reading, parse_rating, parse_two_ratings, parse_verdict
from workbench.bench.judgements import Verdict as ShownVerdict
from workbench.bench.matches import GivenAnswers, Match
from workbench.domain import Question
from workbench.domain.bench import Judgement, Verdict
from workbench.domain.judge_prompt import JudgePrompt

CHARACTERS = 4                       # to a token, roughly: for estimates, and where a server does not count


@dataclass(frozen=True, slots=True)
class Request:
    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A judge's words with the tokens that they cost. ``problem`` says why there are none."""

    words: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    problem: str = ""


class Judge(Protocol):
    name: str

    def ask(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """Ask all; ``on_reply`` gets (place, reply) in any order, from this thread, and may raise Cancelled."""


@dataclass(slots=True)
class _Open:
    """A match with the requests that it takes and the replies so far, in the order A-B, B-A."""

    match: Match
    prompt: JudgePrompt
    requests: tuple[Request, ...]
    replies: dict[int, Reply] = field(default_factory=dict)


def judge_matches(
    judge: Judge, matches: Sequence[Match], given: Sequence[GivenAnswers], questions: Mapping[int, Question],
    prompts: Sequence[JudgePrompt], emit: Callable[[Judgement], None], reading: Reading = "last",
) -> None:
    """Judge all ``matches``; ``emit`` gets each judgement once all its orders were answered.

    ``reading`` other than "last" is noted in the judgements' details. Raises JobError where a judge prompt is missing
    (before anything is asked), and what the judge raises.
    """
    waiting = [_Open(match, prompt_of(match, given, questions, prompts),
                     requests_of(match, given, questions, prompts)) for match in matches]
    flat = [(one, order) for one in waiting for order in range(len(one.requests))]

    def heard(place: int, reply: Reply) -> None:
        one, order = flat[place]
        one.replies[order] = reply
        if len(one.replies) == len(one.requests):
            emit(_judgement(judge.name, one, given, reading))

    judge.ask([one.requests[order] for one, order in flat], heard)


def prompt_of(match: Match, given: Sequence[GivenAnswers], questions: Mapping[int, Question],
              prompts: Sequence[JudgePrompt]) -> JudgePrompt:
    """The judge prompt that a match is judged with. Raises JobError."""
    question = questions[given[match.first].question_id]
    return choose(prompts, "single" if match.second is None else "pairwise", question, match.turn)


def requests_of(match: Match, given: Sequence[GivenAnswers], questions: Mapping[int, Question],
                prompts: Sequence[JudgePrompt]) -> tuple[Request, ...]:
    """What the judge is asked: once of a single answer, in the orders A-B and B-A of a pair. Raises JobError."""
    one = given[match.first]
    question, prompt = questions[one.question_id], prompt_of(match, given, questions, prompts)
    if match.second is None:
        shown: list[list[tuple[str, ...]]] = [[one.texts]]
    else:
        other = given[match.second]
        shown = [[one.texts, other.texts], [other.texts, one.texts]]
    return tuple(Request(prompt.system_prompt, asked(prompt, question, match.turn, *texts)) for texts in shown)


def _judgement(judge: str, one: _Open, given: Sequence[GivenAnswers], reading: Reading) -> Judgement:
    replies = [one.replies[order] for order in range(len(one.requests))]
    answer_id = given[one.match.first].answer_ids[one.match.turn]
    details = _details(one, replies) | ({} if reading == "last" else {"reading": reading})
    if one.match.second is None:
        return Judgement(judge, "rating", answer_id, score=parse_rating(replies[0].words, reading),
                         words=replies[0].words, prompt_name=one.prompt.name, details=details)
    read = parse_verdict if one.prompt.output_format == "[[A]]" else parse_two_ratings
    first, second = (_winner(read(reply.words, reading), order) for order, reply in enumerate(replies))
    return Judgement(
        judge, "pair", answer_id, given[one.match.second].answer_ids[one.match.turn], first=first, second=second,
        verdict=over_both_orders(first, second), words=replies[0].words, words_swapped=replies[1].words,
        prompt_name=one.prompt.name, details=details)


def over_both_orders(first: Verdict, second: Verdict) -> Verdict:
    """FastChat's rule: unreadable if either order is; the winner of both; else a tie."""
    if "error" in (first, second):
        return "error"
    return first if first == second else "tie"


def _winner(shown: ShownVerdict, order: int) -> Verdict:
    """Which answer won when the match's first answer was shown as A (order 0) or as B (order 1)."""
    if shown in ("A", "B"):
        return "answer" if (shown == "A") == (order == 0) else "other"
    return "tie" if shown == "tie" else "error"


def _details(one: _Open, replies: Sequence[Reply]) -> dict[str, Any]:
    names = ("asked", "asked_swapped")
    details: dict[str, Any] = {name: request.user for name, request in zip(names, one.requests, strict=False)}
    details["prompt_sha256"] = one.prompt.content_hash
    details["prompt_tokens"] = sum(reply.prompt_tokens for reply in replies)
    details["completion_tokens"] = sum(reply.completion_tokens for reply in replies)
    if problem := next((reply.problem for reply in replies if reply.problem), ""):
        details["problem"] = problem
    return details
