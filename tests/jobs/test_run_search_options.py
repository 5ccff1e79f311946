"""The strategies and options beyond greedy search, over the real scoring engine."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.listening import result_of
from workbench.domain import Demonstration, ModelRef, Prompt, Question
from workbench.errors import Cancelled, JobError
from workbench.jobs.control import Control
from workbench.jobs.events import Evaluated, Event, Finished, Log, Progress, RoundFinished, Scored
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.score import ScoreResult, ScoreSpec
from workbench.jobs.kinds.search import HeldOutMeans, SearchResult, SearchSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.wire import decode_spec, encode_spec
from workbench.models.transformers_model import TransformersModel
from workbench.scoring.candidates import SetObjective
from workbench.search.heldout import CHOSEN
from workbench.search.intervals import mean_logprob
from workbench.search.options import SearchOptions
from workbench.search.task import ANSWERS_PER_STEP

POOL = tuple(Demonstration.pair(f"say {n}", f"thing {n * 13 % 7}", source="ab"[n % 2], id=n) for n in range(1, 7))
QUESTIONS = tuple(Question((f"ask {n}", "more"), (f"reply {n}", "again"), "c", str(n), n) for n in range(1, 13))
HELD = tuple(Question((f"held {n}", "more"), (f"reply {n}", "again"), "c", str(n), 100 + n) for n in range(1, 4))

Go = Callable[[SearchSpec], list[Event]]


@pytest.fixture(scope="module")
def models() -> LoadedModel:
    return LoadedModel()


@pytest.fixture
def spec(model: ModelRef) -> SearchSpec:
    return SearchSpec(model, Prompt("Be good."), POOL, QUESTIONS, HELD, rounds=2, random_sets=2)


@pytest.fixture
def go(models: LoadedModel) -> Go:
    def run(spec: SearchSpec) -> list[Event]:
        events: list[Event] = []
        run_job(spec, Run(events.append, Control(), models))
        return events

    return run


def result(events: list[Event]) -> SearchResult:
    return result_of(events, SearchResult)


def held_out(events: list[Event]) -> HeldOutMeans:
    found = result(events).heldout
    assert found is not None
    return found


def chosen_mean(events: list[Event], strategy: str) -> float:
    """Of the strategy's set on the held-out questions, as it was said when it was measured."""
    return next(event.evaluation.mean for event in events if isinstance(event, Evaluated)
                and (event.evaluation.strategy, event.evaluation.label) == (strategy, CHOSEN))


@pytest.mark.parametrize("strategy", ["beam", "swap", "best_random"])
def test_each_strategy_reports_its_set_on_held_out_questions_and_what_it_cost(
    strategy: str, spec: SearchSpec, go: Go
) -> None:
    events = go(replace(spec, strategy=strategy))  # type: ignore[arg-type]
    found = result(events)
    assert len(set(found.chosen)) == 2
    assert chosen_mean(events, strategy) == held_out(events).chosen
    assert found.evaluations % 12 == 0
    assert found.evaluations >= 12 * 8
    assert found == result(go(replace(spec, strategy=strategy)))  # type: ignore[arg-type]
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total
    assert [event.done for event in progress] == sorted(event.done for event in progress)


def test_a_raced_round_scores_its_finalists_as_the_exact_one_does(spec: SearchSpec, go: Go) -> None:
    raced = go(replace(spec, rounds=1, turns="all", options=SearchOptions(racing="halving")))
    exact = {(event.round, event.score.demonstration_id): event.score
             for event in go(replace(spec, rounds=1, turns="all")) if isinstance(event, Scored)}
    finalists = [event for event in raced if isinstance(event, Scored) and event.round == 1]
    assert len(finalists) == 1 + 3
    for event in finalists:
        other = exact[1, event.score.demonstration_id]
        assert [(a.question_id, a.turn, a.tokens) for a in event.score.answers] == [
            (a.question_id, a.turn, a.tokens) for a in other.answers]
        assert mean_logprob(event.score.answers) == pytest.approx(mean_logprob(other.answers), abs=1e-4)


def test_racing_says_what_it_saved_and_risked(spec: SearchSpec, go: Go) -> None:
    events = go(replace(spec, options=SearchOptions(racing="halving")))
    found = result(events)
    assert found.racing is not None
    first, second = found.racing.rounds
    assert (first.candidates, first.finalists) == (6, 3)
    assert (first.evaluations, first.exact) == (6 * 8 + 3 * 4, 6 * 12)
    assert (second.evaluations, second.exact) == (5 * 8 + 3 * 4, 5 * 12)
    assert found.racing.saved == pytest.approx(1 - (60 + 52) / (72 + 60))
    assert found.evaluations == 12 + 60 + 52
    assert 0 <= first.chance_of_another_winner <= 1
    assert any("3 of 6 candidates fell behind; 17% of the" in event.message for event in events
               if isinstance(event, Log))
    assert result(go(spec)).racing is None


