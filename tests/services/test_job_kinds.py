"""Every kind of job declares all that is asked of a kind."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from workbench.alignment.harness_options import HarnessOptions
from workbench.alignment.options import AlignmentOptions
from workbench.bench.matches import GivenAnswers, Match
from workbench.bench.recipes import Place
from workbench.domain import Backend, Contestant, Demonstration, Interval, ModelRef, Prompt, Question, Server
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import JobError
from workbench.jobs.events import Finished
from workbench.jobs.exact import ExactShare
from workbench.jobs.kind import JobKind, JobSpec
from workbench.jobs.kinds import KINDS, kind_of
from workbench.jobs.kinds.align import AlignResult, AlignSpec, PreferenceExample
from workbench.jobs.kinds.answer import AnswerResult, AnswerSpec
from workbench.jobs.kinds.count import CountResult, CountSpec
from workbench.jobs.kinds.evaluate import EvaluateResult, EvaluateSpec
from workbench.jobs.kinds.generate import GenerateResult, GenerateSpec
from workbench.jobs.kinds.inspect import InspectResult, InspectSpec
from workbench.jobs.kinds.judge import JudgeResult, JudgeSpec
from workbench.jobs.kinds.judged_search import ComparedRound, JudgedSearchResult, JudgedSearchSpec
from workbench.jobs.kinds.recipe import RecipeResult, RecipeSpec
from workbench.jobs.kinds.recipe.tuning import Training, Tuning
from workbench.jobs.kinds.score import ScoreResult, ScoreSpec
from workbench.jobs.kinds.search import HeldOutMeans, RacedRound, RacingShare, SearchResult, SearchSpec
from workbench.jobs.kinds.sensitivity import Addition, SensitivityResult, SensitivitySpec, WholeGain
from workbench.jobs.kinds.shift import ShiftResult, ShiftSpec
from workbench.jobs.result import Result
from workbench.jobs.wire import decode_event, decode_result, decode_spec, encode_event, encode_result, encode_spec
from workbench.search.sensitivity import OrderSensitivity
from workbench.services.job_resume import at_home, continued
from workbench.services.project import Project
from workbench_db import jobs

MODEL, OTHER = ModelRef("base-7b", "/models/base-7b", sha256="ab" * 32), ModelRef("small", "/models/small")
SERVED = ModelRef("gpt", "https://models.example#gpt", Backend.OPENAI, server=Server("gpt"))
PROMPT = Prompt("Be good.", (Demonstration.pair("Hi?", "Hello.", id=1),))
POOL = tuple(Demonstration.pair(f"say {n}", f"thing {n}", id=n) for n in (2, 3))
QUESTIONS = (Question(("Why?",), ("So.",), key="81", id=1),)
CONTESTANTS = (Contestant("one", MODEL, PROMPT, id=1), Contestant("two", OTHER, None, id=2))
GIVEN = (GivenAnswers(1, 1, 0, (7,), ("So.",)),)
TRAINED = Training("/elsewhere/artifacts/tuned-12", (0,), AlignmentOptions())

SPECS: tuple[JobSpec, ...] = (
    ScoreSpec(MODEL, PROMPT, POOL, QUESTIONS),
    SearchSpec(MODEL, PROMPT, POOL, QUESTIONS, ()),
    SensitivitySpec(MODEL, PROMPT, QUESTIONS),
    AlignSpec(MODEL, OTHER, POOL, POOL, "/elsewhere/artifacts/align-12"),
    EvaluateSpec(MODEL, HarnessOptions(("gsm8k",))),
    AnswerSpec(CONTESTANTS, QUESTIONS),
    JudgeSpec(MODEL, QUESTIONS, GIVEN, (Match(0, None, 0),),
              prompts=(JudgePrompt("one", "single", "", "{question}|{answer}", "[[rating]]"),)),
    RecipeSpec("tuning", (CONTESTANTS[0], replace(CONTESTANTS[1], model=replace(OTHER, path=TRAINED.path))),
               ((1, Place("in_context", 3)), (2, Place("fine_tuned", 3))), QUESTIONS,
               tuning=Tuning(OTHER, PROMPT, POOL, (TRAINED,))),
    JudgedSearchSpec(MODEL, PROMPT, POOL, QUESTIONS, judge=OTHER),
    ShiftSpec(MODEL, CONTESTANTS, QUESTIONS, GIVEN),
    InspectSpec(MODEL, PROMPT, POOL[0], QUESTIONS[0]),
    CountSpec(MODEL, ((1, "one two"),)),
    GenerateSpec(MODEL, PROMPT, ("Why?",)),
)
EXACT = ExactShare("bfloat16", 7, 40, 3, 1)
RESULTS: tuple[tuple[Result, str], ...] = (
    (ScoreResult(212, 1, 40, EXACT, {3: 0.25}), "212 candidates scored on 40 answers"),
    (SearchResult("greedy", (4, 2), HeldOutMeans(-2.0, -1.5, Interval(0.5, 0.25, 0.75), {"base": -2.0, "chosen": -1.0}),
                  120, 5, RacingShare("t_race", 0.25, (RacedRound(1, 6, 3, 60, 72, 0.01),)), EXACT),
     "Chosen: 4, 2. Racing saved 25% of the evaluations. Held out: +0.50 nats per answer against random sets "
     "(+0.25 to +0.75)"),
    (SensitivityResult(-1.5, WholeGain(0.5, 0.25, 0.75, 0.8), (Addition(1, 3, 0.5, 0.25, 0.75),),
                       OrderSensitivity(2, -1.5, 0.1, -1.25, (2, 1), -1.75, 2)),
     "The demonstration in place 1 adds least: +0.500 nats per answer"),
    (AlignResult({"consistency_best": 0.25, "kl": None}, {"consistency_best": 0.75, "kl": None}, 1e9,
                 (PreferenceExample("maths", 1, (2, None), ((0,), (1,)), (0, 1, 2), (-1.0, -2.0), (-2.0, -1.0),
                                    (-1.0, -3.0)),)),
     "Best subset agrees with the teacher’s in 75 % (was 25 %)"),
    (EvaluateResult({"gsm8k": {"exact_match": 0.5}}, {"gsm8k": {"exact_match": 0.125}}, {"gsm8k": 100}, "0.4.9"),
     "gsm8k exact_match 0.500"),
    (AnswerResult(12, 1200, 1, 2, 2, 6), "12 answers, 1\N{NO-BREAK SPACE}200 tokens"),
    (JudgeResult(8, 1, 300, 40, 0.5), "8 judgements, 1 unreadable, cost 0.50"),
    (RecipeResult(12, 1200, 2, 6, 2, 0, 1, "tuning", "Too long."), "1 model trained, 12 answers, 2 prompts measured"),
    (JudgedSearchResult("rules", (4, 2), 1, (ComparedRound(1, 0.5, 0.25, 0.75, ((4, 0.5, -1.0),)), ComparedRound(2))),
     "Chosen: 4, 2. Agrees with the likelihood’s order: τ 0.50"),
    (ShiftResult(6, 50, 25, 25), "50% unshifted, 25% marginal, 25% shifted"),
    (InspectResult(), ""),
    (CountResult(2), ""),
    (GenerateResult(("So.",)), ""),
)
EVERY = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
EVERY_RESULT = pytest.mark.parametrize(("kind", "result", "outcome"), [
    (kind, result, outcome) for kind, (result, outcome) in zip(KINDS.values(), RESULTS, strict=True)],
    ids=lambda one: one.name if isinstance(one, JobKind) else "")


def test_every_kind_is_walked_here() -> None:
    assert [spec.kind for spec in SPECS] == list(KINDS)
    assert [kind.spec for kind in KINDS.values()] == [type(spec) for spec in SPECS]


@EVERY
def test_a_kind_has_words_for_its_jobs(spec: JobSpec) -> None:
    kind = kind_of(spec)
    assert kind.title(spec)[0].isupper()
    assert spec.model.name in kind.detail(spec) or kind.models(spec)[0].name in kind.detail(spec)


@EVERY
def test_a_specification_crosses_to_the_child_unchanged(spec: JobSpec) -> None:
    assert decode_spec(encode_spec(spec)) == spec


@EVERY_RESULT
def test_a_result_crosses_to_the_window_and_is_kept_unchanged(
    kind: JobKind[Any, Any], result: Result, outcome: str
) -> None:
    assert type(result) is kind.result
    assert decode_event(encode_event(Finished(result))) == Finished(result)
    assert decode_result(kind.name, json.loads(json.dumps(encode_result(result)))) == result
    assert kind.outcome(result) == outcome


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_result_with_fields_missing_or_unknown_gets_defaults(kind: JobKind[Any, Any]) -> None:
    assert is_dataclass(kind.result)
    result = decode_result(kind.name, {"of a later program": [1]})
    assert result == kind.result()
    assert isinstance(kind.outcome(result), str)
    for field in fields(kind.result):
        with pytest.raises(JobError, match=f"{kind.name}.{field.name}"):
            decode_result(kind.name, {field.name: [object()]})


@EVERY
def test_a_job_that_starts_again_is_told_the_same_where_nothing_was_done(spec: JobSpec, project: Project) -> None:
    def again() -> tuple[JobSpec, JobSpec]:
        with project.database.write() as connection:
            job_id = jobs.insert_job(connection, spec.kind, "Job", encode_spec(spec))
            return continued(connection, job_id, spec), continued(connection, job_id, spec, "/scores")

    anew, with_scores = project.lane.run(again)
    assert anew == spec
    assert getattr(with_scores, "kept_scores", "/scores") == "/scores"


@EVERY
def test_a_job_writes_in_the_project_that_it_is_in(spec: JobSpec) -> None:
    here = at_home(spec, Path("/here/artifacts"))
    assert "/elsewhere" not in encode_spec(here)
    assert replace(here) == at_home(here, Path("/here/artifacts"))


@EVERY
def test_several_processes_share_a_job_only_where_its_kind_says_so(spec: JobSpec) -> None:
    kind = kind_of(spec)
    assert kind.processes(spec) == 1
    assert (kind.sharing is not None) == hasattr(spec, "processes")
    if kind.sharing is not None:
        assert kind.processes(replace(spec, processes=4)) == 4      # type: ignore[call-arg]


@EVERY
def test_a_job_calls_out_where_any_of_its_models_is_served(spec: JobSpec) -> None:
    assert not kind_of(spec).calls_out(spec)
    changes: list[dict[str, object]] = [
        {field.name: SERVED} for field in fields(spec) if isinstance(getattr(spec, field.name), ModelRef)]
    if isinstance(spec, AnswerSpec | RecipeSpec | ShiftSpec):
        changes.append({"contestants": (spec.contestants[0], replace(spec.contestants[1], model=SERVED))})
    assert changes
    for change in changes:
        served = replace(spec, **change)        # type: ignore[arg-type]
        assert kind_of(served).calls_out(served), change


def test_a_job_that_downloads_calls_out() -> None:
    spec = EvaluateSpec(MODEL, HarnessOptions(("gsm8k",)), allow_download=True)
    assert kind_of(spec).calls_out(spec)


@EVERY
def test_only_an_evaluation_may_run_code_and_only_where_that_was_allowed_or_brought_along(spec: JobSpec) -> None:
    assert not kind_of(spec).runs_code(spec)
    if isinstance(spec, EvaluateSpec):
        for options in (replace(spec.options, allow_code=True), replace(spec.options, folders=("/tasks",))):
            assert kind_of(spec).runs_code(replace(spec, options=options))


def test_a_kind_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(JobError, match="score, search"):
        decode_spec('{"kind": "dance"}')
    with pytest.raises(JobError, match="dance"):
        decode_result("dance", {})


OLDER: tuple[tuple[str, dict[str, Any], str], ...] = (       # as the first versions kept them
    ("score", {"candidates": 3, "too_long": 1, "answers": 4, "exact": None, "exact_gains": {"2": 0.5}},
     "3 candidates scored on 4 answers"),
    ("search", {"strategy": "beam", "chosen": [4, 2], "heldout": {
        "base": -2.0, "beam": -1.0, "random_mean": -1.5, "difference": {"mean": 0.5, "low": 0.25, "high": 0.75},
        "sets": {"base": -2.0, "chosen": -1.0}}},
     "Chosen: 4, 2. Held out: +0.50 nats per answer against random sets (+0.25 to +0.75)"),
    ("search", {"strategy": "greedy", "chosen": [], "heldout": None}, "Nothing chosen"),
    ("sensitivity", {"whole": -1.0, "demonstrations": [{"place": 1, "id": None, "mean": 0.5, "low": 0, "high": 1}],
                     "orders": None}, "The demonstration in place 1 adds least: +0.500 nats per answer"),
    ("align", {"before": {"consistency_best": 0.25}, "after": {"consistency_best": 0.5}, "flops": 0.0, "examples": [
        {"task": "a", "test": None, "demonstrations": [None], "subsets": [[0]], "teacher": [-1.0], "before": [-2.0],
         "after": [-1.0]}]}, "Best subset agrees with the teacher’s in 50 % (was 25 %)"),
    ("evaluate", {"tasks": {"gsm8k": {"exact_match": 0.5}}, "examples": {"gsm8k": 10}}, "gsm8k exact_match 0.500"),
    ("judged_search", {"by": "f1", "chosen": [3], "unreadable": 0, "rounds": [
        {"number": 1, "tau": None, "low": None, "high": None, "candidates": [[3, 0.5, -1.0]]}]}, "Chosen: 3"),
    ("recipe", {"answers": 2, "tokens": 9, "contestants": 2, "questions": 1, "evaluated": 2, "too_long": 0,
                "recipe": "scaling", "warning": ""}, "2 answers, 2 prompts measured"),
    ("generate", {"answers": ["So."]}, ""), ("inspect", {}, ""),
)


@pytest.mark.parametrize(("kind", "content", "outcome"), OLDER, ids=[kind for kind, *_ in OLDER])
def test_what_older_programs_have_kept_is_read(kind: str, content: dict[str, Any], outcome: str) -> None:
    result = decode_result(kind, content)
    assert KINDS[kind].outcome(result) == outcome
    if isinstance(result, SearchResult) and result.heldout is not None:
        assert result.heldout.chosen == -1.0


def test_a_finished_jobs_specification_and_result_are_decoded_once(project: Project) -> None:
    def finish() -> int:
        with project.database.write() as connection:
            job_id = jobs.insert_job(connection, "count", "Count", encode_spec(SPECS[-2]))
            jobs.set_summary(connection, job_id, {"texts": 1})
            jobs.set_state(connection, job_id, "finished")
            return job_id

    def tell_otherwise(job_id: int) -> None:
        with project.database.write() as connection:
            jobs.set_spec(connection, job_id, "Count", encode_spec(CountSpec(OTHER, ())))

    job_id = project.lane.run(finish)
    first, again = (project.lane.run(lambda: project.jobs.spec(job_id)) for _ in range(2))
    assert first is again
    listed = [project.lane.run(project.jobs.all)[0].result for _ in range(2)]
    assert listed[0] == CountResult(1)
    assert listed[0] is listed[1]
    project.lane.run(lambda: tell_otherwise(job_id))
    assert project.lane.run(lambda: project.jobs.spec(job_id)) == CountSpec(OTHER, ())


def test_a_result_that_cannot_be_read_leaves_its_job_in_the_list(project: Project) -> None:
    def finish() -> None:
        with project.database.write() as connection:
            for kind, summary in (("count", {"texts": "many"}), ("dance", {"steps": 3})):
                job_id = jobs.insert_job(connection, kind, kind, "{}")
                jobs.set_summary(connection, job_id, summary)
                jobs.set_state(connection, job_id, "finished")

    project.lane.run(finish)
    assert [(job.title, job.result) for job in project.lane.run(project.jobs.all)] == [
        ("dance", None), ("count", None)]


def test_the_kinds_are_known_without_the_libraries_that_run_them() -> None:
    program = ("import sys, workbench.jobs.kinds\n"
               "print([name for name in ('torch', 'transformers', 'pydantic', 'PySide6') if name in sys.modules])")
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
