import gzip
import json
import os
from pathlib import Path

import pytest

from tests.formats.shared_data import SHARED, needs_shared_data
from workbench.domain import Demonstration, Kind, Status
from workbench.errors import Cancelled, FormatError, ProjectError
from workbench.formats import urial
from workbench.services.demonstrations import Filter
from workbench.services.imports import ImportOptions, kept_words
from workbench.services.project import Project
from workbench_db.check import check
from workbench_resources.recipe.grader import RULES


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "project", person="Ada")
    yield project
    project.close()


def jsonl(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def row(number: int, **more: object) -> dict[str, object]:
    return {"instruction": f"ask {number}", "output": f"tell {number}", **more}


def stored(project: Project, text: str = "") -> list[Demonstration]:
    return project.demonstrations.get(project.demonstrations.ids(Filter(text=text)))


def test_rows_are_imported_and_found_by_their_words(project, tmp_path):
    report = project.imports.run(jsonl(tmp_path / "a.jsonl", row(1), row(2, category="math", tags=["x"])))
    assert (report.imported, report.skipped, report.refused) == (2, 0, ())
    assert [(d.instruction, d.answer, d.category, d.tags, d.source) for d in stored(project)] == [
        ("ask 1", "tell 1", "", (), "a.jsonl"), ("ask 2", "tell 2", "math", ("x",), "a.jsonl")]
    assert [d.instruction for d in stored(project, "ask 2")] == ["ask 2"]
    assert report.changes.created == tuple(project.demonstrations.ids(Filter()))
    assert report.changes.concerns(Kind.IMPORT, report.import_id)
    assert check(project.folder) == []


def test_what_is_there_already_or_twice_in_the_file_is_skipped_and_counted(project, tmp_path):
    project.imports.run(jsonl(tmp_path / "a.jsonl", row(1)))
    report = project.imports.run(jsonl(tmp_path / "b.jsonl", row(1), row(2), row(2)))
    assert (report.imported, report.skipped) == (1, 2)
    assert [d.source for d in stored(project)] == ["a.jsonl", "b.jsonl"]


def test_refused_rows_are_listed_with_line_and_reason_and_the_good_ones_kept(project, tmp_path):
    path = jsonl(tmp_path / "a.jsonl", row(1), "{bad", row(2), {"output": "x"}, row(3))
    report = project.imports.run(path)
    assert report.imported == 3
    assert [(line, reason.partition(":")[0]) for line, reason in report.refused] == [
        (2, "Not JSON"), (4, "There is no instruction.")]
    [past] = project.imports.past()
    assert (past.file_name, past.imported, past.refused) == ("a.jsonl", 3, report.refused)
    assert len(past.sha256) == 64


def test_all_or_nothing_imports_nothing_when_a_row_is_refused(project, tmp_path):
    path = jsonl(tmp_path / "a.jsonl", row(1), "{bad", row(2), "[]")
    report = project.imports.run(path, ImportOptions(keep_good_rows=False))
    assert (report.imported, report.import_id, len(report.refused)) == (0, 0, 2)
    assert not report.changes.touched
    assert stored(project) == []
    assert project.imports.past() == []


def test_a_truncated_file_is_refused_and_nothing_is_imported(project, tmp_path):
    rows = [row(number, note="x" * 200) for number in range(5000)]
    whole = json.dumps(rows).encode()
    (tmp_path / "a.json").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="ends early"):
        project.imports.run(tmp_path / "a.json")
    packed = gzip.compress("\n".join(json.dumps(line) for line in rows).encode(), 1)
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FormatError, match="ends early"):
        project.imports.run(tmp_path / "a.jsonl.gz")
    assert stored(project) == []
    assert project.imports.past() == []
    assert check(project.folder) == []


