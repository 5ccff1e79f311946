"""Datasets as Hugging Face's library saves them: Arrow streams in a folder, or a folder of Parquet files.

``save_to_disk`` leaves ``state.json`` (which names the ``*.arrow`` files) and ``dataset_info.json``; a DatasetDict has
``dataset_dict.json`` and one such folder a split. Read with pyarrow alone: the datasets library is not needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import FormatError
from workbench.formats import parquet
from workbench.formats.arrow_cells import batch_rows, class_labels, reading
from workbench.formats.format import Format
from workbench.formats.rows import Row, Rows
from workbench.formats.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

SPLIT = "split"
"""The column that says from which split of a DatasetDict (or of a folder of Parquet files) a row comes."""


def is_one(path: Path) -> bool:
    """Whether a folder is a saved dataset or holds Parquet files, or a file is an Arrow one."""
    if path.is_dir():
        return any((path / name).is_file() for name in ("dataset_dict.json", "state.json")) \
            or next(_parquet_files(path), None) is not None
    with open(path, "rb") as stream:
        return stream.read(4) == b"\xff\xff\xff\xff" or (path.suffix.lower() == ".arrow")


def rows(source: Source) -> Rows:
    """All splits' rows one after the other, numbered from 1 throughout."""
    files = list(_files(source.path))
    source.total = sum(path.stat().st_size for _, path in files)
    source.done = 0
    first = 1
    for split, path in files:
        read = parquet.file_rows if path.suffix.lower() == ".parquet" else _stream_rows
        last = first - 1
        for row in read(source, path, first):
            last = row.line
            if split and isinstance(row, Row) and SPLIT not in row.cells:
                row.cells[SPLIT] = split
            yield row
        first = last + 1


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """(split, file) in order; the split is "" where there are none."""
    if path.is_file():
        yield "", path
    elif (path / "dataset_dict.json").is_file():
        for split in _names(_json(path / "dataset_dict.json"), "splits", path):
            for file in _saved(path / split):
                yield split, file
    elif (path / "state.json").is_file():
        for file in _saved(path):
            yield "", file
    else:
        for file in sorted(_parquet_files(path)):
            yield file.name.split("-")[0].split(".")[0], file


def _parquet_files(path: Path) -> Iterator[Path]:
    """Parquet files in the folder itself or, as the hub lays them out, one or two folders below."""
    for pattern in ("*.parquet", "*/*.parquet", "*/*/*.parquet"):
        found = sorted(path.glob(pattern))
        if found:
            return iter(found)
    return iter(())


def _saved(folder: Path) -> Iterator[Path]:
    """The Arrow files that a dataset's state.json names, in its order."""
    state = _json(folder / "state.json")
    if state.get("_indices_data_files"):
        raise FormatError(f"{folder.name} was saved with a selection of its rows kept apart.",
                          safe="Nothing was imported.",
                          remedy="Call flatten_indices() on the dataset and save it again.")
    files = state.get("_data_files")
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise _not_saved(folder)
    for name in _names({"names": [file.get("filename") for file in files]}, "names", folder):
        if not (folder / name).is_file():
            raise FormatError(f"{folder.name} is not complete: {name} is missing.", safe="Nothing was imported.",
                              remedy="Copy the whole folder again.")
        yield folder / name


def _names(value: dict[str, Any], key: str, folder: Path) -> list[str]:
    """Names of things in the folder itself: one that leads out of it is not followed."""
    names = value.get(key)
    if not isinstance(names, list) or not all(isinstance(name, str) and name and name not in (".", "..")
                                              and "\0" not in name and Path(name).name == name for name in names):
        raise _not_saved(folder)
    return names


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _not_saved(path.parent)
    return value


def _not_saved(folder: Path) -> FormatError:
    return FormatError(f"{folder.name} is not a dataset as save_to_disk leaves it.", safe="Nothing was imported.",
                       remedy="Choose the folder that holds state.json or dataset_dict.json, and copy all of it.")


def _stream_rows(source: Source, path: Path, first: int) -> Rows:
    """The rows of an Arrow file, of the stream form that datasets writes or of the random-access form."""
    import pyarrow as pa

    with reading(path.name), pa.memory_map(str(path)) as mapped:
        batches = _batches(mapped)
        seen, before = 0, source.done
        for batch in batches:
            batch.validate(full=True)       # a damaged stream otherwise leads to reads outside of its memory
            yield from batch_rows(batch, class_labels(batch.schema), first + seen)
            seen += batch.num_rows
            source.done = before + mapped.tell()
        source.done = before + path.stat().st_size


def _batches(mapped: pa.MemoryMappedFile) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    if mapped.read(6) == b"ARROW1":
        file = pa.ipc.open_file(mapped)
        yield from (file.get_batch(place) for place in range(file.num_record_batches))
        return
    mapped.seek(0)
    yield from pa.ipc.open_stream(mapped)


FORMAT = Format("dataset", "Saved dataset", "A folder that Hugging Face's save_to_disk left, or one of Parquet files.",
                (".arrow",), recognises=lambda source: is_one(source.path), rows=rows, binary=True, fixed_columns=True)
