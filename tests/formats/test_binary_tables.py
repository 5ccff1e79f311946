import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workbench.domain import Demonstration
from workbench.errors import FormatError
from workbench.formats.registry import open_file
from workbench.formats.rows import Refused

ROWS = [{"instruction": f"ask {number}", "output": f"tell {number}"} for number in range(2500)]


def demonstrations(path: Path, **options: str) -> list[Demonstration]:
    return [item[1] for item in open_file(path, **options).demonstrations() if not isinstance(item, Refused)]


def save_to_disk(folder: Path, rows: list[dict[str, object]], files: int = 1,
                 metadata: dict[bytes, bytes] | None = None):
    """As ``datasets.Dataset.save_to_disk`` leaves it."""
    folder.mkdir(parents=True)
    names = [f"data-{number:05d}-of-{files:05d}.arrow" for number in range(files)]
    for number, name in enumerate(names):
        table = pa.Table.from_pylist(rows[number::files]).replace_schema_metadata(metadata)
        with pa.OSFile(str(folder / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=1000)
    state = {"_data_files": [{"filename": name} for name in names], "_fingerprint": "f", "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")


def test_parquet_rows_are_numbered_and_read_in_batches(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "f.parquet", row_group_size=700)
    file = open_file(tmp_path / "f.parquet")
    items = list(file.demonstrations())
    assert (file.format, file.source.note) == ("alpaca", "")
    assert [line for line, _ in items] == list(range(1, 2501))
    assert items[-1][1] == Demonstration.pair("ask 2499", "tell 2499")
    assert file.source.bytes_done() == file.source.total


@pytest.mark.parametrize("conversations", [
    pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())])),
    pa.struct([("from", pa.list_(pa.string())), ("value", pa.list_(pa.string()))]),
], ids=["list of structs", "struct of lists"])
def test_nested_columns_hold_conversations(tmp_path, conversations):
    value = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    cell = value if pa.types.is_list(conversations) else {"from": ["human", "gpt"], "value": ["a", "b"]}
    table = pa.table({"conversations": pa.array([cell], conversations), "id": [1]})
    pq.write_table(table, tmp_path / "f.parquet")
    assert open_file(tmp_path / "f.parquet").format == "sharegpt"
    [found] = demonstrations(tmp_path / "f.parquet")
    assert (found.turns, found.metadata) == (Demonstration.pair("a", "b").turns, {"id": 1})


def test_columns_of_other_kinds_do_not_hinder(tmp_path):
    table = pa.table({
        "prompt": ["a"], "response": pa.array(["b"]).dictionary_encode(), "image": [b"\x89PNG"],
        "when": pa.array([-(10**15)], pa.timestamp("s")),
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())),
    })
    pq.write_table(table, tmp_path / "f.parquet")
    file = open_file(tmp_path / "f.parquet")
    assert tuple(file.columns) == ("prompt", "response", "image", "when", "map")
    [item] = file.demonstrations()
    assert item[1].turns == Demonstration.pair("a", "b").turns
    assert item[1].metadata == {
        "image": "(4 bytes)", "when": "(cannot be shown: Python int too large to convert to C int)", "map": [["k", 1]]}


def test_a_value_that_cannot_be_read_refuses_its_row_only(tmp_path):
    offsets = pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0")
    bad = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xff")])
    pq.write_table(pa.table({"prompt": bad, "response": ["b", "c"]}), tmp_path / "f.parquet")
    good, refused = open_file(tmp_path / "f.parquet").demonstrations()
    assert good == (1, Demonstration.pair("a", "b"))
    assert refused.line == 2
    assert "“prompt” cannot be read" in refused.reason


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:-8] + b"\xff" * 4 + b"PAR1",
                                    lambda data: data[:4]])
def test_a_damaged_parquet_file_is_refused(tmp_path, damage):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "f.parquet")
    (tmp_path / "f.parquet").write_bytes(damage((tmp_path / "f.parquet").read_bytes()))
    with pytest.raises(FormatError, match="cannot be read"):
        demonstrations(tmp_path / "f.parquet")


def test_a_saved_dataset_is_read_from_all_its_files(tmp_path):
    save_to_disk(tmp_path / "set", ROWS, files=3)
    file = open_file(tmp_path / "set")
    items = list(file.demonstrations())
    assert file.kind.name == "dataset"
    assert [line for line, _ in items] == list(range(1, 2501))
    assert {d.instruction for _, d in items} == {row["instruction"] for row in ROWS}
    assert file.source.bytes_done() == file.source.total


