import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.formats.shared_data import SHARED, needs_shared_data
from workbench.domain import Demonstration, Prompt, Role, Status, Turn
from workbench.errors import FormatError, ProjectError
from workbench.formats.registry import writers
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

FILES = sorted((SHARED / "urial_prompts").glob("*.txt")) if SHARED.is_dir() else []
POOL = [
    Demonstration.pair("=ask", "+tell", category="math", source="me", tags=("a", "b, c")),
    Demonstration((Turn(Role.SYSTEM, "s"), Turn(Role.USER, "u\r\n"), Turn(Role.ASSISTANT, "a"), Turn(Role.USER, "v")),
                  source="me", licence="MIT", language="en", status=Status.FLAGGED, rating=3, note="look"),
    Demonstration.pair("unanswered", "", source="me"),
]


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "project", person="Ada")
    project.demonstrations.add(POOL)
    yield project
    project.close()


def all_ids(project: Project) -> list[int]:
    return project.demonstrations.ids(Filter())


def without_ids(found: list[Demonstration]) -> list[Demonstration]:
    return [replace(demonstration, id=None) for demonstration in found]


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_what_was_exported_can_be_imported_into_another_project_without_loss(project, tmp_path, format):
    path = tmp_path / f"out.{format}"
    assert project.exports.demonstrations(all_ids(project), path, format) == 3
    other = Project.create(tmp_path / "other")
    try:
        assert other.imports.run(path).imported == 3
        assert without_ids(other.demonstrations.get(all_ids(other))) == POOL
    finally:
        other.close()


@pytest.mark.parametrize("format", tuple(writers()))
def test_every_format_writes_the_demonstrations_in_the_order_that_was_asked(project, tmp_path, format):
    ids = all_ids(project)[::-1]
    if format == "alpaca":
        ids = [ids[0], ids[2]]          # the other one ends with a question after an answer, which has no place there
    assert project.exports.demonstrations(ids, tmp_path / "out", format) == len(ids)
    if format != "parquet":
        text = (tmp_path / "out").read_text("utf-8")
        assert 0 <= text.find("unanswered") < text.find("=ask")


def test_an_export_that_fails_leaves_the_file_that_was_there(project, tmp_path):
    odd = project.demonstrations.add([Demonstration((Turn(Role.ASSISTANT, "only"),))]).created
    path = tmp_path / "out.json"
    path.write_text("before")
    with pytest.raises(FormatError, match="cannot be written as Alpaca"):
        project.exports.demonstrations([*all_ids(project)[:1], *odd], path, "alpaca")
    assert path.read_text() == "before"
    assert sorted(child.name for child in tmp_path.iterdir()) == ["out.json", "project"]


@pytest.mark.parametrize("format", tuple(writers()))
def test_a_file_that_grows_beyond_what_the_disk_takes_is_refused_and_the_old_one_stays(project, tmp_path, format):
    resource = pytest.importorskip("resource", reason="limits on files are Unix's")
    [long] = project.demonstrations.add([Demonstration.pair("ask", random.Random(0).randbytes(50_000).hex())]).created
    path = tmp_path / "out"
    path.write_text("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(ProjectError, match="File too large") as caught:
            project.exports.demonstrations([long], path, format)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.remedy == "Free some space and try again."
    assert path.read_text() == "before"
    assert sorted(child.name for child in tmp_path.iterdir()) == ["out", "project"]


def test_a_folder_that_is_not_there_is_said(project, tmp_path):
    with pytest.raises(ProjectError, match="cannot be written"):
        project.exports.demonstrations(all_ids(project), tmp_path / "none" / "out.jsonl", "jsonl")


def test_a_format_that_does_not_exist_is_refused(project, tmp_path):
    with pytest.raises(FormatError, match="“xml” cannot be written here"):
        project.exports.demonstrations([], tmp_path / "out", "xml")


@needs_shared_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_urial_file_that_was_imported_is_exported_byte_for_byte(project, tmp_path, path: Path):
    prompt_id = project.imports.run(path).prompt_id
    project.exports.prompt(prompt_id, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == path.read_bytes()


def test_a_prompt_that_was_changed_is_exported_as_it_is_now(project, tmp_path):
    text = "Rules.\r\n\r\n# Query:\r\n```\r\nHi?\r\n```\r\n\r\n# Answer:\r\n```\r\nHo.\r\n```"
    (tmp_path / "in.txt").write_bytes(text.encode())
    prompt_id = project.imports.run(tmp_path / "in.txt").prompt_id
    project.exports.prompt(prompt_id, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == text.encode()
    [answered] = project.prompts.get(prompt_id).demonstrations
    project.demonstrations.set_turns(answered.id, (Turn(Role.USER, "Hi?"), Turn(Role.ASSISTANT, "Hey.")))
    project.exports.prompt(prompt_id, tmp_path / "out.txt")
    expected = "Rules.\n\n# Query:\n```\nHi?\n```\n\n# Answer:\n```\nHey.\n```\n"
    assert (tmp_path / "out.txt").read_bytes().decode() == expected


@pytest.mark.parametrize("format", tuple(writers()))
def test_a_prompt_can_be_written_in_every_format(project, tmp_path, format):
    prompt = Prompt("Be brief.", (Demonstration.pair("Hi?", "Ho."),), name="Mine")
    prompt_id = project.prompts.create(prompt).created[0]
    project.exports.prompt(prompt_id, tmp_path / "out", format)
    data = (tmp_path / "out").read_bytes()
    assert b"Hi?" in data
    assert (b"Be brief." in data) == (format in ("urial", "markdown", "html"))
