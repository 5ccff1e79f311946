import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from workbench.domain import (
    AnswerScore,
    CandidateScore,
    Demonstration,
    Interval,
    JobState,
    ModelRef,
    Prompt,
    Question,
    QuestionSet,
    RankedCandidate,
    SearchRound,
    SetEvaluation,
)
from workbench.errors import FormatError, JobError
from workbench.formats.report import Chart
from workbench.formats.svg import Mark, interval_plot
from workbench.jobs.exact import ExactShare
from workbench.jobs.kinds import KINDS
from workbench.jobs.kinds.count import CountSpec
from workbench.jobs.kinds.score import ScoreResult
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.wire import encode_result, encode_spec
from workbench.search.options import SearchOptions
from workbench.services.demonstrations import Filter
from workbench.services.job_report import job_report
from workbench.services.project import Project
from workbench_db import jobs as stored_jobs
from workbench_db import scores as stored_scores

HOSTILE = '<script>alert(1)</script> | `code` [x](javascript:1) ![i](http://e.vil/i.png) & "so"'


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "project", person="Ada")
    yield project
    project.close()


def search_job(project: Project, asks: str = HOSTILE) -> int:
    """A finished search over three candidates and four questions, stored as a job's events would be."""
    project.demonstrations.add([Demonstration.pair(f"{asks} {n}", "b\n```\nc", source="me") for n in range(3)])
    pool = project.demonstrations.get(project.demonstrations.ids(Filter()))
    [set_id] = project.questions.add(QuestionSet("q", tuple(
        Question((f"ask {n}",), (f"tell {n}",), key=str(n)) for n in range(4)))).created
    asked = project.questions.get(set_id).questions
    ids = [demonstration.id for demonstration in pool]

    def answers(gain: float) -> tuple[AnswerScore, ...]:
        return tuple(AnswerScore(question.id, 0, -10.0 + gain + place / 10, 5) for place, question in enumerate(asked))

    spec = SearchSpec(ModelRef("tiny", "/m", sha256="ab" * 32), Prompt("Rules", name="base"), tuple(pool), asked, asked,
                      rounds=1)
    ranking = tuple(RankedCandidate(id, -8.0 + gain, Interval(gain, gain - 1, gain + 1))
                    for id, gain in zip(ids, (2.0, 0.5, -1.0), strict=True))
    sets = [SetEvaluation("base", "base", (), -10.0, answers(0)),
            SetEvaluation("greedy", "chosen", (ids[0],), -8.0, answers(2)),
            SetEvaluation("random", "random 0", (ids[1],), -9.5, answers(0.5)),
            SetEvaluation("random", "random 1", (ids[2],), -11.0, answers(-1))]
    with project.database.write() as connection:
        job_id = stored_jobs.insert_job(connection, "search", "Search <3 candidates>", encode_spec(spec))
        stored_jobs.set_state(connection, job_id, "finished")
        stored_jobs.set_facts(connection, job_id, {"torch": "2.13"})
        stored_scores.insert_scores(connection, job_id, [(1, CandidateScore(None, answers(0)))])
        stored_scores.insert_scores(connection, job_id, [
            (1, CandidateScore(id, answers(gain), 40, -5.0, -10.0, 7))
            for id, gain in zip(ids, (2.0, 0.5, -1.0), strict=True)])
        stored_scores.insert_round(connection, job_id, SearchRound(1, ranking, ids[0], -8.0, 140, 4))
        for found in sets:
            stored_scores.insert_evaluation(connection, job_id, found)
    return job_id


