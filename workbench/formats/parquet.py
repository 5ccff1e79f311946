"""Parquet files: columns may be nested (lists of structs for turns)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.domain import Demonstration
from workbench.domain.fields import TEXTS
from workbench.formats.arrow_cells import batch_rows, class_labels, reading
from workbench.formats.format import Format
from workbench.formats.jsonl import record
from workbench.formats.rows import Rows
from workbench.formats.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"
_BATCH = 1000


def rows(source: Source) -> Rows:
    """The file's rows, numbered from 1, a batch at a time."""
    yield from file_rows(source, source.path, 1)
    source.done = source.total


def file_rows(source: Source, path: Path, first: int) -> Rows:
    """The rows of one Parquet file, numbered from ``first``. Raises FormatError for a damaged one."""
    import pyarrow.parquet as pq

    with reading(path.name):
        file = pq.ParquetFile(path)
    with file:
        labels, before, size = class_labels(file.schema_arrow), source.done, path.stat().st_size
        count, seen = max(file.metadata.num_rows, 1), 0
        batches = file.iter_batches(batch_size=_BATCH)
        while True:
            with reading(path.name):
                batch = next(batches, None)
            if batch is None:
                return
            yield from batch_rows(batch, labels, first + seen)
            seen += batch.num_rows
            source.done = before + size * seen // count


def write(demonstrations: Iterable[Demonstration], stream: BinaryIO) -> int:
    """Write every field but the id; returns how many demonstrations."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    records: Iterator[dict[str, object]] = map(_record, demonstrations)
    schema, count = _schema(), 0
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        while batch := list(islice(records, _BATCH)):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))
            count += len(batch)
    return count


def _schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.string()
    return pa.schema([
        ("messages", pa.list_(pa.struct([("role", text), ("content", text), ("attached", text)]))),
        *((name, text) for name in TEXTS), ("tags", pa.list_(text)),
        ("status", text), ("rating", pa.int8()), ("note", text), ("metadata", text),
    ])


def _record(demonstration: Demonstration) -> dict[str, object]:
    """As JSON Lines have it; what is attached to turns, and the metadata, stand in their columns as JSON."""
    messages = [{"role": turn.role.value, "content": turn.text, "attached": _json(turn.attached)}
                for turn in demonstration.turns]
    return record(demonstration) | {"messages": messages, "metadata": _json(demonstration.metadata)}


def _json(value: Mapping[str, Any] | None) -> str | None:
    return json.dumps(dict(value), ensure_ascii=False) if value else None


FORMAT = Format("parquet", "Parquet", "A table with types, columns of lists among them.", (".parquet",),
                recognises=lambda source: source.sample.startswith(MAGIC), rows=rows, binary=True, fixed_columns=True,
                write=write, hint="For data tools.")
