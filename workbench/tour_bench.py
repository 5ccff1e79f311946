"""The tour's bench: both prompts, and the student before and after training, answer the same held-out questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.domain import DecodingSettings, Interval, ModelRef
from workbench.errors import ProjectError
from workbench.formats.report import Chart
from workbench.formats.svg import Mark, interval_plot
from workbench.services import questions
from workbench.services.bench_measures import Measure, measures
from workbench.services.bench_numbers import ALL, Bench, bench_data, differences, table
from workbench.services.benching import BenchRequest, JudgeChoice, NewContestant
from workbench.services.project import Project

MAX_TOKENS = 64                      # of an answer; the carried references are shorter
DECODING = DecodingSettings(max_tokens=MAX_TOKENS)


def held_out_set(project: Project) -> int:
    """The id of the question set that the search did not see."""
    found = questions.held_out_set(project.questions.sets())
    if found is None:
        raise ProjectError("The sample project has no held-out questions.",
                           remedy="Restore the folder resources/sample.")
    return found.id


def bench_request(project: Project, set_id: int, model: ModelRef, untaught: ModelRef, taught: ModelRef, found: int,
                  questions: int) -> BenchRequest:
    """Greedy answers of the model under the base prompt and under the prompt ``found``, and of the student before and
    after training under the latter; then the references' likelihood. ``questions`` are spread over all categories."""
    base = project.prompts.all()[0].id
    who = ((model, base, "base"), (model, found, "found"), (untaught, found, "found"), (taught, found, "found"))
    new = tuple(NewContestant(one.id or 0, prompt, DECODING, f"{one.name}, {name} prompt") for one, prompt, name in who)
    return BenchRequest(set_id, new=new, judge=JudgeChoice("likelihood"), questions=questions)


def bench_summary(project: Project, set_id: int) -> dict[str, Any]:
    """What summary.json says: each measure's means with 95 % intervals, and the paired differences."""
    data = bench_data(project, set_id)
    names = data.names
    answered = {one.question_id for one in data.answers.values()}
    return {
        "question_set": data.name, "questions": len(answered), "answers": len(data.answers),
        "contestants": [names[one.id] for one in data.contestants if one.id is not None],
        "measures": [_measure(data, measure) for measure in measures(data)],
    }


def _measure(data: Bench, measure: Measure) -> dict[str, Any]:
    names = data.names
    return {
        "name": measure.label, "unit": measure.unit, "note": measure.note,
        "means": {names[row.contestant_id]: _interval(row.interval) for row in table(data, measure)
                  if row.group == ALL},
        "differences": [{"contestant": names[row.contestant_id], "other": names[row.other_id],
                         "difference": _interval(row.difference.interval)} for row in differences(data, measure)],
    }


def _interval(value: Interval) -> dict[str, float]:
    return {"mean": value.mean, "low": value.low, "high": value.high}


def bench_charts(summary: Mapping[str, Any]) -> list[Chart]:
    """For the report: a chart of each measure."""
    found = []
    for measure in summary["measures"]:
        marks = [Mark(name, one["mean"], Interval(**one)) for name, one in measure["means"].items()]
        title = f"Bench: {measure['name'][0].lower()}{measure['name'][1:]}"
        svg = interval_plot(marks, title=title, axis=f"{measure['name']}, {measure['unit']}", zero=False)
        caption = f"Means over {summary['questions']} held-out questions with 95 % intervals. {measure['note']}."
        found.append(Chart(title, svg, caption))
    return found
