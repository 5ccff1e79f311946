from pathlib import Path

import pytest

import workbench_resources as resources
from workbench.domain import Demonstration, Kind
from workbench.errors import ProjectError
from workbench.services import project as project_module
from workbench.services.demonstrations import Filter
from workbench.services.project import Project, open_sample
from workbench_db import check


def test_a_new_project_has_its_folders_and_is_sound(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "a" / "essays", person="Ada")
    assert (project.name, project.person, project.read_only) == ("essays", "Ada", False)
    assert project.demonstrations.ids(Filter()) == []
    project.close()
    assert {path.name for path in (tmp_path / "a" / "essays").iterdir()} == {
        "project.db", "project.lock", "artifacts", "backups"}
    assert check.check(tmp_path / "a" / "essays") == []


def test_what_was_written_is_there_after_closing_and_opening(project: Project) -> None:
    project.demonstrations.add([Demonstration.pair("q", "a")])
    project.close()
    again = Project.open(project.folder)
    assert again.name == "Essays"
    assert [d.instruction for d in again.demonstrations.get([1])] == ["q"]
    again.close()


@pytest.mark.parametrize("spoil", ["file", "folder with something in it", "project"])
def test_a_project_is_made_in_an_empty_folder_only(tmp_path: Path, spoil: str) -> None:
    folder = tmp_path / "here"
    if spoil == "file":
        folder.write_text("letters")
    elif spoil == "project":
        Project.create(folder).close()
    else:
        folder.mkdir()
        (folder / "thesis.txt").write_text("years of work")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ProjectError) as caught:
        Project.create(folder)
    assert caught.value.remedy
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_without_a_project_is_not_opened_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no project"):
        Project.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_second_opening_is_refused_unless_it_only_reads(project: Project) -> None:
    project.demonstrations.add([Demonstration.pair("q", "a")])
    with pytest.raises(ProjectError, match=r"open already: Ada on "):
        Project.open(project.folder)
    reader = Project.open(project.folder, read_only=True)
    assert reader.demonstrations.ids(Filter()) == [1]
    with pytest.raises(ProjectError, match="read-only"):
        reader.demonstrations.delete([1])
    project.demonstrations.add([Demonstration.pair("q2", "a")])
    assert reader.demonstrations.ids(Filter()) == [1, 2]
    reader.close()
    assert project.demonstrations.ids(Filter()) == [1, 2]


def test_a_project_that_was_closed_cannot_be_written_behind_the_lock(project: Project) -> None:
    project.close()
    with pytest.raises(RuntimeError, match="was closed"):
        project.demonstrations.add([Demonstration.pair("q", "a")])


def test_a_backup_opens_as_the_project_that_it_was(project: Project, tmp_path: Path) -> None:
    project.demonstrations.add([Demonstration.pair("q", "a")])
    made = project.backup("before trying something")
    project.demonstrations.delete([1])
    (tmp_path / "restored").mkdir()
    made.rename(tmp_path / "restored" / "project.db")
    restored = Project.open(tmp_path / "restored")
    assert restored.demonstrations.ids(Filter()) == [1]
    restored.close()


def test_the_sample_project_is_made_once_and_then_opened(tmp_path: Path) -> None:
    project = open_sample(tmp_path / "sample", person="Ada")
    count = len(project.demonstrations.ids(Filter()))
    assert count > 150
    assert [info.name for info in project.prompts.all()] == ["Base prompt"]
    project.exports.prompt(1, tmp_path / "sample" / "prompt.txt")
    assert (tmp_path / "sample" / "prompt.txt").read_bytes() == resources.path("sample", "base_prompt.txt").read_bytes()
    assert {(info.name, info.questions, info.with_references) for info in project.questions.sets()} == {
        ("Sample questions", 80, 80), ("Held-out questions", 80, 80)}
    assert {info.ref.name for info in project.models.all()} == set(project_module.SAMPLE_MODELS)
    assert all(info.state == "ready" for info in project.models.all())
    assert project.history.labels() == ("", "")
    project.demonstrations.delete([1])
    project.close()
    again = open_sample(tmp_path / "sample")
    assert len(again.demonstrations.ids(Filter())) == count - 1
    again.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sample"]
    assert check.check(tmp_path / "sample") == []


def test_a_sample_project_that_was_not_finished_is_made_anew(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*parts: str) -> Path:
        raise FileNotFoundError(parts)

    with monkeypatch.context() as patch:
        patch.setattr(resources, "path", fails)
        with pytest.raises(FileNotFoundError):
            open_sample(tmp_path / "sample")
    assert not (tmp_path / "sample").exists()
    project = open_sample(tmp_path / "sample")
    assert project.history.undo() is None
    project.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sample"]


def test_the_sample_models_are_found_again_when_the_workbench_was_moved(tmp_path: Path) -> None:
    project = open_sample(tmp_path / "sample")
    with project.database.write() as connection:
        connection.exec_driver_sql("UPDATE models SET path = '/an/older/place/' || name")
    project.close()
    again = open_sample(tmp_path / "sample")
    assert all(info.state == "ready" for info in again.models.all())
    again.close()


def test_a_full_text_index_that_went_wrong_is_made_anew(project: Project) -> None:
    project.demonstrations.add([Demonstration.pair("kept", "a"), Demonstration.pair("deleted", "b")])
    project.demonstrations.delete([2])
    with project.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO demonstration_search (demonstration_search) VALUES ('delete-all')")
    assert project.demonstrations.ids(Filter(text="kept")) == []
    assert [problem.table for problem in check.check(project.folder)] == ["full-text index"]
    project.rebuild_search()
    assert project.demonstrations.ids(Filter(text="kept")) == [1]
    assert project.demonstrations.ids(Filter(text="deleted")) == []
    assert check.check(project.folder) == []


def test_changes_say_what_they_concern(project: Project) -> None:
    changes = project.demonstrations.add([Demonstration.pair("q", "a")])
    assert changes.concerns(Kind.DEMONSTRATION, 1)
    assert not changes.concerns(Kind.DEMONSTRATION, 2)
    assert not changes.concerns(Kind.PROMPT)
