"""The same choices make the same job, whether the window, the command line, the tour or a notebook asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.jobs.random_model import write_random_model
from workbench.cli import parser
from workbench.command_line.running import score_request, search_request
from workbench.command_line.sensitivity import sensitivity_request
from workbench.domain import Demonstration, Position, Prompt, Question, QuestionSet, Status
from workbench.errors import JobError, WorkbenchError
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.library import requests as notebooks
from workbench.search.options import SearchOptions
from workbench.services import searches
from workbench.services.demonstrations import Filter
from workbench.services.project import Project
from workbench.services.searches import NO_SET, SPLIT, Pool, SearchRequest
from workbench.tour import Scale
from workbench.tour import score_request as tours_score_request
from workbench.tour import search_request as tours_search_request

ASKED = tuple(Question((f"ask {n}", "more"), (f"reply {n}", "again") if n else (), "c", str(n)) for n in range(7))
KEPT = tuple(Question((f"kept {n}",), (f"reply {n}",), "c", str(n)) for n in range(3))


@pytest.fixture
def asked(project: Project, tmp_path: Path) -> Project:
    """A project with two models, two prompts, seven demonstrations of which one is in the base, and two sets."""
    for name in ("first", "second"):
        write_random_model(tmp_path / name)
        project.models.register(tmp_path / name, name)
    pool = [Demonstration.pair(f"say {n}", f"thing {n}", category="ab"[n % 2]) for n in range(6)]
    ids = project.demonstrations.add([*pool, Demonstration.pair("unanswered", "")]).created
    project.demonstrations.set_status(ids[:2], Status.REJECTED)
    project.demonstrations.set_status(ids[2:4], Status.ACCEPTED)
    project.prompts.create(Prompt("Rules.", tuple(project.demonstrations.get(ids[5:6])), name="base"))
    project.prompts.create(Prompt("Others.", tuple(project.demonstrations.get(ids[2:5])), name="other"))
    project.questions.add(QuestionSet("asked", ASKED))
    project.questions.add(QuestionSet("kept", KEPT, held_out=True))
    return project


def by_command(project: Project, *words: str) -> ScoreSpec | SearchSpec:
    options = parser().parse_args([words[0], str(project.folder), *words[1:]])
    ask = {"score": score_request, "search": search_request}[words[0]]
    return searches.specification(project, ask(project, options))


def default(project: Project) -> SearchRequest:
    return searches.default_request(searches.read_choices(project))


def ids_of(spec: ScoreSpec | SearchSpec) -> list[int | None]:
    return [candidate.id for candidate in spec.candidates]


@pytest.mark.parametrize(("words", "changes"), [
    (["search"], {}),
    (["score"], {}),
    (["search", "--heldout", "none"], {"heldout_id": NO_SET}),
    (["search", "--heldout", "split"], {"heldout_id": SPLIT}),
    (["search", "--overlapping"], {"overlapping": True}),
    (["score", "--pool", "accepted"], {"pool": Pool.ACCEPTED}),
    (["search", "--filter", "category:a"], {"pool": Pool.FILTER, "filter": Filter(text="category:a")}),
    (["search", "--turns", "all", "--position", "after_base", "--seed", "7", "--rounds", "2", "--budget", "300",
      "--strategy", "swap", "--racing", "halving", "--swap-passes", "4", "--random-sets", "3", "--devices", "1",
      "--equal-evaluations"],
     {"turns": "all", "position": Position.AFTER_BASE, "seed": 7, "rounds": 2, "token_budget": 300,
      "strategy": "swap", "random_sets": 3, "devices": 1,
      "options": SearchOptions(racing="halving", swap_passes=4, equal_evaluations=True)}),
])
def test_the_command_line_and_a_notebook_ask_for_what_the_form_asks_for(
    asked: Project, words: list[str], changes: dict[str, Any]
) -> None:
    kind: Literal["score", "search"] = words[0]                                            # type: ignore[assignment]
    spec = searches.specification(asked, replace(default(asked), kind=kind, **changes))
    assert by_command(asked, *words) == spec
    assert searches.specification(asked, notebooks.search_request(asked, kind, changes)) == spec


def test_named_things_are_what_the_form_would_have_chosen(asked: Project) -> None:
    choices = searches.read_choices(asked)
    second = next(model.ref.id for model in choices.models if model.ref.name == "second")
    other = next(prompt.id for prompt in choices.prompts if prompt.name == "other")
    kept = next(info.id for info in choices.sets if info.name == "kept")
    request = searches.default_request(choices, model_id=second, prompt_id=other, set_id=kept)
    spec = by_command(asked, "search", "--model", "second", "--prompt", "other", "--questions", "kept")
    assert spec == searches.specification(asked, request)
    named = {"model_id": "second", "prompt_id": "other", "set_id": "kept"}
    assert spec == searches.specification(asked, notebooks.search_request(asked, "search", named))
    with pytest.raises(WorkbenchError, match="no question set “unheard”"):
        notebooks.search_request(asked, "search", {"set_id": "unheard"})
    assert (spec.model.name, spec.base.name, request.heldout_id) == ("second", "other", SPLIT)


def test_the_tour_searches_as_one_click_in_the_window_does(asked: Project) -> None:
    scale = Scale()
    assert searches.specification(asked, tours_search_request(asked, scale)) == searches.specification(
        asked, default(asked))
    assert searches.specification(asked, tours_score_request(asked, scale)) == by_command(asked, "score")
    smaller = Scale(pool="category:a", rounds=1, random_sets=2)
    assert searches.specification(asked, tours_search_request(asked, smaller)) == by_command(
        asked, "search", "--filter", "category:a", "--rounds", "1", "--random-sets", "2")


def test_selected_demonstrations_are_the_pool(asked: Project) -> None:
    ids = asked.demonstrations.ids(Filter(text="category:a"))
    request = searches.default_request(searches.read_choices(asked), selection=ids)
    assert request.pool is Pool.SELECTION
    assert notebooks.search_request(asked, "search", {"selection": tuple(ids)}) == request


@pytest.mark.parametrize(("words", "orders"), [([], 24), (["--orders", "0"], 0)])
def test_a_prompt_is_measured_alike_from_its_page_from_the_command_line_and_from_a_notebook(
    asked: Project, words: list[str], orders: int
) -> None:
    options = parser().parse_args(["sensitivity", str(asked.folder), "other", *words])
    other = next(prompt.id for prompt in asked.prompts.all() if prompt.name == "other")
    request = replace(searches.default_sensitivity(searches.read_choices(asked), prompt_id=other), orders=orders)
    spec = searches.sensitivity(asked, request)
    assert searches.sensitivity(asked, sensitivity_request(asked, options)) == spec
    changes = {"prompt_id": "other", **({} if orders == 24 else {"orders": orders})}
    assert searches.sensitivity(asked, notebooks.sensitivity_request(asked, changes)) == spec
    assert (len(spec.prompt.demonstrations), len(spec.questions), spec.orders) == (3, 6, orders)


def test_a_search_is_reported_on_questions_that_it_never_saw(asked: Project) -> None:
    spec = searches.specification(asked, default(asked))
    assert isinstance(spec, SearchSpec)
    assert [question.turns[0] for question in spec.heldout] == ["kept 0", "kept 1", "kept 2"]
    assert len(spec.questions) == 6                            # those that have a reference answer
    kept = next(info.id for info in asked.questions.sets() if info.held_out)
    asked.questions.set_held_out(kept, False)
    asked.questions.delete(kept)
    spec = searches.specification(asked, default(asked))
    assert isinstance(spec, SearchSpec)
    assert [question.turns[0] for question in spec.questions] == ["ask 1", "ask 3", "ask 5"]
    assert [question.turns[0] for question in spec.heldout] == ["ask 2", "ask 4", "ask 6"]


def test_candidates_are_answered_not_rejected_and_not_in_the_base(asked: Project) -> None:
    everything = {candidate.instruction: candidate.id for candidate in asked.demonstrations.get(
        asked.demonstrations.ids(Filter()))}
    wanted = [everything[f"say {n}"] for n in (2, 3, 4)]
    assert ids_of(searches.specification(asked, default(asked))) == wanted
    chosen = searches.default_request(searches.read_choices(asked), selection=[everything["say 0"], everything["say 5"],
                                                                              everything["unanswered"]])
    assert ids_of(searches.specification(asked, chosen)) == [everything["say 0"]]      # a person chose the rejected one


def test_what_cannot_be_asked_for_is_said_before_anything_starts(asked: Project) -> None:
    choices = searches.read_choices(asked)
    same = replace(default(asked), heldout_id=default(asked).set_id)
    assert "are the questions that are searched on" in searches.problem(choices, same)
    with pytest.raises(JobError, match="among the search questions"):
        searches.specification(asked, same)
    with pytest.raises(JobError, match="no search strategy “unheard”"):
        searches.specification(asked, replace(default(asked), strategy="unheard"))
    with pytest.raises(JobError, match="no candidate in this pool"):
        searches.specification(asked, replace(default(asked), pool=Pool.FILTER, filter=Filter(text="category:none")))
    for info in choices.sets:
        asked.questions.set_held_out(info.id, True)
    with pytest.raises(JobError, match="is held out"):
        default(asked)
    assert searches.default_sensitivity(searches.read_choices(asked)).set_id in {info.id for info in choices.sets}


def test_the_estimate_counts_as_the_job_does(asked: Project) -> None:
    request = replace(default(asked), turns="all", strategy="top_k", random_sets=1, rounds=1)
    # 3 candidates and the base on 6 questions of two turns; base, chosen, spread and one random set on 3 answers
    assert searches.estimate(asked, request) == searches.Work(3, 4 * 12 + 4 * 3, None)
    assert searches.estimate(asked, replace(request, kind="score")).answers == 4 * 12


def test_a_search_leaves_out_what_asks_its_questions_unless_it_is_told_not_to(asked: Project) -> None:
    [copy, near, held] = asked.demonstrations.add([
        Demonstration.pair("Ask 3!", "reply 3"), Demonstration.pair("other", "else"),
        Demonstration.pair("kept 1", "no"),
    ]).created
    found = by_command(asked, "search")
    assert isinstance(found, SearchSpec)
    assert not {copy, held} & set(ids_of(found))
    assert near in ids_of(found)
    assert dict(found.left_out) == {copy: "asks question 3", held: "asks question 1"}
    assert searches.estimate(asked, default(asked)).candidates == len(found.candidates)
    told = by_command(asked, "search", "--overlapping")
    assert {copy, held} < set(ids_of(told))
    assert {copy, held} < set(ids_of(by_command(asked, "score")))


def test_a_pool_of_nothing_but_the_questions_cannot_be_searched(asked: Project) -> None:
    ids = asked.demonstrations.add([Demonstration.pair("ask 3", "reply 3")]).created
    request = replace(default(asked), pool=Pool.SELECTION, selection=tuple(ids))
    with pytest.raises(JobError, match="Every candidate asks one of the questions"):
        searches.specification(asked, request)
