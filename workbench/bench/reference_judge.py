"""Work without a judge: the log-likelihood of the reference under the answering model and prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum

from workbench.bench.matches import GivenAnswers, Match
from workbench.domain import Prompt, Question
from workbench.domain.bench import Judgement
from workbench.models.base import LanguageModel
from workbench.prompts import render
from workbench.scoring.sequences import answer_sequences, conversation

JUDGE = "reference"
MEASURES = {"log_likelihood": "nats per answer", "exact": "share", "f1": "0 to 1"}
"""What the reference judge measures, with its unit."""


def has_reference(question: Question, turn: int) -> bool:
    """Whether the turn and all before it have references: a later turn is asked after the earlier references."""
    return len(question.references) > turn and all(question.references[: turn + 1])


def log_likelihoods(
    model: LanguageModel, prompt: Prompt, matches: Sequence[Match], given: Sequence[GivenAnswers],
    questions: Mapping[int, Question], emit: Callable[[Judgement], None],
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """One judgement an answer: the sum of the log-probabilities (nats) of its reference's tokens.

    It does not look at the answer, so that repeats get the same number. Those whose prompt does not fit into the
    model's context get none. ``progress`` gets how many are done and may raise Cancelled.
    """
    kept, sequences = [], []
    for match in matches:
        question = questions[given[match.first].question_id]
        if not has_reference(question, match.turn):
            continue
        talk = conversation(question.turns[: match.turn + 1], question.references[: match.turn + 1])
        (sequence,) = answer_sequences([render(prompt, talk, tokenizer=model.tokenizer)], model.tokenizer)
        if sequence.end <= model.context:
            kept.append(match)
            sequences.append(sequence)
    for match, found in zip(kept, model.logprobs(sequences, progress) if sequences else [], strict=True):
        emit(Judgement(JUDGE, "measure", given[match.first].answer_ids[match.turn], name="log_likelihood",
                       score=fsum(found), details={"tokens": len(found)}))
