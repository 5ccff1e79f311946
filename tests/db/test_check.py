"""Damage of every kind is found, and a sound project is said to be sound."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from db import check, jobs, models, prompts, questions, revisions, scores
from db import demonstrations as stored
from db.session import Database
from workbench.domain import (
    AnswerScore,
    CandidateScore,
    Demonstration,
    Interval,
    ModelRef,
    Prompt,
    Question,
    QuestionSet,
    RankedCandidate,
    SearchRound,
    SetEvaluation,
)
from workbench.errors import ProjectError


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
    ("job_events", "INSERT INTO job_events (job_id, created, level, message) VALUES (77, '', '', '')"),
    ("full-text index", "INSERT INTO demonstration_search (demonstration_search, rowid, body, note)"
                        " VALUES ('delete', 2, 'two\nthree', '')"),
])
def test_a_row_that_is_not_what_was_written_is_found(folder: Path, table: str, change: str) -> None:
    _spoil(folder, change)
    assert table in {problem.table for problem in check.check(folder)}


@pytest.mark.parametrize("text", [b"unmistakable question", b"remarkable", b"reference", b"rules", b'"accepted"'])
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
