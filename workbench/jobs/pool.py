"""What a job works on, checked and cleared before it starts: candidates that can be told apart, answers to score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from workbench.domain import Demonstration, Prompt, Question
from workbench.errors import JobError


def eligible(candidates: Sequence[Demonstration], base: Prompt) -> tuple[Demonstration, ...]:
    """Those that can be tried: answered, all of it text, and not in the base prompt already. The one rule, for every
    pool."""
    in_base = {demonstration.turns for demonstration in base.demonstrations}
    return tuple(candidate for candidate in candidates if candidate.answer and candidate.turns not in in_base
                 and not candidate.unusable)


def scorable(questions: Sequence[Question], turns: str) -> tuple[Question, ...]:
    """The questions that have a reference answer to score."""
    return tuple(question for question in questions if answers_scored([question], turns))


def usable_candidates(
    candidates: Sequence[Demonstration], base: Prompt, log: Callable[[str], None]
) -> tuple[Demonstration, ...]:
    """The eligible ones. Raises JobError: none left, or ids missing or doubled."""
    ids = Counter(candidate.id for candidate in candidates)
    if None in ids or any(count > 1 for count in ids.values()):
        raise JobError("The candidates of this job cannot be told apart: each needs an id of its own.")
    usable = eligible(candidates, base)
    if not usable:
        raise JobError("There are no candidates to score.", remedy="Choose a filter or a selection that holds some.")
    if len(usable) < len(candidates):
        log(f"{len(candidates) - len(usable)} candidates are in the base prompt already, have no answer, or "
            "hold tool calls or images, and are left out.")
    return usable


def usable_questions(
    questions: Sequence[Question], turns: str, what: str, log: Callable[[str], None]
) -> tuple[Question, ...]:
    """The questions that have a reference answer to score. Raises JobError: none, or ids missing or doubled."""
    ids = Counter(question.id for question in questions)
    if None in ids or any(count > 1 for count in ids.values()):
        raise JobError(f"The {what} of this job cannot be told apart: each needs an id of its own.")
    usable = scorable(questions, turns)
    if not usable:
        raise JobError(
            f"None of the {what} has a reference answer, so there is nothing to score.",
            remedy="Import reference answers with the question set, or choose another set.",
        )
    if len(usable) < len(questions):
        log(f"{len(questions) - len(usable)} of the {what} have no reference answer and are left out.")
    return usable


def fitting_questions(
    questions: Sequence[Question], sizes: Mapping[int, int], context: int, what: str, log: Callable[[str], None]
) -> tuple[Question, ...]:
    """Those that fit under the base prompt: ``sizes`` (question id → tokens) are the others, which are named.

    Raises JobError where none fits.
    """
    left = tuple(question for question in questions if question.id not in sizes)
    if len(left) == len(questions):
        return left
    long = [f"{question.key or question.id} ({sizes[question.id]:,} tokens)" for question in questions
            if question.id is not None and question.id in sizes]
    named = ", ".join(long[:10]) + (f" and {len(long) - 10} more" if len(long) > 10 else "")
    if not left:
        raise JobError(f"None of the {what} fits, with the prompt and its answer, into the model's context of "
                       f"{context:,} tokens: {named}.", safe="Nothing was scored.",
                       remedy="Shorten the prompt, or choose shorter questions or a model with a longer context.")
    log(f"These {what} do not fit, with the prompt and their answers, into the model's context of {context:,} tokens, "
        f"and are left out: {named}.")
    return left


def answers_scored(questions: Sequence[Question], turns: str) -> int:
    """How many reference answers count: one a question or one a turn, and none after a turn that has none."""
    count = 0
    for question in questions:
        for reference, _ in zip(question.references[: 1 if turns == "first" else None], question.turns, strict=False):
            if not reference:
                break
            count += 1
    return count


def check_apart(questions: Sequence[Question], heldout: Sequence[Question]) -> None:
    """Raises JobError when a held-out question is also searched on: the report would flatter."""
    searched = {question.turns for question in questions}
    shared = sum(question.turns in searched for question in heldout)
    if shared:
        raise JobError(
            f"{shared} of the held-out questions are among the search questions.",
            safe="Nothing was started.",
            remedy="Choose another held-out set.",
        )
