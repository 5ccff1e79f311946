import json

import pytest

from workbench.errors import FormatError
from workbench.formats import json_array, jsonl
from workbench.formats.registry import open_file
from workbench.formats.rows import Refused, Row
from workbench.formats.source import Source

DEEP = "[" * 200_000 + "]" * 200_000


def read(tmp_path, text, reader=jsonl):
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    (tmp_path / "f.json").write_bytes(data)
    return list(reader.rows(Source(tmp_path / "f.json")))


def test_each_line_is_a_row_and_empty_ones_are_passed_over(tmp_path):
    assert read(tmp_path, '{"a": 1}\r\n\n  \n{"a": 2}') == [Row(1, {"a": 1}), Row(4, {"a": 2})]


@pytest.mark.parametrize(("line", "reason"), [
    ("{bad}", "Not JSON: expecting property name enclosed in double quotes, at character 2."),
    ("[1]", "A JSON object is expected here, and this is a list."),
    ("3", "A JSON object is expected here, and this is a number."),
    (DEEP, "The JSON is nested too deeply."),
    ("1" * 5000, "The JSON holds a number with too many digits."),
    ('{"a": "\0"}', "Not JSON: invalid control character at, at character 8."),
])
def test_a_line_that_is_no_object_is_refused_with_its_number_and_the_others_are_read(tmp_path, line, reason):
    assert read(tmp_path, f'{{"a": 1}}\n{line}\n{{"a": 3}}\n') == [
        Row(1, {"a": 1}), Refused(2, reason), Row(3, {"a": 3})]


def test_a_last_line_that_is_cut_off_is_refused_and_says_so(tmp_path):
    row, refused = read(tmp_path, '{"a": 1}\n{"a": "hal')
    assert row == Row(1, {"a": 1})
    assert refused.line == 2
    assert refused.reason.endswith("It is the last line and has no end: the file may be cut off.")


@pytest.mark.parametrize("text", [
    '[{"a": 1},\n {"a": 2}]',
    '{"data": [{"a": 1},\n{"a": 2}]}',
    '{"version": 1, "info": {"x": [1]},\n"rows": [{"a": 1}\n,{"a": 2}], "after": null}\n',
])
def test_an_array_is_found_wherever_it_stands(tmp_path, text):
    assert [row.cells for row in read(tmp_path, text, json_array)] == [{"a": 1}, {"a": 2}]


def test_rows_of_an_array_have_the_line_on_which_they_start(tmp_path):
    text = json.dumps([{"a": 1}, 5, {"a": "x\ny"}], indent=2)
    assert read(tmp_path, text, json_array) == [
        Row(2, {"a": 1}), Refused(5, "A JSON object is expected here, and this is a number."), Row(6, {"a": "x\ny"})]


def test_an_object_alone_is_one_row(tmp_path):
    assert read(tmp_path, '{"instruction": "a",\n "output": "b"}', json_array) == [
        Row(1, {"instruction": "a", "output": "b"})]


def test_elements_longer_than_what_is_read_at_once_are_put_together(tmp_path):
    rows = [{"a": "é" * size, "n": size} for size in (10, 65_536, 300_000, 1)]
    found = read(tmp_path, json.dumps(rows, ensure_ascii=False), json_array)
    assert [row.cells for row in found] == rows


@pytest.mark.parametrize("size", [65_530, 65_535, 65_536, 65_537])
def test_what_is_cut_where_a_piece_ends_is_put_together(tmp_path, size):
    rows = [{"a": "x" * size}, {"n": 1234567, "t": True, "u": "\u00e9\n"}, {"z": None}]
    assert [row.cells for row in read(tmp_path, json.dumps(rows), json_array)] == rows


@pytest.mark.parametrize(("text", "words"), [
    ('[{"a": 1}, {"a"', "ends early"),
    ('[{"a": 1}', "ends early"),
    ('[{"a": 1}\n {"a": 2}]', "at line 2"),
    ('[{"a": 1}] x', "more text after"),
    ('[{"a": 1},\n{"a": nope, "b": "' + "x" * 40 + '"}]', "at line 2"),
    ("[" + DEEP + "]", "nested too deeply"),
    ("[" + "1" * 5000 + "]", "too many digits"),
    ('{"a": 1, 2}', "key in double quotes"),
])
def test_a_broken_array_is_refused_as_a_whole(tmp_path, text, words):
    with pytest.raises(FormatError, match=words) as caught:
        read(tmp_path, text, json_array)
    assert caught.value.safe == "Nothing was imported."


@pytest.mark.parametrize(("text", "kind"), [
    ('{"instruction": "a", "output": "b"}\n{"instruction": "c", "output": "d"}\n', "jsonl"),
    ('{"instruction": "a", "output": "b"}', "jsonl"),
    ('{broken\n{"instruction": "c", "output": "d"}\n', "jsonl"),
    ('[\n{"instruction": "a", "output": "b"}]', "json"),
    ('[{"instruction": "a", "output": "b"}]', "json"),
    ('{"data": [{"instruction": "a", "output": "b"}]}', "json"),
    ('{"version": 2, "data": [{"instruction": "a", "output": "b"}]}', "json"),
    ('{\n "instruction": "a",\n "output": "b"\n}', "json"),
])
def test_one_object_a_line_and_one_array_are_told_apart_whatever_the_file_is_called(tmp_path, text, kind):
    for name in ("f.json", "f.jsonl", "f.txt"):
        (tmp_path / name).write_text(text)
        file = open_file(tmp_path / name)
        assert file.kind.name == kind
        assert file.format == "alpaca"
        assert any(isinstance(item, tuple) and item[1].answer in ("b", "d") for item in file.demonstrations()
                   if not isinstance(item, Refused))
