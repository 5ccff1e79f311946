"""Beam search: the best ``beam_width`` sets of each size are carried on, where greedy search carries one."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.domain import AnswerScore, CandidateScore, SearchRound
from workbench.search.finalists import best_set
from workbench.search.greedy import base_answers, fitting, fitting_pool, rank, score_pool
from workbench.search.intervals import mean_logprob
from workbench.search.options import SearchOptions
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask, in_steps

Ids = tuple[int, ...]
Level = Mapping[Ids, tuple[AnswerScore, ...]]        # ordered sets of one size, and their answers


def beam(task: SearchTask) -> Ids:
    """The best set of the last beam. Of sets with the same demonstrations only the best order is carried on.

    The rounds it says are those of the path to the chosen set; they are known only at the end. A search that was broken
    off takes over the first round's scores and does the later ones again.
    """
    task.check_base()
    path = tuple(round.chosen_id for round in task.finished)
    if path and (len(path) == task.size or not fitting(task, path)):
        return path
    known = task.known.get((1, None))
    base = base_answers(task, 1, (), known.answers if known else None)
    levels: list[Level] = []
    beams: list[Ids] = [()]
    for number in range(1, task.size + 1):
        level = _grown(task, beams, len(base)) if number > 1 else _first(task, len(base))
        if not level:
            if number > 1:                           # of the first round it was said already
                task.watch.log("warning", f"The search ends after {number - 1} rounds: no candidate is left that fits.")
            break
        levels.append(level)
        beams = best_sets(level, task.options.beam_width)
    path = best_set(task, levels[-1]) if levels else ()
    _say_rounds(task, path, levels, base)
    return path


def best_sets(level: Level, width: int) -> list[Ids]:
    """The ``width`` best sets that differ in more than their order, best first, ties by ids."""
    best: dict[frozenset[int], Ids] = {}
    for ids in sorted(level, key=lambda ids: (-mean_logprob(level[ids]), ids)):
        best.setdefault(frozenset(ids), ids)
    return list(best.values())[:width]


def _first(task: SearchTask, answers: int) -> Level:
    scores = score_pool(task, 1, (), fitting_pool(task, 1, ()), answers)
    return {(id,): found for id, found in scores.items()}


def _grown(task: SearchTask, beams: list[Ids], answers: int) -> Level:
    sets = [(*ids, id) for ids in beams for id in fitting(task, ids)]
    return dict(zip(sets, in_steps(task.objective, sets, answers), strict=True))


def _say_rounds(task: SearchTask, path: Ids, levels: list[Level], base: tuple[AnswerScore, ...]) -> None:
    """The rounds as if the path had been searched greedily: each with the ranking of what could follow."""
    streams = task.rng.spawn(task.size)
    for number, level in enumerate(levels, 1):
        before = path[: number - 1]
        start_tokens = task.objective.prompt_tokens(before)
        scores = {ids[-1]: answers for ids, answers in level.items() if ids[:-1] == before}
        if number > 1:
            task.watch.scored(number, CandidateScore(None, base, prompt_tokens=start_tokens))
            for id, answers in scores.items():
                added = task.objective.prompt_tokens((*before, id)) - start_tokens
                task.watch.scored(number, CandidateScore(id, answers, prompt_tokens=added))
        ranking = rank(base, scores, streams[number - 1])
        base = scores[path[number - 1]]
        tokens = task.objective.prompt_tokens(path[:number])
        task.watch.round_finished(SearchRound(
            number, ranking, path[number - 1], mean_logprob(base), tokens, sum(map(len, level.values()))))


def _sets_searched(candidates: int, size: int, options: SearchOptions) -> int:
    later = sum(candidates - number for number in range(1, min(size, candidates)))
    return 1 + candidates + later * options.beam_width


BEAM = Strategy(
    "beam", "Beam search", "Beam: the best sets of each size go on",
    "Builds sets round by round: each round tries every candidate after each of the best sets so far.", beam,
    sets_searched=_sets_searched, options=("beam_width",), scores_singly=True)
