"""Label Studio's JSON export: what was shown under ``data``, what was said of it under ``annotations``.

Each annotation that was not cancelled is a row: its results stand under their own names (``from_name``), the first text
or choice also as the answer. (Its JSON-MIN and CSV exports are plain tables.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.formats.format import Cells, Format
from workbench.formats.mapping import COLUMNS_OF


def _unpack(row: Cells) -> Iterable[Cells]:
    shown = row.get("data")
    shown = dict(shown) if isinstance(shown, dict) else {}
    about = {name: value for name, value in row.items()
             if name in ("id", "meta", "file_upload", "created_at") and value}
    annotations = [annotation for annotation in row.get("annotations") or row.get("completions") or []
                   if isinstance(annotation, dict) and not annotation.get("was_cancelled")]
    for annotation in annotations or [{}]:
        said = _said(annotation.get("result"))
        answered = any(name.lower() in COLUMNS_OF["answer"] for name in (*shown, *said))
        first = next((value for name, value in said.items() if isinstance(value, str)), None)
        yield {**about, **shown, **said, **({} if answered or first is None else {"answer": first})}


def _said(results: Any) -> dict[str, Any]:
    """Name → what was chosen, written or rated under it."""
    found: dict[str, Any] = {}
    for result in results if isinstance(results, list) else ():
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict):
            kind = str(result.get("type", ""))
            held = value.get(kind, value.get("text" if kind == "textarea" else kind, value))
            found[str(result.get("from_name", kind))] = (
                held[0] if isinstance(held, list) and len(held) == 1 else held)
    return found


FORMAT = Format(
    "label_studio", "Label Studio", "Its JSON export: data with annotations.", needs=("data",), unpack=_unpack,
    matches=lambda row: isinstance(row["data"], dict) and isinstance(
        row.get("annotations", row.get("completions")), list),
)
