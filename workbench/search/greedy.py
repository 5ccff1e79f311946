"""Forward greedy selection, as in "Is In-Context Learning Sufficient for Instruction Following in LLMs?"
(Zhao et al., arXiv 2405.19874, section 4): the base prompt plus the best fourth demonstration, then the best fifth, …
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.domain import AnswerScore, CandidateScore, RankedCandidate, SearchRound
from workbench.search.finalists import settled
from workbench.search.intervals import gain_intervals, mean_logprob
from workbench.search.racing import race
from workbench.search.task import ANSWERS_PER_STEP, SearchTask, in_steps

Scores = Mapping[int, tuple[AnswerScore, ...]]


def greedy(task: SearchTask) -> tuple[int, ...]:
    """The ids chosen round by round, in that order (each round's choice stands after the earlier ones')."""
    return tuple(round.chosen_id for round in greedy_rounds(task, task.size))


def greedy_sets(candidates: int, rounds: int) -> int:
    """How many sets an exact greedy search evaluates at most: the base and each round's candidates."""
    return 1 + sum(candidates - round for round in range(min(rounds, candidates)))


def greedy_rounds(task: SearchTask, rounds: int) -> tuple[SearchRound, ...]:
    """Up to ``rounds`` rounds; fewer when nothing more fits the token budget or the pool is empty."""
    task.check_base()
    streams = task.rng.spawn(rounds)                 # a stream a round: a resumed search draws the same numbers
    done = list(task.finished[:rounds])
    answers = _winners_answers(task, done)
    for number in range(len(done) + 1, rounds + 1):
        chosen = tuple(round.chosen_id for round in done)
        result = _round(task, number, chosen, answers, done[-1].ranking if done else (), streams[number - 1])
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
    last: Sequence[RankedCandidate], rng: np.random.Generator,
) -> tuple[SearchRound, tuple[AnswerScore, ...]] | None:
    """The round and its winner's answers; None when no candidate is left that fits."""
    pool = fitting_pool(task, number, chosen)
    if not pool:
        return None
    base = base_answers(task, number, chosen, base)
    if task.options.racing == "off":
        scores = score_pool(task, number, chosen, promising_first(pool, last), len(base))
        evaluations = len(scores) * len(base)
    else:
        scores, evaluations = _raced(task, number, chosen, pool, base, rng.spawn(1)[0])
    ranking, again = _settled_first(task, chosen, scores, rank(base, scores, rng), rng)
    best = ranking[0]
    if best.gain.mean <= 0:
        task.watch.log("warning", f"Round {number}: no candidate raises the log-likelihood of the reference answers.")
    tokens = task.objective.prompt_tokens((*chosen, best.demonstration_id))
    finished = SearchRound(number, ranking, best.demonstration_id, best.objective, tokens, evaluations + again)
    return finished, scores[best.demonstration_id]


def _settled_first(
    task: SearchTask, chosen: tuple[int, ...], scores: Scores, ranking: tuple[RankedCandidate, ...],
    rng: np.random.Generator,
) -> tuple[tuple[RankedCandidate, ...], int]:
    """In half precision the finalists stand first, ranked by what they and the round's start score in float32; and how
    many answers were scored for that."""
    found = settled(task, {(*chosen, id): answers for id, answers in scores.items()})
    exact = task.exact() if found else None
    if exact is None:
        return ranking, 0
    base = exact.evaluate([chosen])[0]
    first = rank(base, {ids[-1]: answers for ids, answers in found.items()}, rng)
    rest = (one for one in ranking if (*chosen, one.demonstration_id) not in found)
    return (*first, *rest), len(base) * (1 + len(found))


def base_answers(
    task: SearchTask, number: int, chosen: tuple[int, ...], answers: tuple[AnswerScore, ...] | None
) -> tuple[AnswerScore, ...]:
    """The answers under the set that the round starts from, evaluated if they are None; said with the round, so that
    its gains can be read back."""
    if answers is None:
        answers = task.objective.evaluate([chosen])[0]
    if (number, None) not in task.known:
        tokens = task.objective.prompt_tokens(chosen)
        task.watch.scored(number, CandidateScore(None, answers, prompt_tokens=tokens))
    return answers


