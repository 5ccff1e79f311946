"""A greedy search with a judge as its objective, and how well the cheap objective, the references' likelihood, would
have predicted what the judge says."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from workbench.bench.judge_prompting import choose
from workbench.bench.language_model_judge import Judge
from workbench.bench.measures import LANGUAGE_MODEL, instant_measure
from workbench.domain import AnswerScore, Backend, CandidateScore, Question, SearchRound
from workbench.errors import JobError
from workbench.jobs.events import Metric, RoundFinished, Scored
from workbench.jobs.kinds.judge import judge_of
from workbench.jobs.kinds.judged_search import ComparedRound, JudgedSearchResult, JudgedSearchSpec
from workbench.jobs.kinds.judged_search.objective import JudgedObjective
from workbench.jobs.pool import usable_candidates
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel
from workbench.search.greedy import greedy_rounds
from workbench.search.intervals import mean_logprob
from workbench.search.task import CHOOSING, SearchTask, stream
from workbench.statistics.rank_correlation import kendall_tau, tau_of_means

_TOGETHER = 8                        # candidates whose likelihood is measured together


def run_judged_search(spec: JudgedSearchSpec, run: Run) -> JudgedSearchResult:
    """Says Tried for each set, Scored and RoundFinished (scores in place of log-likelihoods), and a Metric a round with
    Kendall's tau between both objectives."""
    candidates = usable_candidates(spec.candidates, spec.base, lambda text: run.log("info", text))
    _check(spec)
    model = run.load(spec.model)
    judge, close = _judge(spec, model, run)
    watch = _Watch(spec, run, len(candidates))
    try:
        objective = JudgedObjective(spec, model, judge, spec.questions, watch.stepped, run.say)
        task = SearchTask(objective, candidates, spec.rounds, 0, stream(spec.seed, CHOOSING), watch,
                          spec.finished_rounds, {(number, one.demonstration_id): one for number, one in spec.known})
        rounds = greedy_rounds(task, spec.rounds)
    finally:
        close()
    return JudgedSearchResult(spec.by, tuple(round.chosen_id for round in rounds), objective.unreadable,
                              _compared(spec, run, model, rounds, watch.answers))


def _check(spec: JudgedSearchSpec) -> None:
    """Raises JobError."""
    if spec.rounds < 1 or not spec.questions or any(one.id is None for one in spec.questions):
        raise JobError("A search needs a round at least, and questions.", safe="Nothing was started.")
    if spec.by == LANGUAGE_MODEL:
        if spec.judge is None:
            raise JobError("No judge was chosen.", safe="Nothing was started.", remedy="Choose a model that judges.")
        for question in spec.questions:
            choose(spec.prompts, "single", question, 0)
    elif not all(one.references and one.references[0] for one in spec.questions):
        raise JobError("A question has no reference to measure its answers with.", safe="Nothing was started.",
                       remedy="Choose another question set, or a language model as the judge.")
    elif not all(map(instant_measure(spec.by).fits, spec.questions)):
        raise JobError(f"“{instant_measure(spec.by).title}” does not know all of these questions.",
                       safe="Nothing was started.", remedy="Choose other questions, or another judge.")


def _judge(spec: JudgedSearchSpec, model: LanguageModel, run: Run) -> tuple[Judge | None, Callable[[], None]]:
    """The judge, and what lets go of its model: one that is not the answering model is loaded beside it."""
    if spec.by != LANGUAGE_MODEL or spec.judge is None:
        return None, lambda: None
    if spec.judge == spec.model:
        return judge_of(model, spec.judge_decoding, run), lambda: None
    from workbench.models.registry import load

    own = load(spec.judge)
    if spec.judge.backend is not Backend.OPENAI:
        run.log("info", f"{spec.judge.name} is loaded beside {spec.model.name}.")
    return judge_of(own, spec.judge_decoding, run), own.close


