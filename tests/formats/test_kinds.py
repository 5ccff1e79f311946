import gzip
import json

import pytest

from tests.formats.shared_data import SHARED, needs_shared_data
from workbench.errors import FormatError
from workbench.formats.mapping import is_enough
from workbench.formats.registry import open_file
from workbench.formats.rows import Refused


@pytest.mark.parametrize(("data", "words"), [
    (b"", "It is empty"),
    (b" \n\n", "It is empty"),
    (b"PK\x03\x04" + bytes(range(256)) * 40, "It is not a text"),
    (b"SQLite format 3\0" + bytes(1000), "It is not a text"),
    (b"[section]\nkey = 1\n[[more]]\n", "No line of it is JSON"),
    (b"Just some words in a line.\nAnd another line of words.\n", "No line of it is JSON"),
])
def test_a_file_of_no_known_kind_is_refused_with_what_can_be_read(tmp_path, data, words):
    (tmp_path / "f.bin").write_bytes(data)
    with pytest.raises(FormatError, match=words) as caught:
        open_file(tmp_path / "f.bin")
    assert "JSON Lines, JSON, Table" in caught.value.remedy


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(FormatError, match="no saved dataset"):
        open_file(tmp_path)


def test_a_format_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(FormatError, match="There is no format “xml”"):
        open_file(tmp_path, "xml")


@pytest.mark.parametrize("format", ["jsonl", "parquet", "csv", "json", "alpaca"])
def test_a_folder_is_no_file(tmp_path, format):
    with pytest.raises(FormatError):
        open_file(tmp_path, format)


@pytest.mark.parametrize("format", ["parquet", "dataset", "json", "jsonl"])
def test_a_kind_that_the_file_is_not_of_is_refused_or_all_its_rows_are(tmp_path, format):
    (tmp_path / "f.csv").write_text("instruction,output\na,b\n")
    try:
        items = list(open_file(tmp_path / "f.csv", format).demonstrations())
    except FormatError:
        return
    assert items
    assert all(isinstance(item, Refused) for item in items)


def test_a_packed_file_is_what_is_inside(tmp_path):
    row = json.dumps({"instruction": "a", "output": "b"})
    (tmp_path / "f.jsonl.gz").write_bytes(gzip.compress(row.encode()))
    file = open_file(tmp_path / "f.jsonl.gz")
    assert (file.kind.name, file.format) == ("jsonl", "alpaca")


def test_a_table_whose_cells_hold_a_urial_prompt_is_a_table(tmp_path):
    cell = "# Query:\n```\na\n```"
    (tmp_path / "f.csv").write_text(f'instruction,output\n"{cell}","b"\n')
    file = open_file(tmp_path / "f.csv")
    assert file.kind.name == "csv"
    assert next(file.demonstrations())[1].instruction == cell


@needs_shared_data
def test_a_file_of_other_things_has_no_column_that_is_taken_for_an_instruction():
    file = open_file(SHARED / "mt_bench" / "judge_prompts.jsonl")
    assert not is_enough(file.mapping)
    assert {item.reason for item in file.demonstrations()} == {"There is no instruction."}