def test_the_splits_of_a_saved_dataset_are_read_one_after_the_other(tmp_path):
    save_to_disk(tmp_path / "set" / "train", ROWS[:3])
    save_to_disk(tmp_path / "set" / "test", ROWS[3:5])
    (tmp_path / "set" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    file = open_file(tmp_path / "set")
    rows = list(file.rows())
    assert [(row.line, row.cells["split"]) for row in rows] == [
        (1, "train"), (2, "train"), (3, "train"), (4, "test"), (5, "test")]
    assert [d for _, d in file.demonstrations({**file.mapping, "category": "split"})][3].category == "test"


def test_numbers_of_classes_become_their_names(tmp_path):
    features = {"prompt": {"_type": "Value"}, "category": {"_type": "ClassLabel", "names": ["math", "code"]}}
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    save_to_disk(tmp_path / "set", [{"prompt": "a", "response": "b", "category": 1}], metadata=metadata)
    assert demonstrations(tmp_path / "set")[0].category == "code"


def test_a_folder_of_parquet_files_is_a_dataset(tmp_path):
    (tmp_path / "set" / "data").mkdir(parents=True)
    for split, rows in (("test", ROWS[:1]), ("train", ROWS[1:3])):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "set" / "data" / f"{split}-00000-of-00001.parquet")
    rows = list(open_file(tmp_path / "set").rows())
    assert [(row.line, row.cells["split"]) for row in rows] == [(1, "test"), (2, "train"), (3, "train")]


@pytest.mark.parametrize("form", ["stream", "file"])
def test_an_arrow_file_by_itself_is_read(tmp_path, form):
    table = pa.Table.from_pylist(ROWS[:3])
    new = pa.ipc.new_stream if form == "stream" else pa.ipc.new_file
    with new(str(tmp_path / "f.arrow"), table.schema) as writer:
        writer.write_table(table)
    assert len(demonstrations(tmp_path / "f.arrow")) == 3


def test_a_saved_dataset_cannot_lead_out_of_its_folder(tmp_path):
    save_to_disk(tmp_path / "secret", ROWS[:1])
    save_to_disk(tmp_path / "set", ROWS[:1])
    state = {"_data_files": [{"filename": "../secret/data-00000-of-00001.arrow"}]}
    (tmp_path / "set" / "state.json").write_text(json.dumps(state))
    with pytest.raises(FormatError, match="not a dataset as save_to_disk leaves it"):
        open_file(tmp_path / "set")


@pytest.mark.parametrize(("state", "words"), [
    ('{"_data_files": [{"filename": "gone.arrow"}]}', "gone.arrow is missing"),
    ('{"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_indices_data_files": [1]}', "selection"),
    ("[1, 2", "not a dataset"),
    ('{"_data_files": 3}', "not a dataset"),
])
def test_an_incomplete_saved_dataset_is_refused(tmp_path, state, words):
    save_to_disk(tmp_path / "set", ROWS[:1])
    (tmp_path / "set" / "state.json").write_text(state)
    with pytest.raises(FormatError, match=words):
        open_file(tmp_path / "set")


def test_a_cut_arrow_file_is_refused(tmp_path):
    save_to_disk(tmp_path / "set", ROWS)
    arrow = tmp_path / "set" / "data-00000-of-00001.arrow"
    arrow.write_bytes(arrow.read_bytes()[:-40_000])
    with pytest.raises(FormatError, match="cannot be read"):
        demonstrations(tmp_path / "set")


@pytest.mark.peers
def test_what_the_datasets_library_saves_is_read(tmp_path):
    datasets = pytest.importorskip("datasets", reason="the datasets library is not installed")
    both = datasets.DatasetDict({
        "train": datasets.Dataset.from_list([{"messages": [{"role": "user", "content": "a"},
                                                           {"role": "assistant", "content": "b"}], "kind": "x"}]),
        "test": datasets.Dataset.from_list([{"messages": [{"role": "user", "content": "c"}], "kind": "y"}]),
    })
    both = both.class_encode_column("kind") if hasattr(both, "class_encode_column") else both
    both.save_to_disk(str(tmp_path / "set"))
    file = open_file(tmp_path / "set")
    assert [row.cells["kind"] for row in file.rows()] == ["x", "y"]
    found = [item[1] for item in file.demonstrations()]
    assert [one.turns for one in found] == [Demonstration.pair("a", "b").turns, Demonstration.pair("c", "").turns]
    assert [one.metadata for one in found] == [{"kind": "x", "split": "train"}, {"kind": "y", "split": "test"}]
