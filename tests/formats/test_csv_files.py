import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.strategies import awkward
from workbench.domain import Demonstration
from workbench.formats import csv_table
from workbench.formats.registry import open_file
from workbench.formats.rows import LINE_LIMIT, Refused, Row
from workbench.formats.source import Source


def read(tmp_path, text, name="f.csv"):
    (tmp_path / name).write_bytes(text.encode("utf-8"))
    return list(csv_table.rows(Source(tmp_path / name)))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    rows = [["instruction", "output", "topic"], ["a, b; c", "x|y", "1"], ["say \"hi\"\nthere", "tab\there", "2"]] * 1
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows + rows[1:] * 5)
    found = read(tmp_path, buffer.getvalue(), "f.txt")
    assert [list(row.cells.values()) for row in found[:2]] == rows[1:]


def test_rows_have_the_line_on_which_they_start_also_after_cells_of_several_lines(tmp_path):
    found = read(tmp_path, 'instruction,output\n"a\nb\nc",1\n\nd,2\n')
    assert [(row.line, row.cells["instruction"]) for row in found] == [(2, "a\nb\nc"), (6, "d")]


def test_a_table_without_a_heading_gets_names_for_its_columns(tmp_path):
    found = read(tmp_path, "What is 1+1?,Two!\nWhat is 2+2?,Four!\n")
    assert [row.cells for row in found] == [{"column 1": "What is 1+1?", "column 2": "Two!"},
                                            {"column 1": "What is 2+2?", "column 2": "Four!"}]


@pytest.mark.parametrize(("first", "is_heading"), [
    ("wanted,said", True), ("prompt,anything at all that is longer than a name", True), ("col 1,col 2", True),
    ("Say hello,Of course I can say hello", False), ("same,same", False),
])
def test_a_first_row_is_taken_for_names_only_if_it_looks_like_names(tmp_path, first, is_heading):
    found = read(tmp_path, f"{first}\na,b\n")
    assert (next(iter(found[-1].cells)) != "column 1") == is_heading


def test_quotes_behind_backslashes_are_read(tmp_path):
    found = read(tmp_path, 'instruction,output\n"say \\"hi\\"",b\n"x, \\"y\\"",c\n')
    assert [row.cells["instruction"] for row in found] == ['say "hi"', 'x, "y"']


def test_broken_rows_are_refused_with_their_line_and_the_others_are_read(tmp_path):
    found = read(tmp_path, 'instruction,output\na,1\n"b"x,2\nc,3,4,5\nd,4\n"e,5\nf,6\n')
    assert [(row.line, row.cells["instruction"]) for row in found if isinstance(row, Row)] == [(2, "a"), (5, "d")]
    assert [row for row in found if isinstance(row, Refused)] == [
        Refused(3, "After a cell in quotation marks ',' is expected, or the end of the line."),
        Refused(4, "The row has 4 cells, and there are 2 columns."),
        Refused(6, "A quotation mark opens a cell here that nothing closes until the end of the file."),
    ]


def test_long_answers_are_read_and_endless_cells_refused(tmp_path):
    found = read(tmp_path, f'instruction,output\na,{"x" * 400_000}\nb,{"x" * (LINE_LIMIT + 10)}\nc,3\n')
    assert len(found[0].cells["output"]) == 400_000
    assert found[1] == Refused(3, "The line is longer than 8,000,000 characters.")
    assert found[2] == Row(4, {"instruction": "c", "output": "3"})


def test_the_lines_of_a_cell_that_is_too_long_are_no_rows_of_their_own(tmp_path):
    line = "so \"\"it\"\" goes on, " * 50_000 + "\n"
    many = LINE_LIMIT // len(line) + 3
    found = read(tmp_path, 'instruction,output\na,"' + line * many + '"\nb,2\n')
    assert found == [Refused(2, "A cell is longer than 8,000,000 characters."),
                     Row(many + 3, {"instruction": "b", "output": "2"})]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''=1", "'-"])
def test_what_a_spreadsheet_would_calculate_is_neutralised_and_read_back(text):
    assert csv_table.neutralise(text) == "'" + text
    assert csv_table.restore("'" + text) == text


@given(awkward)
def test_neutralising_is_undone_exactly(text):
    cell = csv_table.neutralise(text)
    assert cell[:1] not in tuple("=+-@\t\r")
    assert csv_table.restore(cell) == text


def test_apostrophes_of_other_peoples_files_are_left_alone(tmp_path):
    found = read(tmp_path, "instruction,output\n'=1,'tis\n")
    assert found[0].cells == {"instruction": "'=1", "output": "'tis"}


def test_no_cell_of_a_file_that_we_write_can_be_taken_for_a_formula(tmp_path):
    risky = [Demonstration.pair(f"{sign}cmd|' /C calc'!A0", f"{sign}2", category=f"{sign}x", tags=(f"{sign}t",))
             for sign in "=+-@\t\r"]
    text = "".join(csv_table.write(risky))
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]


def test_tags_that_hold_separators_come_back(tmp_path):
    tagged = Demonstration.pair("a", "b", tags=("one, two", "x;y", "[z"))
    (tmp_path / "f.csv").write_bytes("".join(csv_table.write([tagged])).encode("utf-8"))
    assert [item[1] for item in open_file(tmp_path / "f.csv").demonstrations()] == [tagged]


@given(st.lists(st.lists(awkward, min_size=2, max_size=2), min_size=1, max_size=5))
def test_cells_of_any_content_are_read_as_the_csv_module_writes_them(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "f.csv"
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([["instruction", "answer"], *rows])
    found = [list(row.cells.values()) for row in csv_table.rows(Source(path))]
    assert found == [row for row in rows if any(row)]
