"""A search job: rounds on the search questions, then the found set and its baselines on held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from workbench.domain import CandidateScore, Demonstration, Question, RankedCandidate, SearchRound, SetEvaluation
from workbench.errors import JobError
from workbench.jobs.embedding_steps import EmbeddingSteps
from workbench.jobs.events import Evaluated, RoundFinished, Scored
from workbench.jobs.exact import ExactModel
from workbench.jobs.kinds.search import HeldOutMeans, RacedRound, RacingShare, SearchResult, SearchSpec
from workbench.jobs.known_scores import kept_scores, say_known
from workbench.jobs.objective import Engine, Tally, TrackedObjective
from workbench.jobs.pool import answers_scored, check_apart, fitting_questions, usable_candidates, usable_questions
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel
from workbench.models.embedding import Embedder
from workbench.scoring.candidates import SetObjective, too_long
from workbench.scoring.confidence import AnswerConfidence
from workbench.scoring.probe import GeneratedProbe, labels_of
from workbench.search.heldout import CHOSEN, ProposedSet, difference_to_random, random_mean, sets_to_measure
from workbench.search.orders import ENTROPIES, by_entropy, by_likelihood, orders
from workbench.search.racing import Race
from workbench.search.strategies import strategies, strategy
from workbench.search.strategies.best_random import best_of_random
from workbench.search.task import BASELINES, CHOOSING, COMPARING, EQUAL_WORK, ORDERING, SearchTask, stream
from workbench.search.work import sets_reported, sets_searched


def run_search(spec: SearchSpec, run: Run) -> SearchResult:
    """Says Scored, RoundFinished and Evaluated as they come."""
    if spec.rounds < 1:
        raise JobError("A search needs at least one round.")
    candidates = usable_candidates(spec.candidates, spec.base, lambda text: run.log("info", text))
    questions = usable_questions(spec.questions, spec.turns, "search questions", lambda text: run.log("info", text))
    heldout: tuple[Question, ...] = ()
    if spec.heldout:
        heldout = usable_questions(spec.heldout, spec.turns, "held-out questions", lambda text: run.log("info", text))
        check_apart(questions, heldout)
    check_options(spec)
    if spec.options.order in ENTROPIES:
        labels_of(questions)
    search = SearchRun(spec, run, candidates, questions, heldout)
    try:
        return search.go()
    finally:
        search.exact.close()


def check_options(spec: SearchSpec) -> None:
    """Raises JobError for options that cannot be meant."""
    options = spec.options
    if options.racing != "off" and not strategy(spec.strategy).raced:
        raced = "; ".join(one.title for one in strategies().values() if one.raced and one.offered)
        raise JobError(f"Racing does not go with this strategy, but only with: {raced}.",
                       safe="Nothing was started.", remedy="Choose one of these strategies, or turn racing off.")
    if min(options.beam_width, options.swap_passes) < 1 or options.random_tries < 0:
        raise JobError("The beam’s width and the passes of swaps have to be at least 1, the random tries at least 0.",
                       safe="Nothing was started.")


class SearchRun:
    """One search with its model at hand; also the strategy's Watch."""

    def __init__(self, spec: SearchSpec, run: Run, candidates: tuple[Demonstration, ...],
                 questions: tuple[Question, ...], heldout: tuple[Question, ...]) -> None:
        self.spec, self.run, self.candidates = spec, run, candidates
        self.strategy = strategy(spec.strategy)
        self.first_ranking: Sequence[RankedCandidate] = spec.finished_rounds[0].ranking if spec.finished_rounds else ()
        self.races: dict[int, Race] = {}
        self.drawn = 0                               # answers to candidates' instructions
        self.exact_objective: TrackedObjective | None = None
        model = run.load(spec.model)

        def fitting(asked: tuple[Question, ...], what: str) -> tuple[Question, ...]:
            sizes = too_long(model, spec.base, asked, spec.turns) if asked else {}
            return fitting_questions(asked, sizes, model.context, what, lambda text: run.log("warning", text))

        questions, heldout = fitting(questions, "search questions"), fitting(heldout, "held-out questions")
        self.questions, self.model, self.exact = questions, model, ExactModel(run, model)
        self.kept = kept_scores(spec.kept_scores, model, run)
        answers, held_answers = answers_scored(questions, spec.turns), answers_scored(heldout, spec.turns)
        self.search_work, self.held_work = self._work(answers, held_answers)
        self.taken_over = self._searched(answers)
        self.tally = Tally(run, total=self.search_work + self.held_work,
                           done=self.taken_over + len(spec.evaluated) * held_answers)
        held_engine = self._engine(model, heldout) if heldout else None
        self.objective = TrackedObjective(
            self._engine(model, questions), answers, self.tally, also=held_engine,
            part=lambda ids: self._part(model, [one for one in questions if one.id in ids]))
        self.held_objective = TrackedObjective(held_engine, held_answers, self.tally) if held_engine else None
        self.task = SearchTask(
            self.objective, candidates, spec.rounds, spec.token_budget, stream(spec.seed, CHOOSING), self,
            spec.finished_rounds, self._known(), spec.options, self._exactly,
            EmbeddingSteps(model, run) if isinstance(model, Embedder) else None,
            AnswerConfidence(model, spec.base, candidates, spec.position, self._drawn, self._step),
            tuple(question.turns[0] for question in questions),
        )

    def go(self) -> SearchResult:
        self.tally.message = f"Round {min(len(self.spec.finished_rounds) + 1, self.spec.rounds)} of {self.spec.rounds}"
        before = self.tally.done
        chosen = self.strategy(self.task)
        chosen = self._ordered(chosen)
        self.exact.evaluations = self.exact_objective.scored if self.exact_objective else 0
        evaluations = self.taken_over + self.tally.done - before + self.exact.evaluations
        more = self._best_at_equal_work(chosen, evaluations // self.objective.answers)
        held_done = len(self.spec.evaluated) * (self.held_objective.answers if self.held_objective else 0)
        self.tally.done = self.search_work + held_done           # what was promised for searching, taken or saved
        measured = self._measure(chosen, more, self.held_objective) if self.held_objective and chosen else []
        self.tally.at(self.tally.total)
        say_known(self.kept, self.run)
        return SearchResult(self.spec.strategy, chosen, held_out_means(self.spec, measured), evaluations, self.drawn,
                            self._racing(), self.exact.share())

    def _ordered(self, chosen: tuple[int, ...]) -> tuple[int, ...]:
        order, rng = self.spec.options.order, stream(self.spec.seed, ORDERING)
        if order == "found" or len(chosen) < 2:
            return chosen
        self.tally.message = "Trying orders"
        if order == "likelihood":
            return by_likelihood(self.task, chosen, rng)
        tried = [one for one in orders(chosen, rng) if self.task.fits(one)]
        drawn = [tried[at] for at in rng.permutation(len(tried))]
        probe = GeneratedProbe(self.model, self.spec.base, self.candidates, labels_of(self.questions), drawn,
                               position=self.spec.position, seed=self.spec.seed, kept=self.kept, step=self._step)
        self.log("info", f"{len(probe.examples)} probing examples made up by the model.")
        return by_entropy(tried, probe, ENTROPIES[order])

    def _step(self) -> None:
        self.run.checkpoint()

    def _drawn(self) -> None:
        self.tally.message = "Candidates’ own instructions"
        self.drawn += 1
        self.tally.done += 1
        self.tally.at(self.tally.done)
        self.run.checkpoint()

    def _exactly(self) -> TrackedObjective | None:
        """The search questions asked of the model in float32; its answers are counted apart from
        the progress."""
        model = self.exact.model()
        if self.exact_objective is None and model is not None:
            engine = SetObjective(model, self.spec.base, self.candidates, self.questions, self.spec.position,
                                  self.spec.turns, kept_scores(self.spec.kept_scores, model, self.run))
            self.exact_objective = TrackedObjective(engine, 0, self.tally)
        return self.exact_objective

    def _best_at_equal_work(self, chosen: tuple[int, ...], sets: int) -> list[ProposedSet]:
        """The best of as many random sets as the search has evaluated, where that was asked for."""
        asked = self.spec.options.equal_evaluations and not self.strategy.by_chance
        if not (asked and chosen and sets and self.held_objective):
            return []
        self.tally.message = f"{sets} random sets"
        found = best_of_random(self.task, sets, stream(self.spec.seed, EQUAL_WORK))
        return [ProposedSet("best_random", f"best of {sets} random sets", found)]

    def _racing(self) -> RacingShare | None:
        """What racing saved and risked; None where nothing was raced."""
        if not self.races:
            return None
        rounds = tuple(RacedRound(number, len(race.scores) + len(race.dropped), len(race.scores), race.evaluations,
                                  race.exact, race.chance) for number, race in self.races.items())
        done, exact = sum(round.evaluations for round in rounds), sum(round.exact for round in rounds)
        return RacingShare(self.spec.options.racing, 1 - done / exact, rounds)

    def scored(self, round: int, score: CandidateScore) -> None:
        self.run.say(Scored(score, round))

    def round_finished(self, round: SearchRound) -> None:
        if round.number == 1:
            self.first_ranking = round.ranking
        self.run.say(RoundFinished(round))
        best = next(one.gain for one in round.ranking if one.demonstration_id == round.chosen_id)
        self.log("good", f"Round {round.number}: demonstration {round.chosen_id} adds {best.mean:+.3f} nats per answer "
                         f"({best.low:+.3f} to {best.high:+.3f}).")
        self.tally.message = f"Round {min(round.number + 1, self.spec.rounds)} of {self.spec.rounds}"

    def raced(self, round: int, race: Race) -> None:
        self.races[round] = race
        dropped, count = len(race.dropped), len(race.dropped) + len(race.scores)
        self.log("info", f"Round {round}: {dropped} of {count} candidates fell behind; {race.saved:.0%} of the "
                         f"evaluations were saved. Estimated chance that one of them would have won: "
                         f"{race.chance:.0%}.")

    def settled(self, finalists: int, *, changed: bool) -> None:
        self.exact.settled(finalists, changed=changed)
        other = "another one is the best" if changed else "the best is the same"
        self.log("info", f"{finalists} finalists scored again in float32: {other}.")

    def log(self, level: Literal["info", "good", "warning"], message: str) -> None:
        self.run.log(level, message)

    def _measure(self, chosen: tuple[int, ...], more: Sequence[ProposedSet],
                 objective: TrackedObjective) -> list[SetEvaluation]:
        """The chosen set and its baselines on the held-out questions; those of an earlier start are taken over."""
        self.tally.message = "Held-out questions"
        proposed = sets_to_measure(self.task, self.spec.strategy, chosen, self.first_ranking, self.spec.random_sets,
                                   stream(self.spec.seed, BASELINES))
        known = {(found.strategy, found.label, found.demonstration_ids): found for found in self.spec.evaluated}
        evaluations = []
        for one in (*proposed, *more):
            found = known.get((one.strategy, one.label, one.ids))
            if found is None:
                found = one.measured(objective.evaluate([one.ids])[0])
                self.run.say(Evaluated(found))
            evaluations.append(found)
        return evaluations

    def _engine(self, model: LanguageModel, questions: tuple[Question, ...]) -> Engine:
        return SetObjective(model, self.spec.base, self.candidates, questions, self.spec.position, self.spec.turns,
                            self.kept)

    def _part(self, model: LanguageModel, questions: Sequence[Question]) -> tuple[Engine, int]:
        return self._engine(model, tuple(questions)), answers_scored(questions, self.spec.turns)

    def _known(self) -> dict[tuple[int, int | None], CandidateScore]:
        """Scores of an earlier start. Of an open round that is raced only the base's: the race is run again."""
        last = len(self.spec.finished_rounds)
        raced = self.spec.options.racing != "off"
        return {(number, score.demonstration_id): score for number, score in self.spec.known
                if not (raced and number > last and score.demonstration_id is not None)}

    def _work(self, answers: int, held_answers: int) -> tuple[int, int]:
        """Answers to be scored on the search and on the held-out questions, for the progress bar: at most, where that
        is not known before."""
        candidates, rounds, options = len(self.candidates), self.spec.rounds, self.spec.options
        sets = sets_searched(self.strategy, candidates, rounds, options)
        held_sets = sets_reported(self.strategy, self.spec.random_sets, options)
        drawn = self.strategy.answers_drawn(candidates, rounds, options)
        return drawn + sets * answers, held_sets * held_answers if held_answers else 0

    def _searched(self, answers: int) -> int:
        """Answers to the search questions that an earlier start of this job has scored."""
        last = len(self.spec.finished_rounds)
        finished = sum(round.evaluations for round in self.spec.finished_rounds)
        open_round = sum(number > last and id is not None for number, id in self._known())
        started = bool(self.spec.finished_rounds or self.spec.known)
        return (started + open_round) * answers + finished


def held_out_means(spec: SearchSpec, evaluations: Sequence[SetEvaluation]) -> HeldOutMeans | None:
    if not evaluations:
        return None
    chosen = next(evaluation for evaluation in evaluations if evaluation.label == CHOSEN)
    random = [evaluation.answers for evaluation in evaluations
              if evaluation.strategy == "random" and evaluation.label != CHOSEN]
    base = next(evaluation.mean for evaluation in evaluations if evaluation.strategy == "base")
    return HeldOutMeans(base, random_mean(random),
                        difference_to_random(chosen.answers, random, stream(spec.seed, COMPARING)),
                        {evaluation.label: evaluation.mean for evaluation in evaluations})
