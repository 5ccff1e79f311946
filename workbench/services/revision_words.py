"""What changes of a demonstration are called, in the undo message and in its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATUS_WORDS = {"candidate": "made candidates again", "accepted": "accepted", "flagged": "flagged",
                "rejected": "rejected"}


def revision_summary(before: Mapping[str, Any], after: Mapping[str, Any], label: str, state: str) -> str:
    """One revision in words; what was undone says so."""
    if set(after) == {"deleted"}:
        text = "Deleted" if after["deleted"] else f"Added: {label}"
    else:
        text = "; ".join(_field_summary(name, before[name], after[name]) for name in after)
    return text if state in ("applied", "settled") else f"{text} (undone)"


def _field_summary(name: str, before: Any, after: Any) -> str:
    match name:
        case "status":
            return f"Status {before} → {after}"
        case "rating":
            return f"Rating {before or 'none'} → {after or 'none'}"
        case "tags":
            added = [f"+{tag}" for tag in after if tag not in before]
            removed = [f"−{tag}" for tag in before if tag not in after]
            return "Tags " + ", ".join(added + removed)
        case "metadata":
            return "Metadata " + ", ".join(sorted({*before, *after}, key=str))
        case "turns":
            return "Text edited"
        case "note":
            return "Note written" if not before else "Note changed" if after else "Note taken away"
        case _:
            return f"{name.capitalize()} {before or 'none'} → {after or 'none'}"
