import codecs
import gzip

import pytest

from workbench.errors import FormatError
from workbench.formats import encoding
from workbench.formats.rows import LINE_LIMIT, Refused
from workbench.formats.source import Source, numbered_lines

TEXT = "Où est le château ? Straße, “quoted” – naïve.\n" * 3


@pytest.mark.parametrize(("data", "expected"), [
    (TEXT.encode("utf-8"), "utf-8"),
    (TEXT.encode("utf-8-sig"), "utf-8-sig"),
    (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16"),
    (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
    (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32"),
    (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "utf-32"),
    (TEXT.encode("utf-16-le"), "utf-16-le"),
    (TEXT.encode("utf-16-be"), "utf-16-be"),
    (TEXT.encode("utf-32-le"), "utf-32-le"),
    (TEXT.encode("utf-32-be"), "utf-32-be"),
    (TEXT.encode("cp1252"), "cp1252"),
    (b"caf\xe9 \x81", "latin-1"),
    (b"", "utf-8"),
    ("日本語".encode()[:-1], "utf-8"),          # cut inside a character, as a sample may be
])
def test_the_encoding_of_a_file_is_found(data, expected):
    assert encoding.detect(data).encoding == expected


def test_a_guess_that_may_be_wrong_says_so():
    assert "choose another encoding" in encoding.detect(TEXT.encode("cp1252")).note
    assert encoding.detect(TEXT.encode("utf-8")).note == ""


def test_one_broken_byte_does_not_make_a_utf_8_file_another_encoding():
    guess = encoding.detect(TEXT.encode("utf-8") + b"\xff\n")
    assert guess.encoding == "utf-8"
    assert "rows that hold them are refused" in guess.note


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "cp1251", "shift_jis", "gb18030", "koi8-r", "cp037", "utf-7"])
def test_any_encoding_can_be_chosen(tmp_path, name):
    text = "plain text: привет\n" if name in ("utf-8", "utf-16", "cp1251", "koi8-r", "gb18030", "utf-7") else "plain\n"
    (tmp_path / "f.txt").write_bytes(text.encode(name))
    with Source(tmp_path / "f.txt", name).text() as stream:
        assert stream.read() == text


@pytest.mark.parametrize("name", encoding.known_encodings())
def test_every_encoding_that_is_offered_can_be_read(tmp_path, name):
    (tmp_path / "f.txt").write_bytes("one\ntwo\n".encode(name))
    with Source(tmp_path / "f.txt", name).text() as stream:
        assert stream.read() == "one\ntwo\n"


@pytest.mark.parametrize("name", ["rot13", "base64", "no-such", "idna", "unicode_escape", "utf\0-8", ""])
def test_what_is_no_encoding_for_files_is_refused(tmp_path, name):
    (tmp_path / "f.txt").write_bytes(b"x")
    with pytest.raises(FormatError, match="not a text encoding"):
        Source(tmp_path / "f.txt", name)


@pytest.mark.parametrize(("bom", "name"), [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
                                           (codecs.BOM_UTF16_BE, "utf-16")])
def test_a_byte_order_mark_is_skipped_also_when_a_person_names_the_encoding(tmp_path, bom, name):
    codec = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}[bom]
    (tmp_path / "f.txt").write_bytes(bom + "hé".encode(codec))
    with Source(tmp_path / "f.txt", name).text() as stream:
        assert stream.read() == "hé"


def test_a_packed_file_is_read_as_what_is_inside(tmp_path):
    (tmp_path / "f.jsonl.gz").write_bytes(gzip.compress(TEXT.encode()))
    source = Source(tmp_path / "f.jsonl.gz")
    assert source.suffix == ".jsonl"
    with source.text() as stream:
        assert stream.read() == TEXT
        assert source.bytes_done() == source.total


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path):
    whole = gzip.compress(bytes(range(256)) * 40_000)
    (tmp_path / "f.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="ends early"), Source(tmp_path / "f.gz", "latin-1").text() as stream:
        stream.read()


def test_a_packed_file_that_is_damaged_is_refused(tmp_path):
    whole = bytearray(gzip.compress(TEXT.encode() * 1000))
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "f.gz").write_bytes(whole)
    with pytest.raises(FormatError, match=r"damaged|ends early"), Source(tmp_path / "f.gz", "latin-1").text() as text:
        text.read()


def test_a_file_that_is_not_there_is_said_in_words(tmp_path):
    with pytest.raises(FormatError, match="cannot be read"):
        Source(tmp_path / "none.jsonl")


def test_a_line_without_end_is_refused_and_the_next_one_read(tmp_path):
    with open(tmp_path / "f.txt", "w") as stream:
        stream.write("one\n")
        for _ in range(3):
            stream.write("x" * (LINE_LIMIT - 1))
        stream.write("\nthree\n")
    with Source(tmp_path / "f.txt").text() as lines:
        found = list(numbered_lines(lines))
    assert [found[0], found[2]] == [(1, "one\n"), (3, "three\n")]
    assert found[1] == Refused(2, "The line is longer than 8,000,000 characters.")