@pytest.mark.parametrize("options", [SearchOptions(), SearchOptions(racing="halving")])
def test_a_resumed_search_ends_with_the_same_numbers(options: SearchOptions, spec: SearchSpec, go: Go) -> None:
    spec = replace(spec, options=options)
    events = go(spec)
    first = next(event.round for event in events if isinstance(event, RoundFinished))
    known = tuple((event.round, event.score) for event in events if isinstance(event, Scored)
                  and (event.round == 2 or event.score.demonstration_id == first.chosen_id))
    again = go(replace(spec, finished_rounds=(first,), known=known))
    assert result(again).chosen == result(events).chosen
    assert held_out(again).sets == pytest.approx(held_out(events).sets, abs=1e-4)
    assert result(again).evaluations == result(events).evaluations


def test_the_order_by_likelihood_is_the_best_of_all(spec: SearchSpec, go: Go, models: LoadedModel) -> None:
    found = result(go(replace(spec, strategy="diverse", rounds=3, options=SearchOptions(order="likelihood")))).chosen
    engine = SetObjective(models.loaded(spec.model) or models.load(spec.model), spec.base, POOL, QUESTIONS,
                          spec.position, spec.turns)
    orders = list(permutations(found))
    means = [mean_logprob(answers) for answers in engine.evaluate(orders)]
    assert means[orders.index(found)] == pytest.approx(max(means), abs=1e-4)


def test_random_sets_with_as_many_evaluations_are_reported_where_asked(spec: SearchSpec, go: Go) -> None:
    events = go(replace(spec, options=SearchOptions(equal_evaluations=True)))
    sets = [event.evaluation for event in events if isinstance(event, Evaluated)]
    assert (sets[-1].strategy, sets[-1].label) == ("best_random", "best of 12 random sets")
    found = result(events)
    assert found.evaluations == 12 * (1 + 6 + 5)
    assert held_out(events).sets["best of 12 random sets"] == sets[-1].mean


@pytest.mark.parametrize(("change", "said"), [
    ({"strategy": "beam", "options": SearchOptions(racing="t_race")},
     "only with: Greedy search; Greedy search, then swaps"),
    ({"options": SearchOptions(beam_width=0)}, "have to be at least 1"),
])
def test_options_that_cannot_be_meant_are_refused(change: dict[str, Any], said: str, spec: SearchSpec, go: Go) -> None:
    with pytest.raises(JobError, match=said):
        go(replace(spec, **change))


def test_options_cross_to_the_child_and_a_specification_without_them_is_the_exact_search(spec: SearchSpec) -> None:
    told = replace(spec, options=SearchOptions("t_race", 4, 1, 9, "likelihood", True))
    assert decode_spec(encode_spec(told)) == told
    older = encode_spec(spec).replace(encode_spec(spec)[encode_spec(spec).index('"options"'):], '"kind":"search"}')
    assert decode_spec(older) == spec


@pytest.mark.parametrize("strategy", ["nearest", "set_coverage", "fast_vote_k"])
def test_sets_chosen_by_embeddings_of_the_projects_model_are_reported(
    strategy: str, spec: SearchSpec, go: Go
) -> None:
    events = go(replace(spec, strategy=strategy))  # type: ignore[arg-type]
    found = result(events)
    assert len(set(found.chosen)) == 2
    assert found.evaluations == 0
    assert chosen_mean(events, strategy) == held_out(events).chosen
    assert found == result(go(replace(spec, strategy=strategy)))  # type: ignore[arg-type]


def test_vote_k_lets_the_model_answer_the_candidates_and_counts_these_answers(spec: SearchSpec, go: Go) -> None:
    events = go(replace(spec, strategy="vote_k"))
    found = result(events)
    assert len(set(found.chosen)) == 2
    assert found.drawn == found.evaluations == 5
    assert chosen_mean(events, "vote_k") == held_out(events).chosen
    assert found == result(go(replace(spec, strategy="vote_k")))
    progress = [event for event in events if isinstance(event, Progress)]
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert progress[-1].done == progress[-1].total == 5 + 3 * 5


