"""Rows of Arrow record batches, for Parquet files and saved datasets.

Here and in the two formats pyarrow is imported where it is used: the window starts without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench.errors import FormatError
from workbench.formats.rows import Row, Rows, Unreadable

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Arrow's own errors about a damaged file, as FormatError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError, OverflowError) as error:
        reason = str(error).splitlines()[0][:200].rstrip(".") if str(error) else type(error).__name__
        raise FormatError(f"{name} cannot be read: {reason}.", safe="Nothing was imported.",
                          remedy="It may be cut off or damaged: copy or download it again.") from error


def batch_rows(batch: pa.RecordBatch, labels: Mapping[str, list[str]], first: int) -> Rows:
    """The batch's rows, numbered from ``first``; a value that cannot be read is an Unreadable in its cell.

    ``labels`` names the classes of columns that hold their numbers (see ``class_labels``).
    """
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        values = _values(column)
        columns[name] = _named(values, labels[name]) if name in labels else values
    for place in range(batch.num_rows):
        yield Row(first + place, {name: values[place] for name, values in columns.items()})


def _values(column: pa.Array) -> list[Any]:
    from pyarrow import ArrowException

    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, ArrowException):
        return [_value(column, place) for place in range(len(column))]


def _value(column: pa.Array, place: int) -> Any:
    from pyarrow import ArrowException

    try:
        return column[place].as_py()
    except (ValueError, OverflowError, ArrowException) as error:
        return Unreadable(str(error).splitlines()[0][:120] if str(error) else type(error).__name__)


def _named(values: list[Any], names: list[str]) -> list[Any]:
    return [names[value] if isinstance(value, int) and 0 <= value < len(names) else value for value in values]


def class_labels(schema: pa.Schema) -> dict[str, list[str]]:
    """Column → class names, from what Hugging Face's datasets library notes in a schema's metadata."""
    try:
        note = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        return _class_names(note["info"]["features"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _class_names(features: Mapping[str, Any]) -> dict[str, list[str]]:
    return {column: [str(name) for name in feature["names"]] for column, feature in features.items()
            if isinstance(feature, Mapping) and feature.get("_type") == "ClassLabel"
            and isinstance(feature.get("names"), list)}