def promising_first(pool: Sequence[int], last: Sequence[RankedCandidate]) -> list[int]:
    """``pool`` in the order of the last round's gains, so that a broken-off round has seen the likely winners. All are
    scored in any case: the order does not change what is chosen."""
    place = {candidate.demonstration_id: at for at, candidate in enumerate(last)}
    return sorted(pool, key=lambda id: (place.get(id, len(place)), id))


def score_pool(
    task: SearchTask, number: int, chosen: tuple[int, ...], pool: Sequence[int], answers_each: int
) -> dict[int, tuple[AnswerScore, ...]]:
    """Each candidate added to what is chosen, step by step; steps that are known as a whole are taken over."""
    step_size = max(1, ANSWERS_PER_STEP // answers_each)
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


def _raced(
    task: SearchTask, number: int, chosen: tuple[int, ...], pool: Sequence[int], base: tuple[AnswerScore, ...],
    rng: np.random.Generator,
) -> tuple[dict[int, tuple[AnswerScore, ...]], int]:
    """The finalists' answers to all questions, in the base's order, and how many answers were scored for them.

    As many as the set is to have get to the end at least, so that the best by single gain can be compared with it.
    """
    def measure(ids: Sequence[int], questions: tuple[int, ...]) -> list[tuple[AnswerScore, ...]]:
        answers = sum(answer.question_id in questions for answer in base)
        return in_steps(task.objective.on(questions), [(*chosen, id) for id in ids], answers)

    questions = rng.permutation(sorted({answer.question_id for answer in base})).tolist()
    found = race(task.options.racing, pool, questions, measure, task.size)
    scores = {id: _arranged(answers, base) for id, answers in found.scores.items()}
    start_tokens = task.objective.prompt_tokens(chosen)
    for id, answers in scores.items():
        added = task.objective.prompt_tokens((*chosen, id)) - start_tokens
        task.watch.scored(number, CandidateScore(id, answers, prompt_tokens=added))
    task.watch.raced(number, found)
    return scores, found.evaluations


def _arranged(answers: Sequence[AnswerScore], like: Sequence[AnswerScore]) -> tuple[AnswerScore, ...]:
    by_answer = {(answer.question_id, answer.turn): answer for answer in answers}
    return tuple(by_answer[answer.question_id, answer.turn] for answer in like)


def rank(base: Sequence[AnswerScore], scores: Scores, rng: np.random.Generator) -> tuple[RankedCandidate, ...]:
    """All candidates, best mean first, ties by id, each with its gain over ``base`` and a 95 % interval."""
    ids = sorted(scores)
    gains = gain_intervals(base, [scores[id] for id in ids], rng)
    ranked = [
        RankedCandidate(id, mean_logprob(scores[id]), gain) for id, gain in zip(ids, gains, strict=True)
    ]
    return tuple(sorted(ranked, key=lambda candidate: (-candidate.objective, candidate.demonstration_id)))


def fitting(task: SearchTask, chosen: tuple[int, ...]) -> list[int]:
    """The candidates that are left and fit after ``chosen``, by id."""
    return [id for id in task.ids if id not in chosen and task.fits((*chosen, id))]


def fitting_pool(task: SearchTask, number: int, chosen: tuple[int, ...]) -> list[int]:
    """``fitting``; those that do not fit are named in the log."""
    pool = fitting(task, chosen)
    too_long = sorted(set(task.ids) - set(chosen) - set(pool))
    if too_long:
        task.watch.log(
            "warning",
            f"Round {number}: {len(too_long)} candidates do not fit into {task.limit} "
            f"and are skipped: {', '.join(map(str, too_long))}.",
        )
    if not pool:
        task.watch.log("warning", f"The search ends after {number - 1} rounds: no candidate is left that fits.")
    return pool
