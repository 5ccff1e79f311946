"""Forward greedy selection, as in "Is In-Context Learning Sufficient for Instruction Following in LLMs?"
(Zhao et al., arXiv 2405.19874, section 4): the base prompt plus the best fourth demonstration, then the best fifth, …
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.domain import AnswerScore, CandidateScore, RankedCandidate, SearchRound
from workbench.search.intervals import gain_intervals, mean_logprob
from workbench.search.task import SearchTask

Scores = Mapping[int, tuple[AnswerScore, ...]]

ANSWERS_PER_STEP = 64                # candidates are scored together up to this many answers; what a crash repeats


def greedy(task: SearchTask) -> tuple[int, ...]:
    """The ids chosen round by round, in that order (each round's choice stands after the earlier ones')."""
    return tuple(round.chosen_id for round in greedy_rounds(task, task.size))


def greedy_rounds(task: SearchTask, rounds: int) -> tuple[SearchRound, ...]:
    """Up to ``rounds`` rounds; fewer when nothing more fits the token budget or the pool is empty."""
    task.check_base()
    streams = task.rng.spawn(rounds)                 # a stream a round: a resumed search draws the same numbers
    done = list(task.finished[:rounds])
    answers = _winners_answers(task, done)
    for number in range(len(done) + 1, rounds + 1):
        chosen = tuple(round.chosen_id for round in done)
        result = _round(task, number, chosen, answers, streams[number - 1])
        if result is None:
            break
        finished, answers = result
        done.append(finished)
        task.watch.round_finished(finished)
    return tuple(done)


def _winners_answers(task: SearchTask, done: Sequence[SearchRound]) -> tuple[AnswerScore, ...] | None:
    """The answers under the set that was chosen so far, if an earlier start of the search kept them."""
    number = len(done)
    score = task.known.get((number + 1, None)) or (task.known.get((number, done[-1].chosen_id)) if done else None)
    return score.answers if score else None


def _round(
    task: SearchTask, number: int, chosen: tuple[int, ...], base: tuple[AnswerScore, ...] | None,
    rng: np.random.Generator,
) -> tuple[SearchRound, tuple[AnswerScore, ...]] | None:
    """The round and its winner's answers; None when no candidate is left that fits."""
    pool = _pool(task, number, chosen)
    if not pool:
        return None
    if base is None:
        base = task.objective.evaluate([chosen])[0]
    if (number, None) not in task.known:             # kept with the round, so that its gains can be read back
        task.watch.scored(number, CandidateScore(None, base, prompt_tokens=task.objective.prompt_tokens(chosen)))
    scores = _score_pool(task, number, chosen, pool, max(1, ANSWERS_PER_STEP // len(base)))
    ranking = rank(base, scores, rng)
    best = ranking[0]
    if best.gain.mean <= 0:
        task.watch.log("warning", f"Round {number}: no candidate raises the log-likelihood of the reference answers.")
    tokens = task.objective.prompt_tokens((*chosen, best.demonstration_id))
    evaluations = len(scores) * len(base)
    finished = SearchRound(number, ranking, best.demonstration_id, best.objective, tokens, evaluations)
    return finished, scores[best.demonstration_id]


def _score_pool(
    task: SearchTask, number: int, chosen: tuple[int, ...], pool: Sequence[int], step_size: int
) -> dict[int, tuple[AnswerScore, ...]]:
    """Each candidate added to what is chosen, step by step; steps that are known as a whole are taken over."""
    scores: dict[int, tuple[AnswerScore, ...]] = {}
    start_tokens = task.objective.prompt_tokens(chosen)
    for start in range(0, len(pool), step_size):
        step = pool[start : start + step_size]
        known = [task.known.get((number, id)) for id in step]
        if all(known):                               # else the whole step again: the same batch gives the same bits
            scores.update((id, score.answers) for id, score in zip(step, known, strict=True) if score)
            continue
        for id, answers in zip(step, task.objective.evaluate([(*chosen, id) for id in step]), strict=True):
            scores[id] = answers
            added = task.objective.prompt_tokens((*chosen, id)) - start_tokens
            task.watch.scored(number, CandidateScore(id, answers, prompt_tokens=added))
    return scores


def rank(base: Sequence[AnswerScore], scores: Scores, rng: np.random.Generator) -> tuple[RankedCandidate, ...]:
    """All candidates, best mean first, ties by id, each with its gain over ``base`` and a 95 % interval."""
    ids = sorted(scores)
    gains = gain_intervals(base, [scores[id] for id in ids], rng)
    ranked = [
        RankedCandidate(id, mean_logprob(scores[id]), gain) for id, gain in zip(ids, gains, strict=True)
    ]
    return tuple(sorted(ranked, key=lambda candidate: (-candidate.objective, candidate.demonstration_id)))


def _pool(task: SearchTask, number: int, chosen: tuple[int, ...]) -> list[int]:
    """The candidates that are left and fit; those that do not are named in the log."""
    left = [id for id in task.ids if id not in chosen]
    fitting = [id for id in left if task.fits((*chosen, id))]
    if len(fitting) < len(left):
        too_long = ", ".join(str(id) for id in left if id not in set(fitting))
        task.watch.log(
            "warning",
            f"Round {number}: {len(left) - len(fitting)} candidates do not fit into {task.limit} "
            f"and are skipped: {too_long}.",
        )
    if not fitting:
        task.watch.log("warning", f"The search ends after {number - 1} rounds: no candidate is left that fits.")
    return fitting
