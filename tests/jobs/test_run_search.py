"""A search job over the real scoring engine, in this process, held beside plain loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.jobs.listening import result_of
from workbench.domain import Demonstration, ModelRef, Position, Prompt, Question, Role, Turn
from workbench.errors import Cancelled, JobError
from workbench.jobs.control import Control
from workbench.jobs.events import Evaluated, Event, Finished, Log, Progress, RoundFinished, Scored, Started, Tokens
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.inspect import InspectSpec
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.scoring.candidates import SetObjective
from workbench.search.intervals import mean_logprob

POOL = tuple(Demonstration.pair(f"say {n}", f"thing {n * 13 % 7}", source="ab"[n % 2], id=n) for n in range(1, 8))
QUESTIONS = tuple(Question((f"ask {n}", "more"), (f"reply {n}", "again"), "c", str(n), n) for n in range(1, 5))
HELD = tuple(Question((f"held {n}", "more"), (f"reply {n}", "again"), "c", str(n), 100 + n) for n in range(1, 5))
BASE = Prompt("Be good.", (Demonstration.pair("x", "y"),))


@pytest.fixture(scope="module")
def models() -> LoadedModel:
    return LoadedModel()


@pytest.fixture
def spec(model: ModelRef) -> SearchSpec:
    return SearchSpec(model, BASE, POOL, QUESTIONS, HELD, rounds=2, random_sets=3)


Go = Callable[..., list[Event]]


@pytest.fixture
def go(models: LoadedModel) -> Go:
    def run(spec: SearchSpec | ScoreSpec | InspectSpec, control: Control | None = None) -> list[Event]:
        events: list[Event] = []
        run_job(spec, Run(events.append, control or Control(), models))
        return events

    return run


def objective(
    spec: SearchSpec | ScoreSpec, models: LoadedModel, questions: tuple[Question, ...] = QUESTIONS
) -> SetObjective:
    model = models.loaded(spec.model) or models.load(spec.model)
    return SetObjective(model, spec.base, spec.candidates, questions, spec.position, spec.turns)


def of(events: list[Event], kind: type) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("position", list(Position))
def test_the_rounds_are_those_of_a_plain_loop_over_the_engine(
    position: Position, spec: SearchSpec, go: Go, models: LoadedModel
) -> None:
    spec = replace(spec, position=position)
    rounds = [event.round for event in go(spec) if isinstance(event, RoundFinished)]
    engine, chosen = objective(spec, models), ()
    for found in rounds:
        means = {d.id: mean_logprob(engine.evaluate([(*chosen, d.id)])[0]) for d in POOL if d.id not in chosen}
        best = max(means, key=lambda id: means[id])
        assert found.chosen_id == best
        assert found.objective == pytest.approx(means[best], abs=1e-4)
        assert found.prompt_tokens == engine.prompt_tokens((*chosen, best))
        chosen = (*chosen, best)
    assert len(rounds) == 2


def test_the_summary_holds_the_held_out_numbers_of_the_chosen_set(
    spec: SearchSpec, go: Go, models: LoadedModel
) -> None:
    events = go(spec)
    result = result_of(events, SearchResult)
    assert result.heldout is not None
    assert result.heldout.difference is not None
    held = objective(spec, models, HELD)
    found = mean_logprob(held.evaluate([result.chosen])[0])
    sets = [event.evaluation for event in events if isinstance(event, Evaluated)]
    random = [one.mean for one in sets if one.strategy == "random"]
    assert result.heldout.chosen == pytest.approx(found, abs=1e-4)
    assert result.heldout.base == pytest.approx(mean_logprob(held.evaluate([()])[0]), abs=1e-4)
    assert result.heldout.random_mean == pytest.approx(np.mean(random))
    assert result.heldout.difference.mean == pytest.approx(result.heldout.chosen - np.mean(random))
    assert [one.strategy for one in sets] == ["base", "greedy", "top_k", "diverse", "random", "random", "random"]


def test_the_same_seed_gives_the_same_numbers_to_the_last_bit(spec: SearchSpec, go: Go) -> None:
    first, second, other = (result_of(go(told), SearchResult) for told in (spec, spec, replace(spec, seed=1)))
    assert first == second
    assert other.chosen == first.chosen
    assert first.heldout is not None
    assert other.heldout is not None
    assert other.heldout.random_mean != first.heldout.random_mean


@pytest.mark.parametrize("turns", ["first", "all"])
def test_progress_ends_at_what_it_promised(turns: str, spec: SearchSpec, go: Go) -> None:
    events = go(replace(spec, turns=turns))
    progress = [event for event in events if isinstance(event, Progress)]
    answers = 4 if turns == "first" else 8
    assert {event.total for event in progress} == {(1 + 7 + 6 + 4 + 3) * answers}
    assert progress[-1].done == progress[-1].total
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert isinstance(events[-1], Finished)
    started = next(event for event in events if isinstance(event, Started))
    assert started.facts["torch"]
    assert started.facts["sha256"]


@pytest.mark.parametrize("strategy", ["random", "top_k", "diverse"])
def test_other_strategies_are_reported_in_the_same_way(strategy: str, spec: SearchSpec, go: Go) -> None:
    events = go(replace(spec, strategy=strategy))
    result = result_of(events, SearchResult)
    assert len(result.chosen) == 2
    assert result.heldout is not None
    assert next(event.evaluation.mean for event in events if isinstance(event, Evaluated)
                and event.evaluation.strategy == strategy) == result.heldout.chosen
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total


def test_without_held_out_questions_there_is_no_report(spec: SearchSpec, go: Go) -> None:
    events = go(replace(spec, heldout=()))
    assert result_of(events, SearchResult).heldout is None
    assert not of(events, Evaluated)


def test_every_scored_set_stays_within_the_token_budget(spec: SearchSpec, go: Go, models: LoadedModel) -> None:
    engine = objective(spec, models)
    long = Demonstration.pair("say much", "word " * 60, id=50)
    budget = engine.prompt_tokens((1,)) + 60
    events = go(replace(spec, candidates=(*POOL, long), token_budget=budget))
    assert 50 not in {event.score.demonstration_id for event in events if isinstance(event, Scored)}
    assert any("do not fit" in event.message and "50" in event.message for event in events if isinstance(event, Log))
    assert all(event.round.prompt_tokens <= budget for event in events if isinstance(event, RoundFinished))


def test_a_candidate_that_leaves_no_room_for_the_longest_question_is_skipped(spec: SearchSpec, go: Go) -> None:
    long = Demonstration.pair("say much", "w" * 760, id=50)                  # alone it fits the context of 1,024
    asked = Question(("why " * 40,), ("so",), "c", "9", 109)
    events = go(replace(spec, candidates=(*POOL, long), heldout=(*HELD, asked)))
    assert 50 not in {event.score.demonstration_id for event in events if isinstance(event, Scored)}
    assert isinstance(events[-1], Finished)


def test_a_cancelled_search_stops_at_the_next_step(spec: SearchSpec, models: LoadedModel) -> None:
    control, events = Control(), list[Event]()

    def say(event: Event) -> None:
        events.append(event)
        if isinstance(event, Scored):
            control.cancel()

    with pytest.raises(Cancelled):
        run_job(spec, Run(say, control, models))
    assert len(of(events, Scored)) == 1


@pytest.mark.parametrize(("change", "said"), [
    ({"heldout": QUESTIONS[:2]}, "2 of the held-out questions are among the search questions"),
    ({"candidates": ()}, "no candidates to score"),
    ({"candidates": (POOL[0], POOL[0])}, "cannot be told apart"),
    ({"questions": (Question(("x",), (), id=1),)}, "None of the search questions has a reference answer"),
    ({"rounds": 0}, "at least one round"),
    ({"token_budget": 5}, "does not fit into 5 tokens"),
])
def test_a_search_that_makes_no_sense_is_refused(
    change: dict[str, object], said: str, spec: SearchSpec, go: Go
) -> None:
    with pytest.raises(JobError, match=said):
        go(replace(spec, **change))  # type: ignore[arg-type]


def test_a_candidate_of_the_base_prompt_is_left_out(spec: SearchSpec, go: Go) -> None:
    again = replace(BASE.demonstrations[0], id=60)
    events = go(replace(spec, candidates=(*POOL, again), heldout=()))
    assert 60 not in {event.score.demonstration_id for event in events if isinstance(event, Scored)}
    assert any("1 candidates are in the base prompt" in event.message for event in events if isinstance(event, Log))


def test_a_score_job_measures_each_candidate_as_the_first_round_does(spec: SearchSpec, go: Go) -> None:
    single = ScoreSpec(spec.model, BASE, POOL, QUESTIONS)
    alone = {event.score.demonstration_id: event.score for event in go(single) if isinstance(event, Scored)}
    first = {event.score.demonstration_id: event.score for event in go(spec)
             if isinstance(event, Scored) and event.round == 1}
    assert alone.keys() == first.keys() == {None, *range(1, 8)}
    for id, score in alone.items():
        assert mean_logprob(score.answers) == pytest.approx(mean_logprob(first[id].answers), abs=1e-4)
        assert score.prompt_tokens == first[id].prompt_tokens
        assert id is None or score.own_conditional is not None


def test_a_resumed_score_job_does_only_the_rest(spec: SearchSpec, go: Go) -> None:
    rest = go(ScoreSpec(spec.model, BASE, POOL, QUESTIONS, done=(None, 1, 2, 5)))
    assert {event.score.demonstration_id for event in rest if isinstance(event, Scored)} == {3, 4, 6, 7}


def test_an_inspected_answers_tokens_add_up_to_its_score(spec: SearchSpec, go: Go, models: LoadedModel) -> None:
    events = go(InspectSpec(spec.model, BASE, POOL[2], QUESTIONS[1], turn=1))
    tokens = next(event for event in events if isinstance(event, Tokens))
    engine = objective(replace(spec, turns="all"), models)
    for found, ids in ((tokens.before, ()), (tokens.after, (POOL[2].id,))):
        score = next(one for one in engine.evaluate([ids])[0] if (one.question_id, one.turn) == (2, 1))
        assert sum(token.logprob for token in found) == pytest.approx(score.logprob, abs=1e-4)
    assert "say 3" in tokens.after_text
    assert "say 3" not in tokens.before_text
    with pytest.raises(JobError, match="no reference answer"):
        go(InspectSpec(spec.model, BASE, POOL[2], QUESTIONS[1], turn=2))


LONG = Question(("word " * 3000,), ("reply",), "c", "the long one", 50)


def test_a_question_that_is_too_long_is_named_and_left_out_and_fails_nothing(spec: SearchSpec, go: Go) -> None:
    held = (*HELD, replace(LONG, turns=("term " * 3000,), id=150))
    for asked, plain in ((replace(spec, questions=(*QUESTIONS, LONG), heldout=held), spec),
                         (ScoreSpec(spec.model, BASE, POOL, (*QUESTIONS, LONG)),
                          ScoreSpec(spec.model, BASE, POOL, QUESTIONS))):
        found, wanted = go(asked), go(plain)
        assert [event.round.chosen_id for event in of(found, RoundFinished)] == [
            event.round.chosen_id for event in of(wanted, RoundFinished)]
        assert [[answer.question_id for answer in event.score.answers] for event in of(found, Scored)] == [
            [answer.question_id for answer in event.score.answers] for event in of(wanted, Scored)]
        named = [event.message for event in of(found, Log) if "the long one" in event.message]
        assert named
        assert all("left out" in message and "tokens" in message for message in named)


def test_questions_of_which_none_fits_are_named(spec: SearchSpec, go: Go) -> None:
    with pytest.raises(JobError, match="the long one"):
        go(replace(spec, questions=(LONG,)))


def test_a_candidate_with_tool_calls_is_left_out(spec: SearchSpec, go: Go) -> None:
    calls = Demonstration((Turn(Role.USER, "say 9"), Turn(Role.ASSISTANT, "x", {"tool_calls": [{"id": "c"}]})), id=9)
    found = go(replace(spec, candidates=(*POOL, calls)))
    assert 9 not in {ranked.demonstration_id for event in of(found, RoundFinished) for ranked in event.round.ranking}
    assert any("tool calls" in event.message for event in of(found, Log))
