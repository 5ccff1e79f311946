"""Whatever bytes a file holds: it is read, its rows are refused, or it is refused as a whole in words."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.formats.shared_data import SHARED
from workbench.domain import Demonstration, Role, Turn
from workbench.errors import WorkbenchError
from workbench.formats import mt_bench, urial
from workbench.formats.registry import open_file, readable, writers
from workbench.formats.rows import Refused
from workbench.formats.source import Source

NAMES = ("auto", *(entry.name for entry in readable()))
ROUNDS = 60
POOL = [Demonstration((Turn(Role.USER, f"Frage {n}: “ä”?\n=1+1"), Turn(Role.ASSISTANT, "```py\nx\n```\n" + "é" * n)),
                      category="math", tags=("a", "b;c"), note="n" * n) for n in range(30)]
MARKS = [b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b",", b"\n", b"\r", b"\0", b"\xff", b"\xfe\xff", b"'",
         b"```\n", b"# Query:\n", b"null", b"1e999", b"-", b"\xef\xbb\xbf", b"\x1f\x8b", b"PAR1"]


def read_all(path: Path, format: str = "auto") -> None:
    """Read a file to its end, as an import would; a WorkbenchError is an answer, anything else fails the test."""
    try:
        file = open_file(path, format)
        if file.content == "prompt":
            prompt = urial.read(Source(path)).prompt
            assert urial.parse(urial.text_of(prompt).removeprefix("\ufeff")).prompt.rules == prompt.rules
        elif file.content == "questions":
            assert mt_bench.read(path).questions.questions
        else:
            for item in file.demonstrations():
                assert item.reason if isinstance(item, Refused) else item[1].turns
    except WorkbenchError:
        return


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut off, with some bytes flipped, taken out, or put in."""
    broken = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        if not broken:
            break
        at = chance.randrange(len(broken))
        match chance.randrange(4):
            case 0:
                broken[at] ^= 1 << chance.randrange(8)
            case 1:
                broken[at:at] = chance.choice(MARKS)
            case 2:
                del broken[at:at + chance.choice([1, 2, 3, 50])]
            case 3 if chance.random() < 0.3:
                del broken[at:]
    return bytes(broken)


def written(format: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with open(path, "wb") as stream:
            writers()[format].write(POOL, stream)

    return write


def packed(path: Path) -> None:
    written("jsonl")(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def arrow(path: Path) -> None:
    table = pa.Table.from_pylist([{"instruction": d.instruction, "output": d.answer} for d in POOL])
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)


def plain_parquet(path: Path) -> None:
    table = pa.Table.from_pylist([{"instruction": d.instruction, "output": d.answer, "n": 1} for d in POOL])
    pq.write_table(table, path, compression="none", row_group_size=10)


def questions(path: Path) -> None:
    path.write_text("\n".join(json.dumps({"question_id": n, "category": "x", "turns": ["a", "b"], "reference": ["c"]})
                              for n in range(20)))


def utf_16(path: Path) -> None:
    written("csv")(path)
    path.write_bytes(path.read_bytes().decode("utf-8-sig").encode("utf-16"))


FILES = {
    "f.jsonl": written("jsonl"), "f.json": written("alpaca"), "f.csv": written("csv"), "f.txt": written("urial"),
    "f.parquet": written("parquet"), "plain.parquet": plain_parquet, "f.jsonl.gz": packed, "f.arrow": arrow,
    "question.jsonl": questions, "wide.csv": utf_16,
}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_answered_in_words(tmp_path, name):
    path = tmp_path / name
    FILES[name](path)
    whole = path.read_bytes()
    read_all(path)
    chance = random.Random(name)
    for _ in range(ROUNDS):
        path.write_bytes(damaged(whole, chance))
        read_all(path)


@pytest.mark.parametrize("format", [name for name in NAMES if name != "auto"])
def test_a_file_that_is_taken_for_another_kind_is_answered_in_words(tmp_path, format):
    for name, make in FILES.items():
        make(tmp_path / name)
        read_all(tmp_path / name, format)


@pytest.mark.parametrize("format", NAMES)
def test_noise_is_answered_in_words(tmp_path, format):
    chance = random.Random(format)
    path = tmp_path / "noise"
    for _ in range(15):
        path.write_bytes(b"".join(chance.choice([*MARKS, chance.randbytes(3), b"text "])
                                  for _ in range(chance.randrange(200))))
        read_all(path, format)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real files (../shared/data) are not here")
def test_damaged_real_files_are_answered_in_words(tmp_path):
    chance = random.Random(7)
    for real in sorted(path for path in SHARED.rglob("*") if path.suffix in (".txt", ".jsonl")):
        for _ in range(6):
            (tmp_path / real.name).write_bytes(damaged(real.read_bytes(), chance))
            read_all(tmp_path / real.name)
