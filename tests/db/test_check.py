"""Damage of every kind is found, and a sound project is said to be sound."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.domain import (
    Answer,
    AnswerScore,
    CandidateScore,
    Contestant,
    Demonstration,
    Interval,
    Judgement,
    ModelRef,
    Prompt,
    Question,
    QuestionSet,
    RankedCandidate,
    SearchRound,
    SetEvaluation,
)
from workbench.errors import ProjectError
from workbench_db import answers as bench_answers
from workbench_db import check, contestants, jobs, judgements, models, prompts, questions, revisions, scores
from workbench_db import demonstrations as stored
from workbench_db.session import Database


@pytest.fixture
def folder(database: Database) -> Path:
    """A project with a row in every table that hashes its rows."""
    with database.write() as connection:
        first = Demonstration.pair("What is an unmistakable question?", "An answer", category="cat", tags=("t1", "t2"))
        ids = stored.insert_demonstrations(connection, [first, Demonstration.pair("two", "three")]).ids
        revisions.record_added(connection, revisions.open_change(connection, "Ada", "added"), "demonstration", ids)
        before = stored.patch(connection, {1: {"note": "remarkable", "status": "accepted"}})
        revisions.record_step(connection, "Ada", "noted", "demonstration", before,
                              {1: {"note": "remarkable", "status": "accepted"}})
        questions.insert_set(connection, QuestionSet("set", (Question(("turn one",), ("reference",), "maths", "81"),)))
        prompt = prompts.insert_prompt(connection, "base")
        version = prompts.insert_version(connection, prompt, Prompt("rules", (replace(first, id=1),), verbatim="v"))
        prompts.patch(connection, {prompt: {"version": version}})
        models.insert_model(connection, ModelRef("tiny", "/nowhere"), None)
        job = jobs.insert_job(connection, "search", "Search", "{}")
        answers = (AnswerScore(1, 0, -12, 5), AnswerScore(1, 1, -0.1, 2))
        scores.insert_scores(connection, job, [(0, CandidateScore(None, answers)),
                                               (1, CandidateScore(2, answers, 9, -3, -4.25, 4))])
        ranking = (RankedCandidate(2, -6, Interval(1, 0.5, 1.5)),)
        scores.insert_round(connection, job, SearchRound(1, ranking, 2, -6, 100, 1))
        scores.insert_evaluation(connection, job, SetEvaluation("greedy", "", (2,), -6, answers))
        jobs.set_facts(connection, job, {"torch": "2"})
        shown = Prompt("manners", (first,))
        who = contestants.insert_contestant(connection, Contestant("c", ModelRef("m", "/m"), shown))
        given = [bench_answers.insert_answer(connection, Answer(who, 1, 0, repeat, f"whatever {repeat}", 3, 1, "end", 7,
                                                                -3), job) for repeat in (0, 1)]
        judgements.insert_judgement(connection, Judgement("gpt", "rating", given[0], score=7, words="admirable"), job)
        judgements.insert_judgement(connection, Judgement("Ada", "pair", *given, verdict="tie", first="tie",
                                                          by_person=True, details={"reasons": ["a"]}))
    database.close()
    return database.path.parent


def _spoil(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "project.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_sound_project_has_no_problems_and_is_not_changed(folder: Path) -> None:
    content = (folder / "project.db").read_bytes()
    assert check.check(folder) == []
    assert (folder / "project.db").read_bytes() == content


@pytest.mark.parametrize(("table", "change"), [
    ("demonstrations", "UPDATE demonstrations SET turns = replace(turns, 'What', 'Whet') WHERE id = 1"),
    ("demonstrations", "UPDATE demonstrations SET turns = substr(turns, 2) WHERE id = 1"),
    ("demonstrations", "UPDATE demonstrations SET status = 'rejected' WHERE id = 1"),
    ("demonstrations", "UPDATE demonstrations SET title = 'another' WHERE id = 1"),
    ("demonstrations", "DELETE FROM tags WHERE tag = 't2'"),
    ("questions", "UPDATE questions SET reference_answers = '[\"other\"]'"),
    ("question_sets", "UPDATE question_sets SET name = 'sat'"),
    ("prompts", "UPDATE prompts SET name = 'bass'"),
    ("prompt_versions", "UPDATE prompt_versions SET rules = 'ruled'"),
    ("revisions", "UPDATE revisions SET after = '{\"deleted\":1}' WHERE id = 1"),
    ("candidate_measures", "UPDATE scores SET logprob = -12.5 WHERE turn = 0"),
    ("candidate_measures", "DELETE FROM scores WHERE turn = 1"),
    ("candidate_measures", "UPDATE candidate_measures SET own_alone = NULL"),
    ("search_rounds", "UPDATE search_rounds SET chosen_id = 1"),
    ("set_evaluations", "UPDATE set_evaluations SET mean = 0"),
    ("contestants", "UPDATE contestants SET decoding = replace(decoding, '256', '257')"),
    ("contestants", "UPDATE contestants SET name = 'd'"),
    ("kept_prompts", "UPDATE kept_prompts SET content = replace(content, 'manners', 'banners')"),
    ("answers", "UPDATE answers SET text = 'whoever' WHERE id = 1"),
    ("answers", "UPDATE answers SET seed = 8 WHERE id = 2"),
    ("judgements", "UPDATE judgements SET score = 8 WHERE score = 7"),
    ("judgements", "UPDATE judgements SET details = '{}' WHERE id = 2"),
    ("full-text index", "INSERT INTO answer_search (answer_search, rowid, text) VALUES ('delete', 1, 'whatever 0')"),
    ("full-text index", "INSERT INTO judgement_search (judgement_search, rowid, words)"
                        " VALUES ('delete', 1, 'admirable\n')"),
    ("job_events", "INSERT INTO job_events (job_id, created, level, message) VALUES (77, '', '', '')"),
    ("full-text index", "INSERT INTO demonstration_search (demonstration_search, rowid, body, note)"
                        " VALUES ('delete', 2, 'two\nthree', '')"),
])
def test_a_row_that_is_not_what_was_written_is_found(folder: Path, table: str, change: str) -> None:
    _spoil(folder, change)
    assert table in {problem.table for problem in check.check(folder)}


@pytest.mark.parametrize("text", [b"unmistakable question", b"remarkable", b"reference", b"rules", b'"accepted"',
                                  b"whatever", b"admirable", b"manners"])
def test_one_flipped_bit_in_a_text_is_found(folder: Path, text: bytes) -> None:
    path = folder / "project.db"
    content = bytearray(path.read_bytes())
    places = [at for at in range(len(content)) if content.startswith(text, at)]
    assert places
    for bit in (0x01, 0x80):         # another letter, and a byte that is not UTF-8 any more
        for at in places:
            content[at + 3] ^= bit
        path.write_bytes(content)
        assert check.check(folder) != []
        for at in places:
            content[at + 3] ^= bit
    path.write_bytes(content)
    assert check.check(folder) == []


def test_a_file_that_was_cut_off_is_reported_and_not_raised(folder: Path) -> None:
    path = folder / "project.db"
    path.write_bytes(path.read_bytes()[: 20 * 4096])
    assert check.check(folder) != []


def test_a_folder_without_a_project_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no project"):
        check.check(tmp_path / "elsewhere")


def test_a_problem_says_where_and_what(folder: Path) -> None:
    _spoil(folder, "UPDATE demonstrations SET turns = replace(turns, 'two', 'too') WHERE id = 2")
    found = [str(problem) for problem in check.check(folder)]
    assert "demonstrations 2: the text is not the one that was written" in found