def test_a_cancelled_import_leaves_nothing(project, tmp_path):
    path = jsonl(tmp_path / "a.jsonl", *(row(number) for number in range(3000)))
    seen: list[int] = []

    def progress(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        project.imports.run(path, progress=progress)
    assert stored(project) == []
    assert project.imports.past() == []
    assert project.imports.run(path).imported == 3000


def test_progress_counts_bytes_up_to_all_of_them(project, tmp_path):
    path = jsonl(tmp_path / "a.jsonl", *(row(number) for number in range(3000)))
    seen: list[tuple[int, int]] = []
    project.imports.run(path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len({done for done, _ in seen}) > 3


def test_an_import_is_one_step_to_undo_and_redo(project, tmp_path):
    report = project.imports.run(jsonl(tmp_path / "a.jsonl", row(1), row(2)))
    assert report.changes.undoable
    assert report.changes.label == "2 demonstrations imported from a.jsonl"
    project.history.undo()
    assert stored(project) == []
    project.history.redo()
    assert len(stored(project)) == 2


def test_a_person_can_map_the_columns(project, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("kind,said,wanted\nmath,two,1+1?\n")
    preview = project.imports.preview(path)
    assert preview.columns == ("kind", "said", "wanted")
    assert preview.notes == ("No column was taken for the instruction: choose one.",)
    with pytest.raises(FormatError, match="was taken for the instruction"):
        project.imports.run(path)
    mapping = {"instruction": "wanted", "answer": "said", "category": "kind"}
    assert project.imports.preview(path, ImportOptions(mapping=mapping)).demonstrations == (
        Demonstration.pair("1+1?", "two", category="math", source="a.csv"),)
    project.imports.run(path, ImportOptions(mapping=mapping, source="by hand"))
    assert [(d.instruction, d.category, d.source) for d in stored(project)] == [("1+1?", "math", "by hand")]


def test_a_field_that_does_not_exist_cannot_be_mapped(project, tmp_path):
    with pytest.raises(FormatError, match="no field “question”"):
        project.imports.preview(jsonl(tmp_path / "a.jsonl", row(1)), ImportOptions(mapping={"question": "x"}))


def test_the_preview_shows_raw_cells_what_they_become_and_what_is_refused(project, tmp_path):
    path = jsonl(tmp_path / "a.jsonl", row(1, tags=["x", "y"], extra=None), "{bad", row(2), row(3))
    preview = project.imports.preview(path, rows=3)
    assert (preview.format, preview.encoding, preview.content) == ("alpaca", "utf-8", "demonstrations")
    assert preview.columns == ("instruction", "output", "tags", "extra")
    assert preview.mapping == {"instruction": "instruction", "answer": "output", "tags": "tags"}
    assert preview.rows[0] == {"instruction": "ask 1", "output": "tell 1", "tags": '["x", "y"]', "extra": ""}
    assert [d.instruction for d in preview.demonstrations] == ["ask 1", "ask 2"]
    assert [line for line, _ in preview.refused] == [2]
    assert stored(project) == []


def test_an_encoding_that_was_guessed_is_said_and_can_be_chosen(project, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("instruction,output\nпривет,мир\n".encode("cp1251"))
    assert "choose another encoding" in project.imports.preview(path).notes[0]
    project.imports.run(path, ImportOptions(encoding="cp1251"))
    assert [d.instruction for d in stored(project)] == ["привет"]


@needs_shared_data
def test_a_urial_file_becomes_a_prompt_and_its_demonstrations_candidates(project):
    path = SHARED / "urial_prompts" / "urial.unsupervised.3.examples.txt"
    assert project.imports.preview(path).content == "prompt"
    report = project.imports.run(path)
    assert (report.imported, report.skipped) == (6, 0)
    prompt = project.prompts.get(report.prompt_id)
    assert prompt.name == "urial.unsupervised.3.examples"
    assert urial.text_of(prompt).encode() == path.read_bytes()
    again = project.imports.run(path)
    assert (again.imported, again.skipped) == (0, 6)


@needs_shared_data
def test_mt_bench_becomes_a_question_set(project):
    preview = project.imports.preview(SHARED / "mt_bench", rows=5)
    assert (preview.content, len(preview.rows)) == ("questions", 5)
    report = project.imports.run(SHARED / "mt_bench")
    questions = project.questions.get(report.question_set_id)
    assert (report.imported, len(questions.questions)) == (80, 80)
    assert sum(bool(question.references) for question in questions.questions) == 40


def test_a_question_set_with_refused_rows_is_not_imported_when_all_are_wanted(project, tmp_path):
    path = jsonl(tmp_path / "q.jsonl", {"question_id": 1, "turns": ["a"]}, {"question_id": 2, "turns": []})
    report = project.imports.run(path, ImportOptions(format="mt_bench", keep_good_rows=False))
    assert (report.imported, [line for line, _ in report.refused]) == (0, [2])
    assert project.questions.sets() == []


def test_a_read_only_project_cannot_be_imported_into(tmp_path):
    Project.create(tmp_path / "project").close()
    reader = Project.open(tmp_path / "project", read_only=True)
    try:
        path = jsonl(tmp_path / "a.jsonl", row(1))
        assert len(reader.imports.preview(path).demonstrations) == 1
        with pytest.raises(ProjectError, match="read-only"):
            reader.imports.run(path)
    finally:
        reader.close()


def test_a_pool_of_the_mini_world_comes_in_once_and_can_be_undone(project: Project) -> None:
    assert project.imports.run_made(RULES, 300).imported == 300
    again = project.imports.run_made(RULES, 320)
    assert (again.imported, again.skipped) == (20, 300)
    assert len(project.demonstrations.ids(Filter(text="source:mini-world"))) == 320
    project.history.undo()
    assert len(project.demonstrations.ids(Filter(text="source:mini-world"))) == 300


def test_an_import_says_what_became_of_columns_rows_and_doubles(project, tmp_path):
    path = jsonl(tmp_path / "a.jsonl", row(1, id="x1", tags=["Code"]), {"instruction": "ask 2", "output": ""},
                 row(1, id="x3", tags=["code", "new"], rating=4), row(4, level=3))
    for found in (project.imports.preview(path), project.imports.run(path)):
        assert {use.name: (use.filled, use.field) for use in found.uses} == {
            "instruction": (4, "instruction"), "output": (3, "answer"), "id": (2, ""), "tags": (2, "tags"),
            "rating": (1, "rating"), "level": (1, "")}
        assert found.without_answer == 1
        assert found.notes == ("1 row has no answer.",)
        assert kept_words(found.uses) == "Kept as metadata: id (2), level (1)."
    [double] = found.doubles
    assert (double.line, double.met, double.met_line) == (3, 1, 1)
    assert double.brings == {"rating": 4, "tags": ["new"], "metadata": {"id": "x3"}}
    assert project.imports.preview(path).doubles == ((3, 1),)


def test_what_doubles_bring_is_taken_over_and_taken_back(project, tmp_path):
    project.imports.run(jsonl(tmp_path / "a.jsonl", row(1, tags=["Code"], note="mine")))
    again = jsonl(tmp_path / "b.jsonl", row(1, tags=["CODE", "new"], rating=4, note="theirs", id=7), row(2))
    report = project.imports.run(again)
    [double] = report.doubles
    assert (double.met, double.met_line) == (1, 0)
    changes = project.imports.take_over(report.doubles)
    first = project.demonstrations.get([1])[0]
    assert (first.tags, first.rating, first.note, first.metadata) == (("Code", "new"), 4, "mine", {"id": 7})
    assert changes.undoable
    project.history.undo()
    assert project.demonstrations.get([1])[0].tags == ("Code",)
    assert project.demonstrations.get([1])[0].metadata == {}
    project.imports.run(again, ImportOptions(take_over=True))
    assert project.demonstrations.get([1])[0].rating == 4
    assert list(check(project.folder)) == []


def test_tags_that_differ_in_case_are_one(project, tmp_path):
    project.imports.run(jsonl(tmp_path / "a.jsonl", row(1, tags=["Code"]), row(2, tags=["code", "x"])))
    project.demonstrations.add_tag([1, 2], "CODE")
    assert [d.tags for d in stored(project)] == [("Code",), ("Code", "x")]
    assert project.demonstrations.facets(Filter()).tags == {"Code": 2, "x": 1}
    project.demonstrations.remove_tag([2], "code")
    assert [d.tags for d in stored(project)] == [("Code",), ("x",)]


@pytest.mark.parametrize(("query", "lines"), [
    ("meta:id=7", [1]), ("meta:ID=7", [1]), ("meta:level=Hard", [2]), ("meta:id", [1, 2]), ("has:metadata", [1, 2]),
    ("meta:done=true", [2]), ("NOT has:metadata", [3]), ('meta:"two words=a b"', [1]), ("meta:id=70", []),
])
def test_metadata_are_filtered_by_and_exported(project, tmp_path, query, lines):
    project.imports.run(jsonl(tmp_path / "a.jsonl", row(1, id=7, **{"two words": "a b"}),
                              row(2, id="8", level="hard", done=True), row(3)))
    assert project.demonstrations.ids(Filter(query)) == lines
    for format, name in (("jsonl", "o.jsonl"), ("csv", "o.csv"), ("parquet", "o.parquet")):
        project.exports.demonstrations([1, 2, 3], tmp_path / name, format)
        again = project.imports.preview(tmp_path / name).demonstrations
        assert [d.metadata for d in again] == [d.metadata for d in stored(project)]


def test_metadata_and_what_is_attached_are_hashed_and_come_back_from_undo(project, tmp_path):
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "", "tool_calls": [{"id": "c"}]}]
    project.imports.run(jsonl(tmp_path / "a.jsonl", {"messages": messages, "id": 7}))
    project.demonstrations.set_status([1], Status.ACCEPTED)
    project.history.undo()
    [found] = stored(project)
    assert found.turns[1].attached == {"tool_calls": [{"id": "c"}]}
    assert list(check(project.folder)) == []
    with project.database.write() as connection:
        connection.exec_driver_sql("""UPDATE demonstration_metadata SET metadata = '{"id":8}'""")
    assert [problem.table for problem in check(project.folder)] == ["demonstrations"]


def test_a_file_name_that_is_not_utf_8_is_shown_with_replacement_characters(project, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xf0name.jsonl"))
    jsonl(path, row(1), "{broken")
    report = project.imports.run(path)
    assert report.imported == 1
    assert project.imports.past()[0].file_name == "bad\ufffdname.jsonl"
    assert stored(project)[0].source == "bad\ufffdname.jsonl"
    with pytest.raises(FormatError) as caught:
        project.imports.run(path.with_name(path.name + "gone"))
    str(caught.value).encode("utf-8")
    (tmp_path / "q").mkdir()
    questions = Path(os.fsdecode(os.fsencode(tmp_path) + b"/q/bad\xf0.jsonl"))
    jsonl(questions, {"question": "Why?"})
    set_id = project.imports.run(questions, ImportOptions("questions")).question_set_id
    assert project.questions.get(set_id).name == "bad\ufffd"


@pytest.mark.parametrize("name", ["dolly", "mmlu", "bbh"])
def test_questions_keep_their_context_and_choices(project, tmp_path, name):
    question, rows = {
        "dolly": (("When?\n\nIn 2000.", "2000"), [{"instruction": "When?", "context": "In 2000.", "response": "2000"}]),
        "mmlu": (("Which?\n\nA. stone\nB. apple", "B. apple"),
                 [{"question": "Which?", "choices": ["stone", "apple"], "answer": 1, "difficulty": 3}]),
        "bbh": (("not ( True ) is", "False"), [{"examples": [{"input": "not ( True ) is", "target": "False"}]}]),
    }[name]
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(rows[0] if name == "bbh" else rows), "utf-8")
    options = ImportOptions("questions")
    preview, report = project.imports.preview(path, options), project.imports.run(path, options)
    [found] = project.questions.get(report.question_set_id).questions
    assert (found.turns[0], found.references[0]) == question
    assert preview.content == "questions"
    assert preview.notes == report.notes
    assert report.notes == (("Not taken, since a question has no place for it: difficulty (1).",)
                            if name == "mmlu" else ())


def test_half_a_character_in_a_role_or_a_name_is_refused_with_a_reason_that_can_be_kept(project, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"messages": [{"role": "\\ud800", "content": "x"}]}\n{"messages": [{"role": "user", "content": '
                    '"a"}], "\\ud800": 1}\n{"messages": [{"role": "user", "content": "b"}]}\n')
    report = project.imports.run(path)
    assert report.imported == 1
    assert [line for line, _ in project.imports.past()[0].refused] == [1, 2]


@pytest.mark.timeout(60)
def test_a_table_of_a_million_columns_and_an_object_of_as_many_keys_are_refused_at_once(project, tmp_path):
    (tmp_path / "a.csv").write_text(",".join(f"c{n}" for n in range(1_000_000)) + "\n")
    with pytest.raises(FormatError, match="columns"):
        project.imports.preview(tmp_path / "a.csv")
    (tmp_path / "a.jsonl").write_text(json.dumps({f"c{n}": n for n in range(300_000)}) + "\n")
    [(line, why)] = project.imports.preview(tmp_path / "a.jsonl").refused
    assert line == 1
    assert "300,000 keys" in why