class Page(HTMLParser):
    """What a browser would make of a page: its elements, with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_a_report_says_what_was_chosen_how_it_compares_and_what_made_the_numbers(project):
    report = job_report(project, search_job(project))
    assert [line.rank for line in report.ranking] == [1, 2, 3]
    assert [round(line.gain.mean, 6) for line in report.ranking] == [2.0, 0.5, -1.0]
    assert report.ranking[0].difficulty == 0.5
    assert report.random_mean == pytest.approx(-10.1)
    assert report.difference.mean == pytest.approx(2.25)
    assert [demonstration.id for demonstration in report.chosen] == [report.rounds[0].demonstration_id]
    facts = dict(report.facts)
    assert (facts["Model"], facts["torch"], facts["Seed"]) == ("tiny", "2.13", "0")
    assert facts["Model's sha256"] == "ab" * 32


def test_a_report_says_what_half_precision_left_open_and_how_the_search_was_told_to_go(project):
    job_id = search_job(project)
    spec = replace(project.jobs.spec(job_id), strategy="beam", options=SearchOptions(beam_width=5, order="likelihood"))
    exact = ExactShare("bfloat16", sets=7, evaluations=40, decisions=3, changed=1)
    with project.database.write() as connection:
        other = stored_jobs.insert_job(connection, "search", "Beam", encode_spec(spec))
        for number, score in stored_scores.scores(connection, job_id, 1):
            stored_scores.insert_scores(connection, other, [(number, score)])
        stored_jobs.set_summary(connection, other, encode_result(SearchResult(evaluations=120, drawn=5, exact=exact)))
        stored_jobs.set_state(connection, other, JobState.FINISHED)
    facts = dict(job_report(project, other).facts)
    assert facts["Options"] == "beam width: 5, order: likelihood"
    assert facts["Finalists"] == (
        "computed in bfloat16; 7 sets scored again in float32 (40 answers), 1 of 3 decisions came out otherwise")
    assert facts["Evaluations"] == (
        "115 answers to the search questions, 40 of them again in float32; 5 answers drawn to candidates’ instructions")
    gains = KINDS["score"].findings(ScoreResult(exact=exact, exact_gains={2: 0.5, 3: 0.75}))
    assert dict(gains)["Gains in float32"] == "demonstration 3 +0.750, demonstration 2 +0.500"
    assert "Options" not in dict(job_report(project, job_id).facts)


def test_the_html_report_stands_by_itself_and_runs_nothing(project, tmp_path):
    job_id = search_job(project)
    project.exports.report(job_id, tmp_path / "report.html", charts=[Chart("Mine", "<svg><title>own</title></svg>")])
    text = (tmp_path / "report.html").read_text("utf-8")
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "a", "form", "base"}
    assert not [name for _, attributes in page.elements for name in attributes
                if name.startswith("on") or name in ("href", "src")]
    assert HOSTILE.split(" |")[0] in page.text
    assert "not shown to differ from sets of the same size drawn at random" in page.text    # there are two
    assert "default-src 'none'" in text
    assert text.count("<svg") == 3
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_the_markdown_report_keeps_strangers_text_out_of_its_markup(project, tmp_path):
    job_id = search_job(project)
    project.exports.report(job_id, tmp_path / "report.md", "markdown")
    text = (tmp_path / "report.md").read_text("utf-8")
    outside = re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", text)
    assert not re.search(r"(?<!\\)<script", outside)
    assert not re.search(r"(?<!\\)\]\(", outside)
    rows = [line for line in text.splitlines() if line.startswith("| 1 ")]
    assert len(rows) == 2
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [6, 8]


def test_a_report_of_a_job_without_results_is_refused_in_words(project, tmp_path):
    job_id = search_job(project)
    spec = project.jobs.spec(job_id)
    with project.database.write() as connection:
        empty = stored_jobs.insert_job(connection, "search", "Nothing yet", encode_spec(replace(spec, seed=1)))
        other = stored_jobs.insert_job(connection, "count", "Count", encode_spec(CountSpec(spec.model, ())))
    with pytest.raises(JobError, match="has no results yet"):
        project.exports.report(empty, tmp_path / "r.html")
    with pytest.raises(JobError, match="not a score or search job"):
        project.exports.report(other, tmp_path / "r.html")
    with pytest.raises(FormatError, match="cannot be written here"):
        project.exports.report(job_id, tmp_path / "r.csv", "csv")
    assert not list(tmp_path.glob("r.*"))


def test_a_plot_draws_each_mean_inside_its_interval_and_the_line_of_no_change():
    svg = ElementTree.fromstring(interval_plot(
        [Mark("a & b", 1.5, Interval(1.5, 0.5, 2.5)), Mark("c" * 90, -0.5), Mark("lost", float("nan"))],
        title="t", axis="nats"))
    name = "{http://www.w3.org/2000/svg}"
    groups = svg.findall(f"{name}g")
    assert len(groups) == 2
    line, dot = groups[0].find(f"{name}line"), groups[0].find(f"{name}circle")
    assert float(line.get("x1")) < float(dot.get("cx")) < float(line.get("x2"))
    assert groups[0].find(f"{name}title").text == "a & b: 1.5 (95 % interval 0.5 to 2.5)"
    assert groups[1].find(f"{name}title").text.endswith(": −0.5")
    assert "0" in [text.text for text in svg.findall(f"{name}text")]


@pytest.mark.parametrize("value", [0.0, 5.0, -3e9, 1e-12])
def test_a_plot_of_a_single_value_has_an_axis(value):
    svg = ElementTree.fromstring(interval_plot([Mark("one", value)], title="t", axis="nats", zero=False))
    assert svg.findall("{http://www.w3.org/2000/svg}line")


def test_a_candidate_that_asks_a_question_is_marked_in_the_ranking_and_named_in_the_report(project: Project) -> None:
    job_id = search_job(project, "Ask")
    table = project.results.gains(job_id, 1)
    assert table.overlaps == ("asks question 0", "asks question 1", "asks question 2")
    told = dict(job_report(project, job_id).facts)["Not to be trusted"]
    assert told.startswith(f"demonstration {table.demonstration_ids[0]} asks question 0; ")


def test_of_candidates_that_ask_something_else_nothing_is_said(project: Project) -> None:
    job_id = search_job(project)
    assert not any(project.results.gains(job_id, 1).overlaps)
    assert "Not to be trusted" not in dict(job_report(project, job_id).facts)
