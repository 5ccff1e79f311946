"""A search job: rounds on the search questions, then the found set and its baselines on held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from workbench.domain import CandidateScore, Demonstration, Question, RankedCandidate, SearchRound, SetEvaluation
from workbench.errors import JobError
from workbench.jobs.events import Evaluated, Finished, RoundFinished, Scored
from workbench.jobs.objective import Engine, Tally, TrackedObjective
from workbench.jobs.pool import answers_scored, check_apart, usable_candidates, usable_questions
from workbench.jobs.run import Run
from workbench.jobs.specs import SearchSpec
from workbench.models.base import LanguageModel
from workbench.search.heldout import CHOSEN, difference_to_random, random_mean, sets_to_measure
from workbench.search.strategies import STRATEGIES
from workbench.search.task import BASELINES, CHOOSING, COMPARING, SearchTask, stream


def run_search(spec: SearchSpec, run: Run) -> None:
    """Says Scored, RoundFinished and Evaluated as they come, and Finished with the summary of ``summarise``."""
    if spec.rounds < 1:
        raise JobError("A search needs at least one round.")
    candidates = usable_candidates(spec.candidates, spec.base, lambda text: run.log("info", text))
    questions = usable_questions(spec.questions, spec.turns, "search questions", lambda text: run.log("info", text))
    heldout: tuple[Question, ...] = ()
    if spec.heldout:
        heldout = usable_questions(spec.heldout, spec.turns, "held-out questions", lambda text: run.log("info", text))
        check_apart(questions, heldout)
    SearchRun(spec, run, candidates, questions, heldout).go()


class SearchRun:
    """One search with its model at hand; also the strategy's Watch."""

    def __init__(self, spec: SearchSpec, run: Run, candidates: tuple[Demonstration, ...],
                 questions: tuple[Question, ...], heldout: tuple[Question, ...]) -> None:
        self.spec, self.run, self.candidates = spec, run, candidates
        self.first_ranking: Sequence[RankedCandidate] = spec.finished_rounds[0].ranking if spec.finished_rounds else ()
        model = run.load(spec.model)
        answers, held_answers = answers_scored(questions, spec.turns), answers_scored(heldout, spec.turns)
        self.tally = Tally(run, total=self._work(answers, held_answers), done=self._done(answers, held_answers))
        held_engine = self._engine(model, heldout) if heldout else None
        self.objective = TrackedObjective(self._engine(model, questions), answers, self.tally, also=held_engine)
        self.held_objective = TrackedObjective(held_engine, held_answers, self.tally) if held_engine else None
        self.task = SearchTask(
            self.objective, candidates, spec.rounds, spec.token_budget, stream(spec.seed, CHOOSING), self,
            spec.finished_rounds, {(number, score.demonstration_id): score for number, score in spec.known},
        )

    def go(self) -> None:
        self.tally.message = f"Round {len(self.spec.finished_rounds) + 1} of {self.spec.rounds}"
        chosen = STRATEGIES[self.spec.strategy](self.task)
        evaluations = self._measure(chosen, self.held_objective) if self.held_objective and chosen else []
        self.tally.at(self.tally.total)
        self.run.say(Finished(summarise(self.spec, chosen, evaluations)))

    def scored(self, round: int, score: CandidateScore) -> None:
        self.run.say(Scored(score, round))

    def round_finished(self, round: SearchRound) -> None:
        if round.number == 1:
            self.first_ranking = round.ranking
        self.run.say(RoundFinished(round))
        best = round.ranking[0].gain
        self.log("good", f"Round {round.number}: demonstration {round.chosen_id} adds {best.mean:+.3f} nats per answer "
                         f"({best.low:+.3f} to {best.high:+.3f}).")
        self.tally.message = f"Round {round.number + 1} of {self.spec.rounds}"

    def log(self, level: Literal["info", "good", "warning"], message: str) -> None:
        self.run.log(level, message)

    def _measure(self, chosen: tuple[int, ...], objective: TrackedObjective) -> list[SetEvaluation]:
        """The chosen set and its baselines on the held-out questions; those of an earlier start are taken over."""
        self.tally.message = "Held-out questions"
        proposed = sets_to_measure(self.task, self.spec.strategy, chosen, self.first_ranking, self.spec.random_sets,
                                   stream(self.spec.seed, BASELINES))
        known = {(found.strategy, found.label, found.demonstration_ids): found for found in self.spec.evaluated}
        evaluations = []
        for one in proposed:
            found = known.get((one.strategy, one.label, one.ids))
            if found is None:
                found = one.measured(objective.evaluate([one.ids])[0])
                self.run.say(Evaluated(found))
            evaluations.append(found)
        return evaluations

    def _engine(self, model: LanguageModel, questions: tuple[Question, ...]) -> Engine:
        from workbench.scoring.candidates import SetObjective

        return SetObjective(model, self.spec.base, self.candidates, questions, self.spec.position, self.spec.turns)

    def _work(self, answers: int, held_answers: int) -> int:
        """Answers to be scored in all, for the progress bar."""
        n, k = len(self.candidates), min(self.spec.rounds, len(self.candidates))
        rounds = {"greedy": k, "top_k": 1}.get(self.spec.strategy, 0)
        searching = (1 + sum(n - number for number in range(rounds))) * answers if rounds else 0
        sets = 3 + (self.spec.strategy == "greedy") + self.spec.random_sets if held_answers else 0
        return searching + sets * held_answers

    def _done(self, answers: int, held_answers: int) -> int:
        """Answers that an earlier start of this job has scored."""
        finished = sum(len(round.ranking) for round in self.spec.finished_rounds)
        open_round = sum(number > len(self.spec.finished_rounds) and score.demonstration_id is not None
                         for number, score in self.spec.known)
        started = bool(self.spec.finished_rounds or self.spec.known)
        return (started + finished + open_round) * answers + len(self.spec.evaluated) * held_answers


def summarise(spec: SearchSpec, chosen: tuple[int, ...], evaluations: Sequence[SetEvaluation]) -> dict[str, Any]:
    """``{"strategy", "chosen", "heldout"}``; heldout is None without held-out questions, else nats per answer:
    ``{"base", <strategy>, "random_mean", "difference": {"mean", "low", "high"}, "sets": {label: mean}}``."""
    summary: dict[str, Any] = {"strategy": spec.strategy, "chosen": list(chosen), "heldout": None}
    if evaluations:
        found = next(one for one in evaluations if one.label == CHOSEN)
        random = [one.answers for one in evaluations if one.strategy == "random" and one.label != CHOSEN]
        difference = difference_to_random(found.answers, random, stream(spec.seed, COMPARING))
        summary["heldout"] = {
            "base": next(one.mean for one in evaluations if one.strategy == "base"),
            spec.strategy: found.mean,
            "random_mean": random_mean(random),
            "difference": asdict(difference) if difference else None,
            "sets": {one.label: one.mean for one in evaluations},
        }
    return summary