class _Watch:
    """The search's Watch: passes results on and counts answers."""

    def __init__(self, spec: JudgedSearchSpec, run: Run, candidates: int) -> None:
        self._run, self._done = run, 0
        self.answers = {(number, one.demonstration_id): one.answers for number, one in spec.known}
        left = sum(candidates - number + (number == 0) for number in range(len(spec.finished_rounds), spec.rounds))
        self._total = max(left, 1) * len(spec.questions)

    def stepped(self, answers: int) -> None:
        self._done += answers
        self._run.progress(min(self._done, self._total), self._total, "answers judged")

    def scored(self, round: int, score: CandidateScore) -> None:
        self.answers[round, score.demonstration_id] = score.answers
        self._run.say(Scored(score, round))

    def round_finished(self, round: SearchRound) -> None:
        self._run.log("good", f"Round {round.number}: demonstration {round.chosen_id}, mean {round.objective:.3f}")
        self._run.say(RoundFinished(round))

    def raced(self, round: int, race: object) -> None:
        raise AssertionError("judged rounds are not raced")

    def settled(self, finalists: int, *, changed: bool) -> None:
        raise AssertionError("judged rounds are not settled")

    def log(self, level: Literal["info", "good", "warning"], message: str) -> None:
        self._run.log(level, message.replace("the log-likelihood of the reference answers", "the judge's mean"))


def _compared(spec: JudgedSearchSpec, run: Run, model: LanguageModel, rounds: tuple[SearchRound, ...],
              judged: Mapping[tuple[int, int | None], tuple[AnswerScore, ...]]) -> tuple[ComparedRound, ...]:
    """For each round Kendall's tau between the judge's mean and the likelihood of the references (nats per answer), and
    the candidates' two scores; without a reference no likelihood is known. Tau has its interval over questions where
    it is known what the judge said on each (``judged``, by round and candidate)."""
    from workbench.scoring.candidates import SetObjective

    questions = tuple(Question(one.turns[:1], one.references[:1], one.category, one.key, one.id)
                      for one in spec.questions if one.references and one.references[0])
    if not questions:
        run.log("warning", "No question has a reference, so the likelihood cannot be compared with the judge.")
        return tuple(ComparedRound(round.number) for round in rounds)
    likelihood = SetObjective(model, spec.base, spec.candidates, questions, spec.position)
    compared: list[ComparedRound] = []
    for number, one in enumerate(rounds):
        chosen = tuple(before.chosen_id for before in rounds[:number])
        sets = [ids for candidate in one.ranking if likelihood.fits(ids := (*chosen, candidate.demonstration_id))]
        nats: dict[int, tuple[AnswerScore, ...]] = {}
        for start in range(0, len(sets), _TOGETHER):
            run.checkpoint()
            group = sets[start : start + _TOGETHER]
            answers = likelihood.evaluate(group)
            nats |= {ids[-1]: found for ids, found in zip(group, answers, strict=True)}
        pairs = [(candidate.demonstration_id, candidate.objective, mean_logprob(nats[candidate.demonstration_id]))
                 for candidate in one.ranking if candidate.demonstration_id in nats]
        tau = kendall_tau([pair[1] for pair in pairs], [pair[2] for pair in pairs])
        low, high = _over_questions([(judged.get((one.number, id), ()), nats[id]) for id, _, _ in pairs])
        if math.isfinite(tau):
            run.say(Metric("rank_correlation", one.number, tau))
        compared.append(ComparedRound(one.number, _finite(tau), _finite(low), _finite(high), tuple(pairs)))
    return tuple(compared)


def _over_questions(both: Sequence[tuple[tuple[AnswerScore, ...], tuple[AnswerScore, ...]]]) -> tuple[float, float]:
    """Ends of tau's 95 % interval over the questions that all candidates were judged and scored on, else NaN."""
    sides = [[{answer.question_id: answer.logprob for answer in one[side]} for one in both] for side in (0, 1)]
    asked = sorted(set.intersection(*(set(one) for side in sides for one in side))) if both else []
    if len(both) < 2 or len(asked) < 2:
        return math.nan, math.nan
    found = tau_of_means(*(np.array([[one[id] for id in asked] for one in side]) for side in sides))
    return found.low, found.high


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