@pytest.mark.parametrize("order", ["global_entropy", "local_entropy"])
def test_an_order_by_entropy_needs_labels_and_keeps_the_set(order: str, spec: SearchSpec, go: Go) -> None:
    options = SearchOptions(order=order)  # type: ignore[arg-type]
    alike = tuple(replace(one, references=("yes",)) for one in QUESTIONS)
    with pytest.raises(JobError, match="these have 1"):
        go(replace(spec, questions=alike, options=options))
    asked = tuple(replace(one, references=("yes" if one.id and one.id % 3 else "no",)) for one in QUESTIONS)
    events = go(replace(spec, strategy="diverse", questions=asked, options=options))
    unordered = go(replace(spec, strategy="diverse", questions=asked))
    assert set(result(events).chosen) == set(result(unordered).chosen)
    assert any("probing examples made up" in event.message for event in events if isinstance(event, Log))


@pytest.mark.parametrize("change", [
    {"strategy": "beam"}, {"strategy": "swap"}, {"options": SearchOptions(racing="halving")},
    {"strategy": "best_random", "options": SearchOptions(order="likelihood")},
])
def test_a_search_that_runs_again_computes_nothing_again(
    change: dict[str, Any], spec: SearchSpec, go: Go, tmp_path: Path
) -> None:
    """So a search that was broken off repeats no more than its last step, whatever its strategy keeps."""
    spec = replace(spec, model=replace(spec.model, sha256=""), kept_scores=str(tmp_path), **change)
    first, again = go(spec), go(spec)
    assert result(again) == result(first)
    said = next(event.message for event in again if isinstance(event, Log) and "scored before" in event.message)
    known, asked = re.findall(r"[\d,]+", said)[:2]
    assert known == asked


@pytest.mark.parametrize("change", [
    {"strategy": "beam"}, {"strategy": "swap"}, {"rounds": 3, "options": SearchOptions(racing="halving")},
])
def test_a_search_that_was_broken_off_repeats_one_step_at_most(
    change: dict[str, Any], spec: SearchSpec, models: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[int] = []
    logprobs = TransformersModel.logprobs

    def counted(self: TransformersModel, sequences: Any, *rest: Any) -> Any:
        found = logprobs(self, sequences, *rest)
        scored.append(len(sequences))
        return found

    monkeypatch.setattr(TransformersModel, "logprobs", counted)

    def run(folder: str, stop_after: int) -> tuple[list[Event], int]:
        """What is said, and how many answers are scored, at most about ``stop_after``."""
        control, events, before = Control(), list[Event](), sum(scored)

        def say(event: Event) -> None:
            events.append(event)
            if sum(scored) - before >= stop_after:
                control.cancel()

        with contextlib.suppress(Cancelled):
            run_job(replace(spec, kept_scores=str(tmp_path / folder), **change), Run(say, control, models))
        return events, sum(scored) - before

    events, whole = run("whole", 10**9)
    broken, first = run("parts", whole // 2)
    assert not any(isinstance(event, Finished) for event in broken)
    again, rest = run("parts", 10**9)
    assert first + rest <= whole + ANSWERS_PER_STEP
    assert result(again).chosen == result(events).chosen
    assert held_out(again).sets == pytest.approx(held_out(events).sets, abs=1e-4)


def test_in_half_precision_the_finalists_are_scored_again_in_float32(spec: SearchSpec, go: Go) -> None:
    rough = replace(spec, model=replace(spec.model, dtype="bfloat16"))
    events = go(rough)
    found = result(events).exact
    assert found is not None
    assert found.dtype == "bfloat16"
    assert found.decisions >= 1
    assert found.sets >= 2 * found.decisions
    assert found.problem == ""
    finalists = sum(event.round.evaluations for event in events if isinstance(event, RoundFinished)) - 12 * (6 + 5)
    assert found.evaluations == finalists == 12 * (found.sets + found.decisions)
    assert result(events).evaluations == 12 * (1 + 6 + 5) + finalists
    exact = {one.score.demonstration_id: mean_logprob(one.score.answers) for one in go(replace(spec, rounds=1))
             if isinstance(one, Scored)}
    first = next(event.round for event in events if isinstance(event, RoundFinished))
    assert first.ranking[0].objective == pytest.approx(exact[first.chosen_id], abs=1e-4)
    assert result(go(spec)).exact is None


def test_a_score_job_in_half_precision_says_the_finalists_gains_in_float32(spec: SearchSpec, go: Go) -> None:
    def score(dtype: str) -> list[Event]:
        model = replace(spec.model, dtype=dtype)
        return go(ScoreSpec(model, spec.base, POOL, QUESTIONS))  # type: ignore[arg-type]

    found = result_of(score("bfloat16"), ScoreResult)
    assert found.exact is not None
    exact = {one.score.demonstration_id: mean_logprob(one.score.answers) for one in score("float32")
             if isinstance(one, Scored)}
    assert len(found.exact_gains) >= 2
    assert found.exact.evaluations == 12 * (1 + len(found.exact_gains))
    for id, gain in found.exact_gains.items():
        assert gain == pytest.approx(exact[id] - exact[None], abs=1e-4)
