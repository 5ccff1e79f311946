from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.strategies import demonstrations, filled
from workbench.domain import Demonstration, Role, Turn
from workbench.errors import FormatError
from workbench.formats.atomic import replacing
from workbench.formats.registry import open_file, writers
from workbench.formats.rows import Refused

SUFFIXES = {"jsonl": "jsonl", "openai": "jsonl", "alpaca": "json", "csv": "csv", "parquet": "parquet"}


def written_and_read(folder: Path, found: list[Demonstration], format: str) -> list[Demonstration | Refused]:
    path = folder / f"f.{SUFFIXES[format]}"
    with open(path, "wb") as stream:
        assert writers()[format].write(found, stream) == len(found)
        assert not stream.closed
    return [item if isinstance(item, Refused) else item[1] for item in open_file(path).demonstrations()]


def turns_only(found: list[Demonstration]) -> list[Demonstration]:
    return [Demonstration(demonstration.turns) for demonstration in found]


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
@given(found=st.lists(demonstrations, min_size=1, max_size=5))
def test_every_field_comes_back_from(tmp_path_factory, format, found):
    assert written_and_read(tmp_path_factory.mktemp("trip"), found, format) == found


@given(found=st.lists(demonstrations, min_size=1, max_size=5))
def test_all_turns_come_back_from_openai_messages(tmp_path_factory, found):
    assert written_and_read(tmp_path_factory.mktemp("trip"), found, "openai") == turns_only(found)


@given(found=st.lists(st.builds(
    lambda system, texts: Demonstration((
        *(Turn(Role.SYSTEM, text) for text in system),
        *(Turn((Role.USER, Role.ASSISTANT)[place % 2], text) for place, text in enumerate(texts)))),
    st.lists(filled, max_size=1), st.lists(filled, min_size=1, max_size=5)), min_size=1, max_size=4))
def test_all_turns_that_alternate_come_back_from_alpaca(tmp_path_factory, found):
    assert written_and_read(tmp_path_factory.mktemp("trip"), found, "alpaca") == found


def test_turns_that_do_not_alternate_cannot_be_written_as_alpaca(tmp_path):
    odd = Demonstration((Turn(Role.ASSISTANT, "b"), Turn(Role.USER, "a")), id=7)
    with pytest.raises(FormatError, match="Demonstration 7 cannot be written as Alpaca"):
        written_and_read(tmp_path, [odd], "alpaca")


@pytest.mark.parametrize("format", sorted(writers()))
def test_no_demonstrations_make_a_file_that_can_be_written(tmp_path, format):
    with open(tmp_path / "f", "wb") as stream:
        assert writers()[format].write([], stream) == 0


def test_the_id_is_left_out(tmp_path):
    numbered = replace(Demonstration.pair("a", "b"), id=12)
    assert written_and_read(tmp_path, [numbered], "jsonl") == [Demonstration.pair("a", "b")]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)

    class Stopped(Exception):
        pass

    def write_half() -> None:
        with replacing(path) as stream:
            stream.write(b"half")
            raise Stopped

    with pytest.raises(Stopped):
        write_half()
    assert path.read_bytes() == b"old"
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [child.name for child in tmp_path.iterdir()] == ["f.txt"]


def test_what_a_link_points_to_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
